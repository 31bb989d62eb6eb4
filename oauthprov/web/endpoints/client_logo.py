"""The logos of clients: pages load them only from this server."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.messages import N_
from oauthprov.protocol.clients.documents import urls
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request

# A browser must show the bytes as an image of this type and run nothing in them.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def logo(request: Request) -> Response:
    """Return the image with this digest. A new image has a new URL."""
    client_id, image = urls.from_path(request.matchdict["client_id"]), request.matchdict["image"]
    found = request.oauthprov.provider.logo(client_id, image)
    if found is None:
        raise Rejected("not_found", N_("There is no such logo."), 404)
    content, media_type = found
    response = Response(body=content, headers=dict(_HEADERS))
    # WebOb would add a charset otherwise.
    response.headers["Content-Type"] = media_type
    return response


def includeme(config: Configurator) -> None:
    """Add ``/clients/{client_id}/logo/{image}``, a public URL."""
    config.add_oauth_endpoint(
        "client_logo", "/clients/{client_id}/logo/{image}", get=logo, kind="document"
    )
