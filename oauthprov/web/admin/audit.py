"""What has happened, and why a request was refused."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.events import trail
from oauthprov.protocol.admin.listing import PAGE_SIZE, UnknownPage
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import further
from oauthprov.web.audit.words import shown
from oauthprov.web.request import Request

PAGE = "admin_audit"


@admin_page(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """List events in pages, the newest first: all, those about an id, or those of a request."""
    tools = request.oauthprov
    query = tools.query("about", "request", "after")
    about, wanted = query.get("about", "").strip(), query.get("request", "").strip()
    provider, keep = tools.provider, tools.settings.audit_keep
    now, following = provider.clock(), None
    if wanted:
        entries = trail.of_request(provider.storage, wanted, now)
    else:
        try:
            page = trail.page(
                provider.storage,
                now,
                keep,
                after=query.get("after"),
                limit=PAGE_SIZE,
                about=about or None,
            )
        except ValueError:
            raise UnknownPage from None
        entries, following = [one.record for one in page.items], page.next
    return {
        "about": about,
        "wanted": wanted,
        "days": keep,
        "events": shown(request, entries),
        "next": further({"about": about} if about else {}, "after", following),
    }


def includeme(config: Configurator) -> None:
    """Add ``/admin/audit``, unless no events are kept."""
    if config.registry["oauthprov.settings"].audit_keep:
        config.add_oauth_page(PAGE, "/admin/audit", get=show, template="admin_audit")
