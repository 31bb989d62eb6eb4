"""The home of the admin pages."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.request import Request
from oauthprov.web.signed_in import ADMIN


@admin_page(ADMIN)
def home(request: Request, person: SignedIn) -> dict[str, object]:
    """Lead to every section."""
    return {}


def includeme(config: Configurator) -> None:
    """Add ``/admin``."""
    config.add_oauth_page(ADMIN, "/admin", get=home, template="admin")
