"""Health checks for load balancers and supervisors."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.errors import SigningKeySealed
from oauthprov.web.errors import error_response
from oauthprov.web.request import Request

FULL = (
    "The storage is full, so no token can be issued."
    " Existing tokens still work and can be revoked."
)


def healthz(request: Request) -> Response:
    """Return 200 if the process runs. Storage isn't checked: a restart wouldn't repair it."""
    return Response(json_body={"status": "ok"})


def readyz(request: Request) -> Response:
    """Return 200 if storage answers, has our schema, has room, and ID tokens can be signed.

    Otherwise 503. ``warnings`` are problems that an operator should fix although it can serve.
    """
    provider = request.oauthprov.provider
    health = provider.health()
    if health.full:
        return error_response(request, "temporarily_unavailable", FULL, 503)
    try:
        provider.check_keys()
    except SigningKeySealed as sealed:
        sentence = f"{sealed.problem[0].upper()}{sealed.problem[1:]}."
        return error_response(request, "server_error", sentence, 503)
    warnings = {"warnings": health.sentences} if health.sentences else {}
    return Response(json_body={"status": "ok", **warnings})


def includeme(config: Configurator) -> None:
    """Add both."""
    config.add_oauth_endpoint("healthz", "/healthz", get=healthz)
    config.add_oauth_endpoint("readyz", "/readyz", get=readyz)
