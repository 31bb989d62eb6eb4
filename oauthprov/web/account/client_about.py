"""What everybody may know of an app, and where to begin signing in to it.

The way in is the app's own ``initiate_login_uri`` (OpenID Connect Core section 4), as a link that
says where it leads: nothing in a request chooses it.
"""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.protocol.clients.registrar import CLIENT_TYPES
from oauthprov.web.client_view import face
from oauthprov.web.errors import Rejected
from oauthprov.web.request import Request


def about(request: Request) -> dict[str, object]:
    """Show an app to anybody: what it says of itself, and whether somebody has checked that.

    Not a machine, which no person ever meets.
    """
    client = request.oauthprov.provider.client(request.matchdict["client_id"])
    if client is None or not CLIENT_TYPES[client.client_type].redirects:
        raise Rejected("not_found", "There is no such app.", 404)
    return {"client": face(request, client)}


def includeme(config: Configurator) -> None:
    """Add ``/clients/{client_id}/about``, for everybody."""
    config.add_oauth_page(
        "client_about", "/clients/{client_id}/about", get=about, template="client_about"
    )
