"""The page on which an admin removes an account."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import BuiltInAccounts, SignedIn
from oauthprov.records import Account
from oauthprov.web.account.deletion import clients_of
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import people
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see

PAGE = "admin_person_removal"
_WRONG_NAME = _("This isn't the user name of the account.")


@admin_page(PAGE)
def ask(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask for the user name, or list the clients that must go first."""
    return _page(request, people(request).get(request.matchdict["account_id"]))


@admin_page(PAGE)
def remove(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Close the account for good if its user name was entered."""
    name = request.oauthprov.form("name").get("name", "")
    account = people(request).get(request.matchdict["account_id"])
    if clients_of(request, account.account_id):
        return _page(request, account, status=409)
    if BuiltInAccounts.key_of(name) != BuiltInAccounts.key_of(account.name):
        return _page(request, account, problem=_WRONG_NAME, status=422)
    people(request).remove(account.account_id)
    onward = request.oauthprov.url(
        "admin_person", done(request, "remove"), account_id=account.account_id
    )
    return see(request, onward)


def _page(
    request: Request, account: Account, *, problem: str | None = None, status: int = 200
) -> dict[str, object]:
    request.response.status_int = status
    return {
        "account": account,
        "clients": clients_of(request, account.account_id),
        "problem": problem,
    }


def includeme(config: Configurator) -> None:
    """Add ``/admin/people/{account_id}/remove``."""
    config.add_oauth_page(
        PAGE,
        "/admin/people/{account_id}/remove",
        get=ask,
        post=remove,
        template="admin_person_removal",
    )
