"""The list of accounts, and the search for one."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn, confirmed_addresses
from oauthprov.records import Account
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import further, people
from oauthprov.web.request import Request

PAGE = "admin_people"


@admin_page(PAGE)
def index(request: Request, person: SignedIn) -> dict[str, object]:
    """List all accounts, in pages, or those that are found by a text."""
    query = request.oauthprov.query("after", "q")
    text = query.get("q", "").strip()
    if text:
        found, onward = people(request).found(text), None
    else:
        listed = people(request).page(query.get("after"))
        found, onward = list(listed.items), further({}, "after", listed.next)
    return {
        "text": text,
        "after": query.get("after"),
        "accounts": [(account, _address(account)) for account in found],
        "next": onward,
        "limit": confirmed_addresses.LIMIT,
    }


def _address(account: Account) -> str | None:
    return confirmed_addresses.confirmed(account)


def includeme(config: Configurator) -> None:
    """Add ``/admin/people``."""
    config.add_oauth_page(PAGE, "/admin/people", get=index, template="admin_people")
