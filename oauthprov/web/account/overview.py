"""The account page: profile, connected apps and sessions."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.web.account.sessions import lines
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import was_done
from oauthprov.web.signed_in import signed_in

_NOTICES = {
    "password": _("Your password was changed. All other browsers are signed out."),
    "profile": _("Your profile was saved."),
    "email": _("Your e-mail address is confirmed."),
    "address": _("Your e-mail address was saved."),
    "removed": _("The app no longer has access."),
    "ended": _("The other browser is signed out."),
    "others": _("All other browsers are signed out."),
}


@signed_in("account")
def overview(request: Request, person: SignedIn) -> dict[str, object]:
    """Show everything that belongs to the account."""
    tools = request.oauthprov
    connected = tools.provider.connected(person.account_id)
    return {
        "apps": connected.apps,
        "more_apps": connected.next,
        "sessions": lines(tools.site.sessions, person) if tools.site.people else [],
        "account": _account(request, person),
        "notice": _NOTICES.get(was_done(request)),
    }


def _account(request: Request, person: SignedIn) -> dict[str, object] | None:
    """Return what the page shows of a built-in account, None for an account of a host."""
    if request.oauthprov.site.people is None:
        return None
    stored = request.oauthprov.people.get(person.account_id)
    if stored is None:
        return None
    claims = claims_of(stored.record)
    return {
        "full_name": claims.get("name"),
        "email": claims.get("email"),
        "confirmed": claims.get("email_verified") is True,
        "groups": stored.record.groups,
        "created_at": stored.record.created_at,
    }


def includeme(config: Configurator) -> None:
    """Add ``/account``."""
    config.add_oauth_page("account", "/account", get=overview, template="account")
