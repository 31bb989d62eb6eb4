"""What may be registered of a client (RFC 7591): each field by its rule, then all together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

from oauthprov.protocol.clients import response_types, sectors
from oauthprov.protocol.clients.redirects import leaves_browser
from oauthprov.protocol.clients.rules import RULES
from oauthprov.protocol.clients.types import KEY_METHOD, ClientType
from oauthprov.protocol.keys.jwk import ALGORITHMS, parse_key_set
from oauthprov.records import Client
from oauthprov.settings import Settings


class Metadata(TypedDict, total=False):
    """The fields of a client that are chosen.

    Only the operator may set ``first_party`` and ``verified``. ``jwks`` is a JWK Set, or its JSON.
    """

    name: str
    redirect_uris: Sequence[str]
    grant_types: Sequence[str]
    scopes: Sequence[str]
    default_scopes: Sequence[str]
    homepage_uri: str | None
    logo_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    contacts: Sequence[str]
    software_id: str | None
    software_version: str | None
    jwks_uri: str | None
    jwks: Mapping[str, Any] | str | None
    auth_method: str
    token_endpoint_auth_signing_alg: str | None
    first_party: bool
    verified: bool
    initiate_login_uri: str | None
    post_logout_redirect_uris: Sequence[str]
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool
    subject_type: str
    sector_identifier_uri: str | None
    id_token_signed_response_alg: str | None
    userinfo_signed_response_alg: str | None
    default_max_age: int | None
    require_auth_time: bool
    default_acr_values: Sequence[str]
    response_types: Sequence[str]
    request_uris: Sequence[str]
    request_object_signing_alg: str | None
    require_signed_request_object: bool


class InvalidMetadata(Exception):
    """A client can't be registered so; ``problems`` has a sentence for each wrong field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(problems.values()))


def checked(
    metadata: Metadata, kind: ClientType, settings: Settings, before: Client | None = None
) -> dict[str, Any]:
    """Return the fields of ``metadata`` as they are stored; raise InvalidMetadata for all wrong.

    Fields that aren't given, or are given as ``before`` has them, aren't judged, so that an old
    client can be edited after the rules changed.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field, given in metadata.items():
        as_stored = tuple(given) if isinstance(given, list) else given
        if before is not None and as_stored == getattr(before, field):
            values[field] = getattr(before, field)
            continue
        try:
            values[field] = RULES[field](given, kind, settings)
        except ValueError as wrong:
            problems[field] = str(wrong)
    if problems:
        raise InvalidMetadata(problems)
    return values


def default_scopes_within(default: Sequence[str], scopes: Sequence[str]) -> tuple[str, ...]:
    """Return ``default``; raise InvalidMetadata when the client may not even ask for some."""
    beyond = [name for name in default if name not in scopes]
    if beyond:
        sentence = f"Not among the scopes of this client: {' '.join(beyond)}."
        raise InvalidMetadata({"default_scopes": sentence})
    return tuple(default)


def consistent(client: Client) -> Client:
    """Return ``client``; raise InvalidMetadata when its fields don't go together."""
    problems = dict(problem for together in TOGETHER for problem in together(client))
    if problems:
        raise InvalidMetadata(problems)
    return client


def _one_key_set(client: Client) -> Iterator[tuple[str, str]]:
    if client.jwks is not None and client.jwks_uri is not None:
        yield "jwks", "It may not stand beside jwks_uri."


def _keys_for_objects(client: Client) -> Iterator[tuple[str, str]]:
    if client.require_signed_request_object and client.jwks is None and client.jwks_uri is None:
        yield "require_signed_request_object", "It needs jwks or jwks_uri."


def _keys_to_sign_with(client: Client) -> Iterator[tuple[str, str]]:
    if client.auth_method != KEY_METHOD:
        return
    if client.jwks is None:
        if client.jwks_uri is None:
            yield "jwks_uri", f"A client that proves itself by {KEY_METHOD} has it, or jwks."
        return
    bound = client.token_endpoint_auth_signing_alg
    algorithms = set(ALGORITHMS if bound is None else (bound,))
    if all(algorithms.isdisjoint(key.algorithms) for key in parse_key_set(client.jwks).keys):
        yield "jwks", f"It has no public key to prove the client with by {KEY_METHOD}."


def _implicit_over_https(client: Client) -> Iterator[tuple[str, str]]:
    """OpenID Connect Registration section 2, ``application_type``.

    It forbids the host localhost too, but a certification suite may run there.
    """
    if response_types.IMPLICIT not in client.grant_types or client.client_type == "native":
        return
    if any(map(leaves_browser, client.redirect_uris)):
        yield "redirect_uris", "Tokens go to a web page over https only."


TOGETHER: Sequence[Callable[[Client], Iterator[tuple[str, str]]]] = (
    _implicit_over_https,
    _one_key_set,
    _keys_for_objects,
    _keys_to_sign_with,
    sectors.problems,
)
"""Rules over several fields: each yields a field and what is wrong with it, as a sentence."""
