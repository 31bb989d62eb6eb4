"""Signing in with a user name and a password."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator

from oauthprov import logs
from oauthprov.accounts import BuiltInAccounts
from oauthprov.web.onward import MARKS, asking, marks_of, onward
from oauthprov.web.responder import see
from oauthprov.web.words import _, too_many_attempts

log = logs.logger(__name__)

_WRONG = _("That user name and password don't match an account here.")


def show(request: Any) -> Any:
    """Ask for a user name and a password."""
    marks = marks_of(request.oauthprov.query(*MARKS))
    if request.oauthprov.person is not None:
        return see(request, onward(request, marks))
    return _page(request, marks)


def enter(request: Any) -> Any:
    """Sign in, and go on to the stored request or page."""
    tools = request.oauthprov
    form = tools.form("name", "password", *MARKS)
    marks, name, address = marks_of(form), form.get("name", ""), request.remote_addr or ""
    key = BuiltInAccounts.key_of(name)
    wait = tools.site.attempts.sign_in(key, address)
    if wait:
        log.warning("sign-in from %s refused for %d s: too many attempts", address, wait)
        request.response.headers["Retry-After"] = str(wait)
        return _page(request, marks, name, too_many_attempts(wait), status=429)
    account = tools.site.people.authenticate(name, form.get("password", ""))
    if account is None:
        log.info("sign-in from %s failed", address)
        tools.site.attempts.failed(address)
        return _page(request, marks, name, _WRONG, status=401)
    tools.site.attempts.succeeded(key)
    tools.session.sign_in(account)
    log.info("account %s signed in from %s", account.account_id, address)
    return see(request, onward(request, marks))


def _page(
    request: Any,
    marks: dict[str, str],
    name: str = "",
    problem: str | None = None,
    status: int = 200,
) -> dict[str, object]:
    request.response.status_int = status
    return {"client": asking(request, marks), "marks": marks, "name": name, "problem": problem}


def includeme(config: Configurator) -> None:
    """Add ``/login``."""
    config.add_oauth_page("login", "/login", get=show, post=enter, template="login", leaves=True)
