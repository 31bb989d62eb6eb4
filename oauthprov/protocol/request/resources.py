"""Resource indicators: what a token is for (RFC 8707)."""

from __future__ import annotations

from collections.abc import Iterable

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauthprov.errors import InvalidTargetError
from oauthprov.protocol.request import scopes
from oauthprov.settings import OPENID, Settings


def requested(settings: Settings, request: Request) -> tuple[str, ...]:
    """Return the ``resource`` parameters of a request, once each.

    Raises InvalidTargetError for one that isn't declared. oauthlib keeps only the last of them as
    an attribute, so they are read from the query and the form.
    """
    pairs = [*(request.decoded_body or []), *request.uri_query_params]
    found = tuple(dict.fromkeys(value for name, value in pairs if name == "resource"))
    declared = {resource.uri for resource in settings.resources}
    if not declared.issuperset(found):
        raise InvalidTargetError("The resource is unknown.")
    return found


def narrowed(settings: Settings, request: Request, granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return what an access token of a grant for ``granted`` is for: all, or those requested.

    Raises InvalidTargetError for a resource that wasn't granted (RFC 8707 section 2.2).
    """
    found = requested(settings, request)
    if not set(granted).issuperset(found):
        raise InvalidTargetError("The resource was not granted.")
    return found or granted


def scopes_for(
    settings: Settings, granted: Iterable[str], resources: tuple[str, ...]
) -> tuple[str, ...]:
    """Return those of the ``granted`` scopes that are of use at ``resources``.

    These are the scopes that the resources declare, and those that no resource declares.
    ``openid`` is about the person and always of use. Without resources it is every one. Raises
    InvalidScopeError when none is left.
    """
    theirs = {s for r in settings.resources if r.uri in resources for s in r.scopes}
    others = {s for r in settings.resources for s in r.scopes} - theirs - {OPENID}
    granted = tuple(dict.fromkeys(granted))
    kept = scopes.only(granted, frozenset(granted) - others) if resources else granted
    if not kept:
        raise InvalidScopeError("No granted scope is of use at the resource.")
    return kept
