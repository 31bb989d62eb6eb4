"""Resource indicators: the resources that a token is for (RFC 8707)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauthprov.errors import InvalidTargetError
from oauthprov.events import Reason
from oauthprov.protocol.request import refusals, scopes
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.differences import from_expected
from oauthprov.settings import OPENID, Settings


def permitted(
    context: Context, asked: Sequence[str], *sent: Iterable[tuple[str, str]]
) -> tuple[str, ...]:
    """Return the resources of a request for the scopes ``asked``, as :func:`requested` does.

    Raises InvalidScopeError for scopes that the client may not request, and if none of them
    applies at the resources; InvalidTargetError for a resource that isn't declared.
    """
    scopes.check_allowed(context, asked)
    targets = requested(context, *sent)
    scopes_for(context.settings, asked, targets)
    return targets


def requested(context: Context, *sent: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the ``resource`` parameters of a request as they are declared, without duplicates.

    ``sent`` are the parameters of the form and the query, since oauthlib keeps only the last one
    as an attribute. Raises InvalidTargetError for a resource that isn't declared.
    """
    found: dict[str, None] = {}
    for uri in [value for pairs in sent for name, value in pairs if name == "resource"]:
        declared = context.settings.declared_resource(uri)
        if declared is None:
            known = from_expected(uri, sorted(context.settings.resource_uris), "declared")
            raise _refused(context, uri, "This server has no resource", known)
        found[declared] = None
    return tuple(found)


def _refused(context: Context, uri: str, sentence: str, known: str) -> InvalidTargetError:
    because = f"{sentence} {refusals.shown(uri)}. {known}"
    context.refuse(Reason.RESOURCE_NOT_ALLOWED, uri, because=because)
    return InvalidTargetError(f"{sentence} {refusals.shown(uri)}.")


def narrowed(context: Context, request: Request, granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the resources of an access token: the ``granted`` ones, or those requested.

    Raises InvalidTargetError for a resource that wasn't granted (RFC 8707 section 2.2), and as
    :func:`check_one_token`.
    """
    found = requested(context, request.decoded_body or (), request.uri_query_params)
    for uri in found:
        if uri not in granted:
            known = from_expected(uri, granted, "granted")
            raise _refused(context, uri, "The user was not asked for the resource", known)
    check_one_token(context, found or granted)
    return found or granted


def check_one_token(context: Context, targets: tuple[str, ...]) -> None:
    """Raise InvalidTargetError if no single access token can be for all of ``targets``.

    A JWT has one audience: each resource could present a token for several to the others.
    """
    for uri in targets if len(targets) > 1 else ():
        if uri in context.settings.jwt_resources:
            together = f"asked for {refusals.quoted(' '.join(targets))}"
            sentence = "An access token can be for no other resource than"
            raise _refused(context, uri, sentence, together)


def token_lifetime(settings: Settings, targets: tuple[str, ...]) -> int:
    """Return the seconds for which an access token for ``targets`` is valid."""
    if has_jwts(settings, targets):
        return settings.jwt_access_token_lifetime
    return settings.access_token_lifetime


def has_jwts(settings: Settings, targets: tuple[str, ...]) -> bool:
    """Return whether an access token for ``targets`` is a JWT; it then has one target."""
    return len(targets) == 1 and targets[0] in settings.jwt_resources


def scopes_for(
    settings: Settings, granted: Iterable[str], resources: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the ``granted`` scopes that apply at ``resources``.

    These are the scopes that the resources declare, and those that no resource declares.
    ``openid`` is about the user and always applies. Without resources every scope applies. Raises
    InvalidScopeError when none is left.
    """
    kept = tuple(dict.fromkeys(granted))
    if resources:
        kept = scopes.only(kept, frozenset(kept) - inapplicable(settings, resources))
    if not kept:
        raise InvalidScopeError("No granted scope applies to the resource.")
    return kept


def inapplicable(settings: Settings, resources: tuple[str, ...]) -> frozenset[str]:
    """Return the declared scopes that don't apply at ``resources``; none without resources."""
    if not resources:
        return frozenset()
    theirs = {s for r in settings.resources if r.uri in resources for s in r.scopes}
    return frozenset(s for r in settings.resources for s in r.scopes) - theirs - {OPENID}
