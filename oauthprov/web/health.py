"""Whether the process runs, and whether it can serve: for load balancers and supervisors."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response


def healthz(request: Any) -> Response:
    """The process answers; storage isn't asked, for a restart wouldn't mend it."""
    return Response(json_body={"status": "ok"})


def readyz(request: Any) -> Response:
    """Storage answers too, and its schema is ours; else 503."""
    request.oauthprov.provider.storage.ping()
    return Response(json_body={"status": "ok"})


def includeme(config: Configurator) -> None:
    """Add both."""
    config.add_oauth_endpoint("healthz", "/healthz", get=healthz)
    config.add_oauth_endpoint("readyz", "/readyz", get=readyz)
