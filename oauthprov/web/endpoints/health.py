"""Whether the process runs, and whether it can serve: for load balancers and supervisors."""

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
    """The process answers; storage isn't asked, for a restart wouldn't mend it."""
    return Response(json_body={"status": "ok"})


def readyz(request: Request) -> Response:
    """Storage answers too, its schema is ours, it takes new records, and ID tokens can be signed.

    Else 503. ``warnings`` are what an operator should mend though it serves.
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
    warnings = {"warnings": health.warnings} if health.warnings else {}
    return Response(json_body={"status": "ok", **warnings})


def includeme(config: Configurator) -> None:
    """Add both."""
    config.add_oauth_endpoint("healthz", "/healthz", get=healthz)
    config.add_oauth_endpoint("readyz", "/readyz", get=readyz)
