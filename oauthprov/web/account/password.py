"""The page for changing the password, and the mail that says that it was changed."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import PasswordSuperseded, SignedIn, Unacceptable
from oauthprov.records import Account
from oauthprov.web.account import mailed_link
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see
from oauthprov.web.signed_in import recently_signed_in

_SUBJECT = _("Your password for ${title} was changed")
_TEXT = _(
    "The password of the account ${name} at ${title} was changed on ${moment}.\n"
    "\n"
    "If it was you, there is nothing to do.\n"
    "\n"
    "If it wasn't you, set a new password at once:\n"
    "\n"
    "${link}\n"
)


@recently_signed_in("password")
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask for the current and the new password."""
    return _page(request)


@recently_signed_in("password")
def change(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Set the new password, end every session, and begin a new one in this browser.

    This isn't a sign-in, for which the second step would be needed too.
    """
    tools = request.oauthprov
    form = tools.form("current", "password")
    wait = tools.site.attempts.prove(person.account_id)
    if wait:
        request.response.headers["Retry-After"] = str(wait)
        return _page(request, too_many_attempts(wait), status=429)
    people = tools.people
    account = people.authenticate(person.name, form.get("current", ""))
    if account is None or account.account_id != person.account_id:
        return _page(request, _("This isn't your current password."), "current", 422)
    tools.site.attempts.proved(person.account_id)
    try:
        password = form.get("password", "")
        ended = people.change_password(person.account_id, password, verified=account)
    except PasswordSuperseded:
        return _page(request, _("This isn't your current password."), "current", 422)
    except Unacceptable as wrong:
        return _page(request, wrong.sentence, "password", 422)
    try:
        tools.session.sign_in(ended.account, person.amr, person.auth_time)
    finally:  # a full storage may refuse the new session, but the others must still end
        tools.provider.endings.finish(ended.sweep)
    announce(request, ended.account)
    return see(request, tools.url("account", done(request, "password")))


def announce(request: Request, account: Account) -> None:
    """Mail to the confirmed address of an account, if it has one, that its password changed."""
    tools = request.oauthprov
    # A reset is for owners who no longer know the password that the other page asks for.
    page = "password_reset" if tools.has_page("password_reset") else "password"
    link = tools.url(page)
    mailed_link.notify(request, account, "password_changed", _SUBJECT, _TEXT, link=link)


def _page(
    request: Request, problem: str | None = None, wrong: str | None = None, status: int = 200
) -> dict[str, object]:
    request.response.status_int = status
    return {"problem": problem, "wrong": wrong}


def includeme(config: Configurator) -> None:
    """Add ``/account/password``."""
    config.add_oauth_page(
        "password", "/account/password", get=show, post=change, template="password"
    )
