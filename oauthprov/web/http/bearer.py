"""The access token of a request, and what is said when it doesn't suffice (RFC 6750).

Which resource a request is for, and which tokens are valid there, is said in
:mod:`oauthprov.web.resource`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from oauthprov.errors import OAuth2Error
from oauthprov.protocol.metadata import PROTECTED_RESOURCE, well_known
from oauthprov.protocol.request import events, params
from oauthprov.protocol.request.answers import TokenInfo
from oauthprov.protocol.request.events import Event
from oauthprov.settings import Resource, Settings
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.origins import origin_of
from oauthprov.web.http.problems import Rejected
from oauthprov.web.http.reply import Reply, in_json

# RFC 6750 section 2.1: b64token. A second header or value leaves a comma and doesn't match.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TokenProblem:
    """Why a request is refused (RFC 6750 section 3.1); without a token ``error`` is None."""

    status: int
    error: str | None = None
    description: str | None = None


_MISSING = TokenProblem(401)
_MALFORMED = TokenProblem(400, "invalid_request", "Send exactly one bearer token, in one place.")
_INVALID = TokenProblem(401, "invalid_token", "The access token is unknown, expired or revoked.")
_ELSEWHERE = TokenProblem(401, "invalid_token", "The access token is not valid for this resource.")
_INSUFFICIENT = TokenProblem(403, "insufficient_scope", "The access token lacks a scope.")


def token_of(exchange: Exchange) -> TokenInfo | TokenProblem:
    """Return the token that a request presents, for any resource; read from storage once."""
    if exchange.presented is None:
        exchange.presented = _presented(exchange)
    return exchange.presented


def token_at(exchange: Exchange, resource: str | None = None) -> TokenInfo | TokenProblem:
    """Return the token that a request presents, if it is valid for its resource.

    ``resource`` is the URI of a declared resource; by default it follows from the request's path.
    """
    found = token_of(exchange)
    if isinstance(found, TokenInfo) and found.resources:
        here = _resource(exchange, resource)
        if here is None or here.uri not in found.resources:
            return _ELSEWHERE
    return found


def client_of_token(exchange: Exchange) -> str | None:
    """Return the id of the client that the token was issued to, for any resource."""
    found = token_of(exchange)
    return found.client_id if isinstance(found, TokenInfo) else None


def challenge(
    exchange: Exchange, scopes: Sequence[str] = (), resource: str | None = None
) -> Reply | None:
    """Return the error response unless the token of the request allows ``scopes``, else None."""
    found = token_at(exchange, resource)
    if isinstance(found, TokenInfo) and set(scopes).issubset(found.scopes):
        return None
    return refusal(exchange, found, scopes, resource)


def refusal(
    exchange: Exchange,
    found: TokenInfo | TokenProblem,
    scopes: Sequence[str],
    resource: str | None = None,
) -> Reply:
    """Return the error response: a valid token lacks one of ``scopes``, another has a problem."""
    problem = _INSUFFICIENT if isinstance(found, TokenInfo) else found
    return _response(exchange, problem, scopes, resource)


def _presented(exchange: Exchange) -> TokenInfo | TokenProblem:
    header = exchange.header("AUTHORIZATION") or ""
    try:
        given = _in_form(exchange) if exchange.token_in_form else None
    except (OAuth2Error, Rejected):
        return _MALFORMED
    if header.split(" ", 1)[0].lower() == "bearer":
        match = _BEARER.fullmatch(header.strip())
        if match is None or given is not None:
            return _MALFORMED
        given = match[1]
    if given is None:
        return _MISSING
    return exchange.site.provider.token_info(given) or _INVALID


def _in_form(exchange: Exchange) -> str | None:
    media_type = (exchange.environ.get("CONTENT_TYPE") or "").partition(";")[0]
    if exchange.method != "POST" or media_type.strip().lower() != params.FORM:
        return None
    form = params.from_body(exchange.call, frozenset({"access_token"}))
    return dict(form.strict()).get("access_token")


def _resource(exchange: Exchange, named: str | None) -> Resource | None:
    settings = exchange.site.settings
    if named is not None:
        return next((r for r in settings.resources if r.uri == named), None)
    path = exchange.path
    covering = [r for r in settings.resources if is_local(settings, r) and _covers(r, path)]
    return max(covering, key=lambda r: len(r.uri), default=None)


def is_local(settings: Settings, resource: Resource) -> bool:
    """Return whether the metadata document of ``resource`` is served here."""
    return origin_of(resource.uri) == origin_of(settings.issuer)


def document_url(resource: Resource) -> str:
    """Return the URL of the metadata document of ``resource``."""
    return well_known(resource.uri, PROTECTED_RESOURCE)


def _covers(resource: Resource, path: str) -> bool:
    parts = urlsplit(resource.uri)
    base = unquote(parts.path).rstrip("/")
    return not parts.query and (path == base or path.startswith(base + "/"))


def _response(
    exchange: Exchange, problem: TokenProblem, scopes: Sequence[str], named: str | None
) -> Reply:
    settings = exchange.site.settings
    here = _resource(exchange, named)
    if problem not in (_MISSING, _INVALID):  # the provider has logged why a token is invalid
        client_id = client_of_token(exchange)
        events.emit(
            Event("resource", problem.error, client_id=client_id), problem.description or ""
        )
    said = {"realm": settings.issuer}
    if problem.error is not None:
        said |= {"error": problem.error, "error_description": problem.description or ""}
    if scopes and problem in (_MISSING, _INSUFFICIENT):
        said["scope"] = " ".join(scopes)
    if here is not None and is_local(settings, here):
        said["resource_metadata"] = document_url(here)
    names = ("error", "error_description")
    body: dict[str, object] = {name: said[name] for name in names if name in said}
    pairs = ", ".join(f'{name}="{value}"' for name, value in said.items())
    headers = {"WWW-Authenticate": f"Bearer {pairs}", "Cache-Control": "no-store"}
    return in_json(body, problem.status, headers)
