"""The account page: profile, connected apps and sessions."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.web.account.sessions import lines
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.signed_in import signed_in

_NOTICES = {
    "password": _("Your password was changed. All other browsers are signed out."),
    "profile": _("Your profile was saved."),
    "email": _("Your e-mail address is confirmed."),
    "removed": _("The app no longer has access."),
    "ended": _("The other browser is signed out."),
}


@signed_in("account")
def overview(request: Request, person: SignedIn) -> dict[str, object]:
    """Show everything that belongs to the account."""
    tools = request.oauthprov
    return {
        "apps": tools.provider.connected(person.account_id),
        "sessions": lines(tools.site.sessions, person) if tools.site.people else [],
        "notice": _NOTICES.get(tools.query("done").get("done", "")),
    }


def includeme(config: Configurator) -> None:
    """Add ``/account``."""
    config.add_oauth_page("account", "/account", get=overview, template="account")
