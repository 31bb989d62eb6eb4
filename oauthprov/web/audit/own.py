"""The page on which people see what has happened to their account."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.events import trail
from oauthprov.messages import N_
from oauthprov.web.audit.words import shown
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request
from oauthprov.web.signed_in import signed_in

PAGE_SIZE = 50


@signed_in("events")
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """List the events of the account in pages, the newest first."""
    tools = request.oauthprov
    provider, after = tools.provider, tools.query("after").get("after")
    now, keep = provider.clock(), tools.settings.audit_keep
    try:
        page = trail.page(
            provider.storage, now, keep, after=after, limit=PAGE_SIZE, about=person.account_id
        )
    except ValueError:
        raise Rejected("not_found", N_("The list of events has no such page."), 404) from None
    entries = [one.record for one in page.items]
    return {"events": shown(request, entries), "after": after, "more": page.next, "days": keep}


def includeme(config: Configurator) -> None:
    """Add ``/account/events``, unless no events are kept."""
    if config.registry["oauthprov.settings"].audit_keep:
        config.add_oauth_page("events", "/account/events", get=show, template="events")
