"""The client authentication methods, in one table (RFC 6749 section 2.3, OpenID Connect Core 9).

A row says what a method is and what its clients register. How a request proves its client is said
by the row of the same name in :mod:`oauthprov.protocol.authentication.methods`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum, auto

from oauthprov.errors import JoseError
from oauthprov.messages import N_
from oauthprov.protocol.keys.jwk import ALGORITHMS, parse_certificates, parse_key_set
from oauthprov.records import Client
from oauthprov.settings import Settings


class Kind(Enum):
    """What a client proves itself by; the clients that prove nothing are public."""

    NOTHING = auto()
    SECRET = auto()
    KEY = auto()
    CERTIFICATE = auto()


Problems = Iterator[tuple[str, str]]
"""Fields of a client that are wrong, each with its error as a sentence."""


def _needs_nothing(client: Client) -> Problems:
    return iter(())


def _always(settings: Settings) -> bool:
    return True


def _without_profile(settings: Settings) -> bool:
    # FAPI 2.0 Security Profile 5.3.2.1: clients sign, or present a certificate.
    return not settings.fapi


@dataclass(frozen=True, slots=True)
class Method:
    """One client authentication method.

    * ``name`` is the one that the record of a client has. Clients and documents use the registered
      name ``wire``, if that isn't ``name``; no client can register the other.
    * ``presented_as`` are the methods that the credentials of a request may look like.
    * ``words`` explain it on the console's form, which offers a choice only between methods of
      confidential clients. ``secretless`` is said to who wants a new secret for such a client.
    * ``needs`` yields what a client must register besides, and hasn't.
    * ``is_on`` tells whether a server has it: one that hasn't registers nobody with it, doesn't
      name it in its metadata and refuses who uses it.
    """

    name: str
    kind: Kind
    _: KW_ONLY
    presented_as: tuple[str, ...]
    wire: str = ""
    words: str = ""
    secretless: str = ""
    needs: Callable[[Client], Problems] = _needs_nothing
    is_on: Callable[[Settings], bool] = _always


def _a_key(client: Client) -> Problems:
    """Yield an error unless the client has a public key that its assertions may be signed with."""
    method = client.auth_method
    if client.jwks is None:
        if client.jwks_uri is None:
            yield (
                "jwks_uri",
                N_("A client that proves itself by ${method} has it, or jwks.", method=method),
            )
        return
    bound = client.token_endpoint_auth_signing_alg
    algorithms = set(ALGORITHMS if bound is None else (bound,))
    if all(algorithms.isdisjoint(key.algorithms) for key in parse_key_set(client.jwks).keys):
        yield (
            "jwks",
            N_("It has no public key to prove the client with by ${method}.", method=method),
        )


def _a_subject(client: Client) -> Problems:
    """Yield an error unless the client names one subject of its certificate (RFC 8705 2.1.2)."""
    named = [field for field in SUBJECTS if getattr(client, field) is not None]
    if len(named) != 1:
        yield (
            named[1] if named else next(iter(SUBJECTS)),
            N_(
                "A client that proves itself by ${method} has exactly one of ${some}.",
                method=client.auth_method,
                some=", ".join(SUBJECTS),
            ),
        )


def _a_certificate(client: Client) -> Problems:
    """Yield an error unless the client has a certificate of its own (RFC 8705 section 2.2.2)."""
    if client.jwks is None and client.jwks_uri is not None:
        return
    try:
        known = parse_certificates(client.jwks) if client.jwks is not None else ()
    except JoseError:  # the rule of the member says so
        return
    if not known:
        yield (
            "jwks",
            N_(
                "A client that proves itself by ${method} has a key with its certificate in x5c"
                " there, or jwks_uri.",
                method=client.auth_method,
            ),
        )


def _by_certificate(settings: Settings) -> bool:
    return settings.mtls


SUBJECTS = (
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)
"""The members that name the subject of a client's certificate."""

ANY_SECRET, BASIC, POST = "client_secret", "client_secret_basic", "client_secret_post"
NONE = "none"

METHODS: Mapping[str, Method] = {
    row.name: row
    for row in (
        Method(
            ANY_SECRET,
            Kind.SECRET,
            presented_as=(BASIC, POST),
            wire=BASIC,
            words=N_("A secret, in the Authorization header or in the request body"),
            is_on=_without_profile,
        ),
        Method(
            BASIC,
            Kind.SECRET,
            presented_as=(BASIC,),
            words=N_("A secret in the Authorization header"),
            is_on=_without_profile,
        ),
        Method(
            POST,
            Kind.SECRET,
            presented_as=(POST,),
            words=N_("A secret in the request body"),
            is_on=_without_profile,
        ),
        Method(
            "private_key_jwt",
            Kind.KEY,
            presented_as=("private_key_jwt",),
            words=N_("A signature with its own key"),
            secretless=N_("A client that signs with its own key has no secret."),
            needs=_a_key,
        ),
        Method(
            "tls_client_auth",
            Kind.CERTIFICATE,
            presented_as=(NONE,),
            words=N_("A certificate of an authority that this server trusts (mutual TLS)"),
            secretless=N_("A client with a certificate has no secret."),
            needs=_a_subject,
            is_on=_by_certificate,
        ),
        Method(
            "self_signed_tls_client_auth",
            Kind.CERTIFICATE,
            presented_as=(NONE,),
            words=N_("A certificate that it has made itself and registered (mutual TLS)"),
            secretless=N_("A client with a certificate has no secret."),
            needs=_a_certificate,
            is_on=_by_certificate,
        ),
        Method(
            NONE,
            Kind.NOTHING,
            presented_as=(NONE,),
            secretless=N_("A public client has no secret."),
            is_on=_without_profile,
        ),
    )
}
"""The rows by name, in the order of documents and of the console's form, the default first."""

CONFIDENTIAL = tuple(row.name for row in METHODS.values() if row.kind is not Kind.NOTHING)
"""The names of the methods of clients that keep a secret or a key."""
PUBLIC = tuple(row.name for row in METHODS.values() if row.kind is Kind.NOTHING)
"""The names of the methods of clients that keep neither."""
_SECRET = tuple(row.name for row in METHODS.values() if row.kind is Kind.SECRET)


def registrable(settings: Settings, *, confidential: bool = False) -> list[str]:
    """Return the methods that a server has, by the names that clients register.

    ``confidential`` leaves out those of public clients.
    """
    names = CONFIDENTIAL if confidential else tuple(METHODS)
    return [name for name in offered(names, settings) if not METHODS[name].wire]


def offered(names: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """Return those methods of ``names`` that a server has."""
    return tuple(name for name in names if METHODS[name].is_on(settings))


def of(client: Client) -> Method:
    """Return the client's method.

    A newer version of the server may have registered one that this version can't prove.
    """
    name = client.auth_method
    return METHODS.get(name) or Method(name, Kind.NOTHING, presented_as=())


def wire_name(client: Client) -> str:
    """Return the client's method by the name that clients and documents use."""
    return of(client).wire or client.auth_method


def is_confidential(client: Client) -> bool:
    """Tell whether the client can keep a secret or a key (RFC 6749 section 2.1)."""
    return client.auth_method in CONFIDENTIAL


def is_public(client: Client) -> bool:
    """Tell whether the client proves nothing (RFC 6749 section 2.1)."""
    return client.auth_method in PUBLIC


def has_secret(client: Client) -> bool:
    """Tell whether the client authenticates by a secret, and so may have one."""
    return client.auth_method in _SECRET


def has_certificate(client: Client) -> bool:
    """Tell whether the client authenticates by its certificate (RFC 8705 section 2)."""
    return of(client).kind is Kind.CERTIFICATE


def uses_secret(method: str) -> bool:
    """Tell whether clients authenticate by a secret with this method."""
    return method in _SECRET
