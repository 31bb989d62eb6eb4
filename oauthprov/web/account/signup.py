"""The sign-up page."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import NameTaken, Unacceptable
from oauthprov.web.account import email_verification
from oauthprov.web.account.continuing import MARKS, asking, is_due, marks_of, onward
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import see

_NO_EMAIL = _("Enter your e-mail address.")


def show(request: Request) -> Response | dict[str, object]:
    """Ask for a user name and a password for a new account."""
    marks = marks_of(request.oauthprov.query(*MARKS))
    pending = asking(request, marks)
    if request.oauthprov.person is not None and not is_due(request, marks, pending):
        return see(request, onward(request, marks))
    return _page(request, marks)


def enter(request: Request) -> Response | dict[str, object]:
    """Create the account, sign in, and redirect onward."""
    tools = request.oauthprov
    form = tools.form("name", "email", "password", *MARKS)
    marks, name = marks_of(form), form.get("name", "")
    asks = tools.settings.signup_email
    email = form.get("email", "").strip() if asks != "no" else ""
    wait = tools.site.attempts.sign_up(request.remote_addr or "")
    if wait:
        request.response.headers["Retry-After"] = str(wait)
        return _page(request, marks, (name, email), too_many_attempts(wait), status=429)
    try:
        if asks == "required" and not email:
            raise Unacceptable("email", _NO_EMAIL)
        account = tools.people.sign_up(name, form.get("password", ""), email=email)
    except NameTaken:
        return _page(request, marks, (name, email), _("This user name is taken."), "name", 409)
    except Unacceptable as wrong:
        return _page(request, marks, (name, email), wrong.sentence, wrong.field, 422)
    if email and tools.has_page(email_verification.PAGE):
        email_verification.mail_link(request, account.account_id, later=True)
    lacking = tools.session.authenticated(account)
    if lacking is not None:
        return see(request, tools.url(lacking, marks))
    return see(request, onward(request, marks))


def _page(
    request: Request,
    marks: dict[str, str],
    entered: tuple[str, str] = ("", ""),
    problem: str | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> dict[str, object]:
    request.response.status_int = status
    pending = asking(request, marks)
    return {
        "client": pending.client if pending else None,
        "marks": marks,
        "name": entered[0],
        "email": entered[1],
        "problem": problem,
        "wrong": wrong,
    }


def includeme(config: Configurator) -> None:
    """Add ``/signup`` if users may create accounts."""
    if config.registry["oauthprov.settings"].signup == "everyone":
        config.add_oauth_page(
            "signup", "/signup", get=show, post=enter, template="signup", leaves=True
        )
