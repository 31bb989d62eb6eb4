"""The page for changing the e-mail address of the profile."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn, confirmed_addresses
from oauthprov.accounts.profile import WrongProfile
from oauthprov.settings import Settings
from oauthprov.web.account import email_verification, mailed_link
from oauthprov.web.account.continuing import onward
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see
from oauthprov.web.signed_in import REQUEST, recently_signed_in

PAGE = "new_email"
_SUBJECT = _("The e-mail address of your account at ${title} was changed")
_TEXT = _(
    "On ${moment} the account ${name} at ${title} got another e-mail address, or none. This "
    "address no longer belongs to it.\n"
    "\n"
    "If it was you, there is nothing to do.\n"
    "\n"
    "If it wasn't you, sign in, set a new password, and enter your address again:\n"
    "\n"
    "${link}\n"
)


@recently_signed_in(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask for the new address."""
    tools = request.oauthprov
    email = str(tools.people.profile(person.account_id).get("email", ""))
    return _page(email, tools.query(REQUEST))


@recently_signed_in(PAGE)
def change(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Store the address, and mail a link to confirm it; the former address gets a mail, too."""
    tools = request.oauthprov
    waiting = tools.form("email", REQUEST)
    email = waiting.pop("email", "").strip()
    before = tools.people.get(person.account_id)
    try:
        account = tools.people.set_email(person.account_id, email)
    except WrongProfile as wrong:
        request.response.status_int = 422
        return _page(email, waiting, wrong.problems["email"])
    unconfirmed = confirmed_addresses.confirmed(account) is None
    if before is not None and unconfirmed:
        link = tools.url("account")
        mailed_link.notify(request, before.record, "email_changed", _SUBJECT, _TEXT, link=link)
    if tools.has_page(email_verification.PAGE) and email and unconfirmed:
        sent = email_verification.mail_link(request, person.account_id) is None
        mailed = done(request, "sent") if sent else {}
        return see(request, tools.url(email_verification.PAGE, waiting | mailed))
    if waiting:
        return see(request, onward(request, waiting))
    return see(request, tools.url("account", done(request, "address")))


def _page(email: str, waiting: dict[str, str], problem: str | None = None) -> dict[str, object]:
    return {"email": email, "waiting": waiting, "problem": problem}


def includeme(config: Configurator) -> None:
    """Add ``/account/email/new`` if a declared scope lets clients read the address."""
    settings: Settings = config.registry["oauthprov.settings"]
    if settings.openid and "email" in settings.scope_names:
        config.add_oauth_page(
            PAGE, "/account/email/new", get=show, post=change, template="new_email"
        )
