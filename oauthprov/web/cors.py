"""Cross-origin requests from browser apps: the view option ``oauth_cors`` (Fetch, section 3.2).

The option says which origins may read the response. ``any`` means every origin, for public
documents; ``client`` the origins of the client named in the request's credentials; ``bearer`` the
origins of the client that the access token was issued to. A client's origins are those of its
redirect URIs. Cookies are never allowed.
"""

from __future__ import annotations

from collections.abc import Callable

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from oauthprov.errors import OAuth2Error, StorageError
from oauthprov.protocol.request import params
from oauthprov.protocol.token.client_authentication import presented
from oauthprov.web.errors import Rejected
from oauthprov.web.origins import origin_of
from oauthprov.web.request import Request, ViewInfo
from oauthprov.web.resource import client_of_token

_EXPOSED = "WWW-Authenticate, Retry-After, DPoP-Nonce, X-Request-Id"
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization, content-type, dpop",
    "Access-Control-Max-Age": "7200",
}

View = Callable[[object, Request], Response]


def preflight(methods: str) -> Callable[[Request], Response]:
    """Return a view for OPTIONS that allows ``methods`` to every origin, without cookies.

    A preflight request names no client; the response to the actual request is restricted instead.
    """
    headers = _PREFLIGHT | {"Access-Control-Allow-Methods": methods, "Allow": methods}

    def view(request: Request) -> Response:
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


def cors_view(view: View, info: ViewInfo) -> View:
    """Derive a view that adds the CORS headers to its responses, including errors."""
    policy = info.options.get("oauth_cors")
    if policy is None:
        return view
    if policy not in _POLICIES:
        raise ConfigurationError(f"oauth_cors must be one of {', '.join(_POLICIES)}")

    def shared(context: object, request: Request) -> Response:
        # A callback, since the response to an error comes from an exception view.
        request.add_response_callback(_POLICIES[policy])
        return view(context, request)

    return shared


cors_view.options = ("oauth_cors",)  # type: ignore[attr-defined]


def _any(request: Request, response: Response) -> None:
    _allow(response, "*")


def _client(request: Request, response: Response) -> None:
    _allow_origin_of(request, response, _named_client)


def _bearer(request: Request, response: Response) -> None:
    if response.status_int == 401:
        # The challenge has no private content, and the client isn't known yet.
        _allow(response, "*")
    else:
        _allow_origin_of(request, response, client_of_token)


_POLICIES = {"any": _any, "client": _client, "bearer": _bearer}


def _allow_origin_of(
    request: Request, response: Response, client_id_of: Callable[[Request], str | None]
) -> None:
    response.vary = (*(response.vary or ()), "Origin")
    origin = request.headers.get("Origin")
    if origin is None:
        return
    try:
        client_id = client_id_of(request)
        client = request.oauthprov.provider.client(client_id) if client_id else None
    except (OAuth2Error, Rejected, StorageError):
        return
    if client is not None and origin in {origin_of(uri) for uri in client.redirect_uris}:
        _allow(response, origin)


def _allow(response: Response, origin: str) -> None:
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED


def _named_client(request: Request) -> str | None:
    call = request.oauthprov.call
    form = params.from_body(call, params.CREDENTIALS)
    authorization = call.headers.get("authorization")
    return presented(authorization, form.get("client_id"), form.get("client_secret")).client_id


def includeme(config: Configurator) -> None:
    """Add the view deriver and the directive."""
    config.add_directive("add_oauth_preflight", add_oauth_preflight, action_wrap=True)
    config.add_view_deriver(cors_view, "oauth_cors", under="oauthprov")
