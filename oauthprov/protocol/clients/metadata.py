"""Checks client metadata (RFC 7591): each member by its rule, then all together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from oauthprov.messages import N_
from oauthprov.protocol.clients import methods, sectors
from oauthprov.protocol.clients.grant_types import response_types
from oauthprov.protocol.clients.members import MEMBERS, SetBy
from oauthprov.protocol.clients.redirects import leaves_browser
from oauthprov.protocol.clients.response_types import IMPLICIT
from oauthprov.protocol.clients.types import ClientType
from oauthprov.records import Client
from oauthprov.settings import Settings

_REDIRECTING = ("grant_types", "redirect_uris")

Metadata = Mapping[str, Any]
"""The values chosen for a client, by the field of their member."""


class InvalidMetadata(Exception):
    """The metadata is invalid; ``problems`` has a sentence for each wrong field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(problems.values()))


def checked(
    metadata: Metadata,
    kind: ClientType,
    settings: Settings,
    before: Client | None = None,
    *,
    by_operator: bool,
) -> dict[str, Any]:
    """Return the fields of ``metadata`` as stored; raise InvalidMetadata that lists every error.

    Fields that are absent, or unchanged from ``before``, aren't checked, so that an old client can
    be edited after the rules changed. A field without a member raises TypeError.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field, given in metadata.items():
        member = MEMBERS.get(field)
        if member is None:
            raise TypeError(f"a client has no member {field!r} that may be chosen")
        if member.set_by is SetBy.OPERATOR and not by_operator:
            problems[field] = N_("Only the operator of this server may set it.")
            continue
        as_stored = tuple(given) if isinstance(given, list) else given
        if before is not None and as_stored == getattr(before, field):
            values[field] = getattr(before, field)
            continue
        try:
            values[field] = member.rule(given, kind, settings)
        except ValueError as wrong:
            problems[field] = str(wrong)
    if _lacks_redirect_uri(values, kind, before):
        sentence = N_("Give the address to which people are sent back, one a line.")
        problems["redirect_uris"] = sentence
    if problems:
        raise InvalidMetadata(problems)
    return values


def _lacks_redirect_uri(values: Metadata, kind: ClientType, before: Client | None) -> bool:
    """Tell whether users are redirected to the client by its grant types, but it says not where.

    It is judged with the single members, so that a form shows its error beside theirs.
    """
    known: dict[str, Any] = {"grant_types": kind.grant_types}
    if before is not None:
        known = {"grant_types": before.grant_types, "redirect_uris": before.redirect_uris}
    asked = known | {name: values[name] for name in _REDIRECTING if name in values}
    if asked == known:
        return False
    return not asked.get("redirect_uris", True) and bool(response_types(asked["grant_types"]))


def default_scopes_within(default: Sequence[str], scopes: Sequence[str]) -> tuple[str, ...]:
    """Return ``default``; raise InvalidMetadata if it exceeds the client's scopes."""
    beyond = [name for name in default if name not in scopes]
    if beyond:
        sentence = N_("Not among the scopes of this client: ${scopes}.", scopes=" ".join(beyond))
        raise InvalidMetadata({"default_scopes": sentence})
    return tuple(default)


def consistent(client: Client) -> Client:
    """Return ``client``; raise InvalidMetadata when its fields contradict each other."""
    problems = dict(problem for together in TOGETHER for problem in together(client))
    if problems:
        raise InvalidMetadata(problems)
    return client


def _one_key_set(client: Client) -> Iterator[tuple[str, str]]:
    if client.jwks is not None and client.jwks_uri is not None:
        yield "jwks", N_("It may not stand beside jwks_uri.")


def _keys_for_objects(client: Client) -> Iterator[tuple[str, str]]:
    if client.require_signed_request_object and client.jwks is None and client.jwks_uri is None:
        yield "require_signed_request_object", N_("It needs jwks or jwks_uri.")


def _needs_of_its_method(client: Client) -> Iterator[tuple[str, str]]:
    return methods.of(client).needs(client)


def _one_binding(client: Client) -> Iterator[tuple[str, str]]:
    """A token is bound to a key or to a certificate (RFC 9449 section 6, RFC 8705 section 3)."""
    if client.dpop_bound_access_tokens and client.tls_client_certificate_bound_access_tokens:
        yield (
            "tls_client_certificate_bound_access_tokens",
            N_("It may not stand beside dpop_bound_access_tokens."),
        )


def _implicit_over_https(client: Client) -> Iterator[tuple[str, str]]:
    """OpenID Connect Registration section 2, ``application_type``.

    It forbids the host localhost too, but a certification suite may run there.
    """
    if IMPLICIT not in client.grant_types or client.client_type == "native":
        return
    if any(map(leaves_browser, client.redirect_uris)):
        yield "redirect_uris", N_("Tokens go to a web page over https only.")


TOGETHER: Sequence[Callable[[Client], Iterator[tuple[str, str]]]] = (
    _implicit_over_https,
    _one_key_set,
    _keys_for_objects,
    _needs_of_its_method,
    _one_binding,
    sectors.problems,
)
"""Rules over several fields: each yields a field and its error, as a sentence."""
