"""The health of the server: storage, queues and versions."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.protocol.admin import server
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.i18n import _
from oauthprov.web.request import Request

PAGE = "admin_health"
_QUEUES = {
    "sweeps": _("Grants to end after sign-outs"),
    "logouts": _("Logouts to deliver to clients"),
    "removals": _("Deleted accounts to remove"),
}


@admin_page(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show what the storage says of itself, and how much work waits."""
    tools = request.oauthprov
    report = server.report(tools.provider.storage)
    return {
        "version": request.registry["oauthprov.version"],
        "report": report,
        "queues": [(_QUEUES[name], length) for name, length in report.queues.items()],
        "counted": server.COUNTED,
    }


def includeme(config: Configurator) -> None:
    """Add ``/admin/health``."""
    config.add_oauth_page(PAGE, "/admin/health", get=show, template="admin_health")
