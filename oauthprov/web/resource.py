"""Protecting a host's own views with access tokens (RFC 6750).

Name the scopes that a view requires; all other requests get the error response of RFC 6750::

    @view_config(route_name="photos", renderer="json", oauth_scopes=("photos:read",))
    def photos(request):
        return photos_of(bearer(request).account_id)

A token is read only from the ``Authorization`` header (OAuth 2.1 section 5.1); tokens in a query
or form are ignored, except in views with ``oauth_token_in_form=True``, which also read one from a
posted form (RFC 6750 section 2.2). The token must be valid for the requested resource:

* The resource of a view is the declared resource (``oauthprov.resources``) that the view names
  as ``oauth_resource``, else the one on the issuer's host whose path is the longest prefix of
  the request's path, else none.
* A token issued for resources (RFC 8707) is valid only for those.
* A token issued without a resource is valid for every one: its client requested no restriction.

If the app has a CSRF default or a default permission, the view also needs ``require_csrf=False``
and ``permission=NO_PERMISSION_REQUIRED``: Pyramid checks those first. For browser apps, give the
view ``oauth_cors="bearer"`` and call ``config.add_oauth_preflight("photos", "GET")`` for its
route.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.request import RequestLocalCache
from pyramid.response import Response
from pyramid.security import Allowed, Denied

from oauthprov.errors import OAuth2Error
from oauthprov.protocol.metadata import PROTECTED_RESOURCE, well_known
from oauthprov.protocol.request import events, params
from oauthprov.protocol.request.answers import TokenInfo
from oauthprov.protocol.request.events import Event
from oauthprov.settings import Resource, Settings
from oauthprov.web.errors import Rejected
from oauthprov.web.origins import origin_of
from oauthprov.web.request import Request, ViewInfo

__all__ = ("OAuthSecurityPolicy", "TokenInfo", "bearer", "challenge")

# RFC 6750 section 2.1: b64token. A second header or value leaves a comma and doesn't match.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)

View = Callable[[object, Request], Response]


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why a request is refused (RFC 6750 section 3.1); without a token ``error`` is None."""

    status: int
    error: str | None = None
    description: str | None = None


_MISSING = _Problem(401)
_MALFORMED = _Problem(400, "invalid_request", "Send exactly one bearer token, in one place.")
_INVALID = _Problem(401, "invalid_token", "The access token is unknown, expired or revoked.")
_ELSEWHERE = _Problem(401, "invalid_token", "The access token is not valid for this resource.")
_INSUFFICIENT = _Problem(403, "insufficient_scope", "The access token lacks a scope.")


def bearer(request: Request, resource: str | None = None) -> TokenInfo | None:
    """Return the information on the request's access token, None unless it is live and for here.

    ``resource`` is the URI of a declared resource; by default it follows from the request's path.
    Reads storage once per request. Raises StorageError, for which the response is 503.
    """
    found = _at(request, resource)
    return found if isinstance(found, TokenInfo) else None


def client_of_token(request: Request) -> str | None:
    """Return the id of the client that the token was issued to, for any resource."""
    found = _presented_once.get_or_create(request)
    return found.client_id if isinstance(found, TokenInfo) else None


def challenge(
    request: Request, scopes: Sequence[str] = (), resource: str | None = None
) -> Response | None:
    """Return the error response unless the token of the request allows ``scopes``, else None.

    The response is 401 without an error code if there is no token; 401 ``invalid_token``; 403
    ``insufficient_scope`` with the required scopes; or 400 ``invalid_request`` for a malformed
    header. A host with a security policy calls this in its forbidden view.
    """
    found = _at(request, resource)
    if isinstance(found, _Problem):
        return _response(request, found, scopes, resource)
    if not set(scopes).issubset(found.scopes):
        return _response(request, _INSUFFICIENT, scopes, resource)
    return None


def insufficient(request: Request, scopes: Sequence[str]) -> Response:
    """Return the response to a request whose token is valid but lacks one of ``scopes``."""
    return _response(request, _INSUFFICIENT, scopes, None)


class OAuthSecurityPolicy:
    """A Pyramid security policy for an API: the identity is the access token.

    Permissions are scopes: a view with ``permission="photos:read"`` requires that scope. A host
    that also has signed-in users delegates to this policy for requests with a token.
    """

    def identity(self, request: Request) -> TokenInfo | None:
        """Return the information on the access token, or None."""
        return bearer(request)

    def authenticated_userid(self, request: Request) -> str | None:
        """Return the account that the token acts for; None for a client's own token."""
        known = bearer(request)
        return known.account_id if known is not None else None

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:
        """Allow a permission that is a scope of the token."""
        known = bearer(request)
        if known is not None and permission in known.scopes:
            return Allowed("the access token has the scope %s", permission)
        return Denied("no access token here has the scope %s", permission)

    def remember(self, request: Request, userid: str, **kw: object) -> list[tuple[str, str]]:
        """Return no headers: clients send their token with each request."""
        return []

    def forget(self, request: Request, **kw: object) -> list[tuple[str, str]]:
        """Return no headers."""
        return []


def protected_view(view: View, info: ViewInfo) -> View:
    """Derive a view that runs only for tokens with its ``oauth_scopes``.

    Raises ConfigurationError for an undeclared scope or resource: with a typo in one, every
    request would be refused.
    """
    scopes, resource = info.options.get("oauth_scopes"), info.options.get("oauth_resource")
    if scopes is None:
        if resource is not None:
            raise ConfigurationError("oauth_resource needs oauth_scopes too")
        return view
    _check_declared(info.registry["oauthprov.settings"], scopes, resource)
    in_form = bool(info.options.get("oauth_token_in_form"))

    def protected(context: object, request: Request) -> Response:
        request.oauthprov.kind = "endpoint"
        request.oauthprov.token_in_form = in_form
        return challenge(request, scopes, resource) or view(context, request)

    return protected


protected_view.options = (  # type: ignore[attr-defined]
    "oauth_scopes",
    "oauth_resource",
    "oauth_token_in_form",
)


def _check_declared(settings: Settings, scopes: str | Sequence[str], resource: str | None) -> None:
    if isinstance(scopes, str):
        raise ConfigurationError("oauth_scopes must be a tuple of scopes, not a string")
    unknown = set(scopes) - {scope.name for scope in settings.scopes}
    if unknown:
        raise ConfigurationError(f"oauth_scopes aren't declared: {' '.join(sorted(unknown))}")
    if resource is not None and resource not in {r.uri for r in settings.resources}:
        raise ConfigurationError(f"oauth_resource isn't declared: {resource}")


def _presented(request: Request) -> TokenInfo | _Problem:
    header = request.environ.get("HTTP_AUTHORIZATION", "")
    try:
        given = _in_form(request) if request.oauthprov.token_in_form else None
    except (OAuth2Error, Rejected):
        return _MALFORMED
    if header.split(" ", 1)[0].lower() == "bearer":
        match = _BEARER.fullmatch(header.strip())
        if match is None or given is not None:
            return _MALFORMED
        given = match[1]
    if given is None:
        return _MISSING
    return request.oauthprov.provider.token_info(given) or _INVALID


def _in_form(request: Request) -> str | None:
    if request.method != "POST" or request.content_type.lower() != params.FORM:
        return None
    form = params.from_body(request.oauthprov.call, frozenset({"access_token"}))
    return dict(form.strict()).get("access_token")


_presented_once: RequestLocalCache = RequestLocalCache(_presented)


def _at(request: Request, resource: str | None) -> TokenInfo | _Problem:
    found: TokenInfo | _Problem = _presented_once.get_or_create(request)
    if isinstance(found, TokenInfo) and found.resources:
        here = _resource(request, resource)
        if here is None or here.uri not in found.resources:
            return _ELSEWHERE
    return found


def _resource(request: Request, named: str | None) -> Resource | None:
    settings = request.oauthprov.settings
    if named is not None:
        return next((r for r in settings.resources if r.uri == named), None)
    path = request.script_name + request.path_info
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
    request: Request, problem: _Problem, scopes: Sequence[str], named: str | None
) -> Response:
    settings = request.oauthprov.settings
    here = _resource(request, named)
    if problem not in (_MISSING, _INVALID):  # the provider has logged why a token is invalid
        client_id = client_of_token(request)
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
    body = {name: said[name] for name in ("error", "error_description") if name in said}
    response = Response(status=problem.status, json_body=body)
    pairs = ", ".join(f'{name}="{value}"' for name, value in said.items())
    response.headers["WWW-Authenticate"] = f"Bearer {pairs}"
    response.headers["Cache-Control"] = "no-store"
    return response


def includeme(config: Configurator) -> None:
    """Add the view options."""
    config.add_view_deriver(protected_view, "oauth_scopes", under="oauth_cors")
