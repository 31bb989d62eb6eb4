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

from collections.abc import Callable, Sequence

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response
from pyramid.security import Allowed, Denied

from oauthprov.protocol.request.answers import TokenInfo
from oauthprov.settings import Settings
from oauthprov.web.errors import to_response
from oauthprov.web.http import bearer as rules
from oauthprov.web.request import Request, ViewInfo

__all__ = ("OAuthSecurityPolicy", "TokenInfo", "bearer", "challenge")

View = Callable[[object, Request], Response]


def bearer(request: Request, resource: str | None = None) -> TokenInfo | None:
    """Return the information on the request's access token, None unless it is live and for here.

    ``resource`` is the URI of a declared resource; by default it follows from the request's path.
    Reads storage once per request. Raises StorageError, for which the response is 503.
    """
    found = rules.token_at(request.oauthprov.exchange, resource)
    return found if isinstance(found, TokenInfo) else None


def challenge(
    request: Request, scopes: Sequence[str] = (), resource: str | None = None
) -> Response | None:
    """Return the error response unless the token of the request allows ``scopes``, else None.

    The response is 401 without an error code if there is no token; 401 ``invalid_token``; 403
    ``insufficient_scope`` with the required scopes; or 400 ``invalid_request`` for a malformed
    header. A host with a security policy calls this in its forbidden view.
    """
    refused = rules.challenge(request.oauthprov.exchange, scopes, resource)
    return None if refused is None else to_response(refused)


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
        request.oauthprov.exchange.token_in_form = in_form
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
    unknown = set(scopes) - settings.scope_names
    if unknown:
        raise ConfigurationError(f"oauth_scopes aren't declared: {' '.join(sorted(unknown))}")
    if resource is not None and resource not in settings.resource_uris:
        raise ConfigurationError(f"oauth_resource isn't declared: {resource}")


def includeme(config: Configurator) -> None:
    """Add the view options."""
    config.add_view_deriver(protected_view, "oauth_scopes", under="oauth_cors")
