"""A person with an authenticator app, in a browser."""

from __future__ import annotations

from dataclasses import replace

import pyotp
import pytest

from oauthprov.factors import new_secret
from oauthprov.records import Session
from oauthprov.storage.interface import Replace
from tests.site import ISSUER, PASSWORD, Browser, Site
from tests.web.account.conftest import mail_server, settings

__all__ = ["mail_server", "settings"]


class Owner:
    """A person who has an account with an authenticator app and recovery codes."""

    def __init__(self, site: Site, name: str = "alice") -> None:
        self.site, self.name = site, name
        tools = site.wsgi.registry["oauthprov"]
        account = tools.people.sign_up(name, PASSWORD)
        self.account_id, self.secret = account.account_id, new_secret()
        record = tools.factors.totp.record(self.account_id, self.secret, self.code())
        made = tools.factors.enrolments.add(account, "totp", record)
        self.codes = made.codes
        site.clock.pass_by(30)

    def code(self, steps: int = 0) -> str:
        """What the app shows, ``steps`` of 30 seconds from now."""
        return pyotp.TOTP(self.secret).at(self.site.clock() + 30 * steps)

    def password(self, browser: Browser | None = None, query: str = "", password=PASSWORD):
        """Give the password; return the browser and the page for the second step."""
        browser = browser or self.site.browser()
        form = browser.get(ISSUER + "/login" + query).forms[0]
        form["name"], form["password"] = self.name, password
        return browser, browser.follow(form.submit(expect_errors=True))

    def sign_in(self, browser: Browser | None = None, query: str = ""):
        """Sign in with password and code; return the browser."""
        browser, page = self.password(browser, query)
        assert answer(page, self.code()).status_int == 303
        self.site.clock.pass_by(30)
        return browser


def answer(page, text: str):
    """Give an answer on a page that asks for a factor."""
    form = page.forms[0]
    form["answer"] = text
    return form.submit(expect_errors=True)


def shown_code(site: Site, page) -> str:
    """What an app shows that has scanned the page."""
    secret = "".join(page.html.find(id="key").text.split())
    return pyotp.TOTP(secret).at(site.clock())


def weaken(site: Site) -> None:
    """Let the only session look as if it had begun with a password alone."""
    [stored] = site.storage.walk(Session)
    session = replace(stored.record, amr=("pwd",))
    site.storage.commit(Replace(session, expecting=stored), now=site.clock())


@pytest.fixture
def owner(site):
    return Owner(site)
