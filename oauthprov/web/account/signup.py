"""The sign-up page."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import logs
from oauthprov.accounts import NameTaken, Unacceptable
from oauthprov.web.account.continuing import MARKS, asking, is_due, marks_of, onward
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import see

log = logs.logger(__name__)


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
    form = tools.form("name", "password", *MARKS)
    marks, name = marks_of(form), form.get("name", "")
    wait = tools.site.attempts.sign_up(request.remote_addr or "")
    if wait:
        request.response.headers["Retry-After"] = str(wait)
        return _page(request, marks, name, too_many_attempts(wait), status=429)
    try:
        account = tools.people.sign_up(name, form.get("password", ""))
    except NameTaken:
        return _page(request, marks, name, _("This user name is taken."), "name", 409)
    except Unacceptable as wrong:
        return _page(request, marks, name, wrong.sentence, wrong.field, 422)
    log.info("account %s was created", account.account_id)
    lacking = tools.session.authenticated(account)
    if lacking is not None:
        return see(request, tools.url(lacking, marks))
    return see(request, onward(request, marks))


def _page(
    request: Request,
    marks: dict[str, str],
    name: str = "",
    problem: str | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> dict[str, object]:
    request.response.status_int = status
    pending = asking(request, marks)
    return {
        "client": pending.client if pending else None,
        "marks": marks,
        "name": name,
        "problem": problem,
        "wrong": wrong,
    }


def includeme(config: Configurator) -> None:
    """Add ``/signup`` if users may create accounts."""
    if config.registry["oauthprov.settings"].signup == "everyone":
        config.add_oauth_page(
            "signup", "/signup", get=show, post=enter, template="signup", leaves=True
        )
