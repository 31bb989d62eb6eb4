"""The public page of an app, with a link that begins a sign-in to it.

The link is the app's ``initiate_login_uri`` (OpenID Connect Core section 4) and shows its host;
request parameters don't affect it.
"""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.messages import N_
from oauthprov.protocol.clients.documents import urls
from oauthprov.protocol.clients.registrar import CLIENT_TYPES
from oauthprov.web.client_view import face
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request


def about(request: Request) -> dict[str, object]:
    """Show an app to everyone: what it registered, and whether the operator verified it.

    Machine clients have no such page, since users never see them.
    """
    client = request.oauthprov.provider.client(urls.from_path(request.matchdict["client_id"]))
    if client is None or not CLIENT_TYPES[client.client_type].has_users:
        raise Rejected("not_found", N_("There is no such app."), 404)
    return {"client": face(request, client)}


def includeme(config: Configurator) -> None:
    """Add ``/clients/{client_id}/about``, a public page."""
    config.add_oauth_page(
        "client_about", "/clients/{client_id}/about", get=about, template="client_about"
    )
