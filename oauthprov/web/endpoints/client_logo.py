"""The logos of clients, served from here and from nowhere else."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.errors import Rejected
from oauthprov.web.request import Request

# Whatever else the bytes may be, a browser shows an image of this type and runs nothing.
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def logo(request: Request) -> Response:
    """Return the image of this digest. Another one has another address."""
    client_id, image = request.matchdict["client_id"], request.matchdict["image"]
    found = request.oauthprov.provider.logo(client_id, image)
    if found is None:
        raise Rejected("not_found", "There is no such logo.", 404)
    content, media_type = found
    response = Response(body=content, headers=dict(_HEADERS))
    # webob would add a charset.
    response.headers["Content-Type"] = media_type
    return response


def includeme(config: Configurator) -> None:
    """Add ``/clients/{client_id}/logo/{image}``, for everybody."""
    config.add_oauth_endpoint(
        "client_logo", "/clients/{client_id}/logo/{image}", get=logo, kind="document"
    )
