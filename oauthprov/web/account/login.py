"""The sign-in page for user name and password."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import logs
from oauthprov.accounts import BuiltInAccounts
from oauthprov.events import SignInFailed, publish
from oauthprov.protocol.request.answers import Pending
from oauthprov.web.account.continuing import (
    ANOTHER,
    MARKS,
    asking,
    before_page,
    is_due,
    marks_of,
    onward,
    purpose,
)
from oauthprov.web.device_cookie import device_of
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import respond, see, was_done

log = logs.logger(__name__)

_WRONG = _("The user name or the password is wrong.")
_ELSEWHERE = _("You can sign in now in another browser where you have signed in before.")
_RESET = _(
    "You can sign in now in another browser where you have signed in before, or in this one after "
    "you have set a new password."
)
_OVER = _("The sign-in took too long, or there were too many wrong answers. Sign in again.")
_LOCKED_OUT = 429
_ACCOUNT = {"page": "account"}


def show(request: Request) -> Response | dict[str, object]:
    """Ask for a user name and a password."""
    query = request.oauthprov.query(*MARKS)
    marks = marks_of(query)
    pending = asking(request, marks)
    leaving = not marks.items() >= ANOTHER.items() and request.oauthprov.session.leaving
    if leaving or (request.oauthprov.person is not None and not is_due(request, marks, pending)):
        return see(request, onward(request, marks))
    problem = _OVER if was_done(request) == "over" else None
    return page(request, marks, pending, _expected(request, marks, pending), problem)


def enter(request: Request) -> Response | dict[str, object]:
    """Sign in and redirect to the stored request or page, or cancel the request."""
    tools = request.oauthprov
    form = tools.form("name", "password", "decision", *MARKS)
    marks, name, address = marks_of(form), form.get("name", ""), request.remote_addr or ""
    if form.get("decision") == "cancel":
        return cancelled(request, marks)
    key = BuiltInAccounts.key_of(name)
    device = device_of(request, key)
    wait = tools.site.attempts.sign_in(key, address, device)
    if wait:
        log.warning("sign-ins from %s are refused for %d s: too many attempts", address, wait)
        publish(SignInFailed(how="limit"))
        request.response.headers["Retry-After"] = str(wait)
        problem = too_many_attempts(wait)
        return page(request, marks, asking(request, marks), name, problem, _LOCKED_OUT)
    account = tools.people.authenticate(name, form.get("password", ""))
    if account is None:
        tools.site.attempts.failed(address, device)
        return page(request, marks, asking(request, marks), name, _WRONG, 401)
    tools.site.attempts.succeeded(key, device)
    lacking = tools.session.authenticated(account)
    if lacking is not None:
        log.info("account %s has given its password from %s", account.account_id, address)
        return see(request, tools.url(lacking, marks))
    return see(request, onward(request, marks))


def cancelled(request: Request, marks: dict[str, str]) -> Response:
    """End the stored request with ``access_denied``.

    A user who could sign in but cancels has denied the request (RFC 6749 section 4.1.2.1). The
    error isn't ``login_required`` (OpenID Connect Core section 3.1.2.6), for requests that can't
    show a sign-in page: a client may react to it with another sign-in request, and the user would
    never get away from this page.
    """
    tools = request.oauthprov
    if before_page(request, marks) is not None:
        waiting = marks.get("interaction")
        return see(request, onward(request, {"interaction": waiting} if waiting else _ACCOUNT))
    if "interaction" not in marks:
        return see(request, onward(request, marks))
    denied = tools.provider.authorization.decide(marks["interaction"], tools.visitor, allow=False)
    return respond(request, denied)


def _expected(request: Request, marks: dict[str, str], pending: Pending | None) -> str:
    """Return the user name to fill in; for another account, never one already signed in."""
    person = before_page(request, marks)
    if person is not None:
        return person.name
    if pending is None or pending.login_hint is None:
        return ""
    if marks.items() >= ANOTHER.items():
        here = request.oauthprov.session.everybody
        return "" if pending.login_hint in [one.name for one in here] else pending.login_hint
    return pending.login_hint


def page(
    request: Request,
    marks: dict[str, str],
    pending: Pending | None,
    name: str = "",
    problem: str | None = None,
    status: int = 200,
) -> dict[str, object]:
    """Return the values of the page; ``name`` is filled in, ``problem`` is the error."""
    request.response.status_int = status
    client = pending.client if pending else None
    several = bool(request.oauthprov.session.others)
    another = marks.items() >= ANOTHER.items()
    again: str | None = pending.again if pending and not another else None
    whose = pending.person if pending and again else None
    person = before_page(request, marks)
    if person is not None:
        again, whose = "page", person
    return {
        "client": client,
        "purpose": purpose(marks),
        "again": again,
        "once_more": again is not None and again != "another_account",
        "whose": whose,
        "focus": None if problem else "password" if name else "name",
        "marks": marks,
        "name": name,
        "problem": problem,
        "advice": _advice(request, status),
        "several": several,
    }


def _advice(request: Request, status: int) -> str | None:
    """Return what a user who is locked out can do instead of waiting."""
    if status != _LOCKED_OUT:
        return None
    return _RESET if request.oauthprov.has_page("password_reset") else _ELSEWHERE


def includeme(config: Configurator) -> None:
    """Add ``/login``."""
    config.add_oauth_page("login", "/login", get=show, post=enter, template="login", leaves=True)
