"""Protecting views with access tokens (RFC 6750), in a provider's app or in one elsewhere.

Include ``oauthprov`` in an app that is the provider too, ``oauthprov.resource_server`` in any
other. Then name the scopes that a view requires; all other requests get the error response of RFC
6750::

    @view_config(route_name="photos", renderer="json", oauth_scopes=("photos:read",))
    def photos(request):
        return photos_of(bearer(request).account_id)

A token is read only from the ``Authorization`` header (OAuth 2.1 section 5.1); tokens in a query
or form are ignored, but views with ``oauth_token_in_form=True`` also read one from a posted form
(RFC 6750 section 2.2). The token must be valid for the requested resource:

* The resource of a view is the declared resource (``oauthprov.resources``, or
  ``oauthprov.resource_server.resources``) that the view names as ``oauth_resource``, else the one
  on this host whose path is the longest prefix of the request's path, else none.
* A token issued for resources (RFC 8707) is valid only for those.
* A token issued without a resource is valid for every one: its client requested no restriction.

A token that is bound to a key (DPoP, RFC 9449) is accepted only with a proof of that key for this
request, and a proof only once: views need no change for that. One that is bound to a client
certificate (RFC 8705) is accepted only with that certificate, if the app's proxy hands it on.

A view may also require how the user has signed in (RFC 9470): ``oauth_acr_values`` are the values
of ``acr`` of which the token must have one, ``oauth_max_age`` is how many seconds old the sign-in
may be. Other tokens get 401 ``insufficient_user_authentication``, by which clients send the user
to the authorization server again.

If the app has a CSRF default or a default permission, the view also needs ``require_csrf=False``
and ``permission=NO_PERMISSION_REQUIRED``: Pyramid checks those first. For browser apps, give the
view ``oauth_cors="bearer"`` in a provider's app, which knows the origins of a token's client, or
``oauth_cors="any"``, and call ``config.add_oauth_preflight("photos", "GET")`` for its route.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED, Allowed, Denied

from oauthprov.protected_resource.cross_origin import PREFLIGHT
from oauthprov.protected_resource.requirements import (
    ACR_VALUES,
    MAX_AGE,
    REQUIREMENTS,
    SCOPES,
    Required,
)
from oauthprov.protected_resource.tokens import TokenInfo, TokenProblem

__all__ = ("OAuthSecurityPolicy", "TokenInfo", "bearer", "challenge")


class Guard(Protocol):
    """What ``request.oauthprov`` does for protected views, in either kind of app."""

    def token_at(self, resource: str | None = None) -> TokenInfo | TokenProblem:
        """Return the token of the request, if it is valid for its resource."""

    def accepted(
        self, found: TokenInfo | TokenProblem, required: Required
    ) -> TokenInfo | TokenProblem:
        """Return the token if it meets all that is ``required``; its proof is used up."""

    def refusal(
        self,
        problem: TokenProblem,
        required: Required,
        resource: str | None = None,
    ) -> Response:
        """Return the error response, which names what is ``required``."""

    def protect(self, options: Mapping[str, Any]) -> None:
        """Prepare for a protected view with these options."""


class Request(Protocol):
    """What protected views need of a request."""

    @property
    def oauthprov(self) -> Guard:
        """The guard of the app."""


class ViewInfo(Protocol):
    """The information on a view that Pyramid passes to a view deriver."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The view options."""


View = Callable[[object, Any], Response]


def bearer(request: Request, resource: str | None = None) -> TokenInfo | None:
    """Return the information on the request's access token, None unless it is live and for here.

    ``resource`` is the URI of a declared resource; by default it follows from the request's path.
    Looks the token up once per request. Raises an exception for which the response is 503 if that
    isn't possible: StorageError, or Unavailable in an app without storage.
    """
    guard = request.oauthprov
    found = guard.accepted(guard.token_at(resource), {})
    return found if isinstance(found, TokenInfo) else None


def challenge(
    request: Request, scopes: Sequence[str] = (), resource: str | None = None
) -> Response | None:
    """Return the error response unless the token of the request allows ``scopes``, else None.

    The response is 401 without an error code if there is no token; 401 ``invalid_token``; 403
    ``insufficient_scope`` with the required scopes; or 400 ``invalid_request`` for a malformed
    header. A host with a security policy calls this in its forbidden view.
    """
    return _refused(request, {SCOPES.option: scopes}, resource)


def _refused(request: Request, required: Required, resource: str | None) -> Response | None:
    guard = request.oauthprov
    found = guard.accepted(guard.token_at(resource), required)
    if isinstance(found, TokenInfo):
        return None
    return guard.refusal(found, required, resource)


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


def protect_views(
    config: Configurator,
    *,
    scopes: Collection[str],
    resources: Collection[str],
    options: Sequence[str] = (),
    under: str | None = None,
) -> None:
    """Add the options of :data:`REQUIREMENTS`, ``oauth_resource`` and further ``options``.

    ``scopes`` and ``resources`` are declared. An undeclared one raises ConfigurationError: with a
    typo in one, every request would be refused.
    """

    names = [row.option for row in REQUIREMENTS]

    def protected_view(view: View, info: ViewInfo) -> View:
        ours = (*names, "oauth_resource")
        given = {name: info.options[name] for name in ours if info.options.get(name) is not None}
        if SCOPES.option not in given:
            if given:
                raise ConfigurationError(f"{next(iter(given))} needs oauth_scopes too")
            return view
        resource = given.pop("oauth_resource", None)
        _check_sign_in(given.get(ACR_VALUES.option), given.get(MAX_AGE.option))
        _check_declared(given[SCOPES.option], scopes, resource, resources)

        def protected(context: object, request: Request) -> Response:
            request.oauthprov.protect(info.options)
            return _refused(request, given, resource) or view(context, request)

        return protected

    protected_view.options = (*names, "oauth_resource", *options)  # type: ignore[attr-defined]
    config.add_view_deriver(protected_view, "oauth_scopes", under=under)


def preflight(methods: str) -> Callable[[object], Response]:
    """Return a view for OPTIONS that allows ``methods`` to every origin, without cookies.

    A preflight request names no client; the response to the actual request is restricted instead.
    """
    headers = PREFLIGHT | {"Access-Control-Allow-Methods": methods, "Allow": methods}

    def view(request: object) -> Response:
        return Response(status=204, headerlist=list(headers.items()))

    return view


def add_oauth_preflight(config: Configurator, route_name: str, *methods: str) -> None:
    """Add a view for OPTIONS to a route of the host whose views have ``oauth_cors``.

    Browser apps need it: a request with an ``Authorization`` header is preflighted.
    """
    config.add_view(
        preflight(", ".join(methods)),
        route_name=route_name,
        request_method="OPTIONS",
        require_csrf=False,
        permission=NO_PERMISSION_REQUIRED,
    )


def _check_sign_in(acr_values: object, max_age: object) -> None:
    if isinstance(acr_values, str) or (acr_values is not None and not acr_values):
        raise ConfigurationError(f"{ACR_VALUES.option} must be a tuple of values, not a string")
    if max_age is not None and (type(max_age) is not int or max_age < 0):
        raise ConfigurationError(f"{MAX_AGE.option} must be a number of seconds")


def _check_declared(
    wanted: str | Sequence[str],
    scopes: Collection[str],
    resource: str | None,
    resources: Collection[str],
) -> None:
    if isinstance(wanted, str):
        raise ConfigurationError("oauth_scopes must be a tuple of scopes, not a string")
    unknown = set(wanted).difference(scopes)
    if unknown:
        raise ConfigurationError(f"oauth_scopes aren't declared: {' '.join(sorted(unknown))}")
    if resource is not None and resource not in resources:
        raise ConfigurationError(f"oauth_resource isn't declared: {resource}")
