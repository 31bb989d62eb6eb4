"""The endpoint for logout tokens (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import logging

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from oauthprov.demo.authorization import one
from oauthprov.demo.errors import ProviderUnavailable, ResponseRefused, TokenRefused

log = logging.getLogger(__name__)


def includeme(config: Configurator) -> None:
    """Add the endpoint, without a CSRF check: no browser calls it, and the token is the proof."""
    config.add_route("backchannel_logout", "/backchannel-logout", request_method="POST")
    config.add_view(backchannel_logout, route_name="backchannel_logout", require_csrf=False)


def backchannel_logout(request: Request) -> Response:
    """End the sessions that the ``logout_token`` is for; 200, or 400 for an invalid token.

    A session that the demo doesn't know counts as ended (section 2.7).
    """
    try:
        token = one(request.POST, "logout_token")
        if token is None or request.provider.settings.client_id is None:
            raise TokenRefused("There is no logout_token.")
        logout = request.openid.logged_out(token)
    except (TokenRefused, ResponseRefused, ProviderUnavailable) as refused:
        log.warning("Logout token refused: %s", refused)
        said = {"error": "invalid_request", "error_description": str(refused)}
        return _uncached(Response(json_body=said, status=400))
    ended = request.session_store.end(logout)
    log.info("The provider ended a session; here %d ended with it", ended)
    return _uncached(Response(status=200))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
