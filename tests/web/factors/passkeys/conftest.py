"""People with passkeys, in browsers whose scripts do what passkeys.js does."""

from __future__ import annotations

import json
import threading

import pytest

from oauthprov.accounts import EmailVerifications
from oauthprov.records import Passkey
from tests.authenticator import Authenticator
from tests.site import ISSUER, PASSWORD, Browser, Site
from tests.web.account.conftest import mail_server, settings
from tests.web.openid import openid_site

__all__ = ["mail_server", "settings"]

PAGE = "/account/passkeys"


@pytest.fixture
def site(settings):
    made = openid_site(**settings)
    yield made
    made.close()


@pytest.fixture
def device():
    return Authenticator(ISSUER)


@pytest.fixture
def alice(site):
    """A browser in which alice is signed in; her e-mail address is confirmed."""
    browser = site.browser().sign_up("alice")
    tools = site.wsgi.registry["oauthprov"]
    account_id = tools.people.by_name("alice").record.account_id
    tools.people.set_profile(account_id, {"email": "alice@example.org"})
    EmailVerifications(site.storage, site.clock, 600).vouch(account_id)
    return browser


@pytest.fixture
def owner(alice, device):
    """The browser of alice, whose device has a passkey of hers."""
    assert add(alice, device).status_int == 200
    return alice


def box(page):
    """The part of a page that the script works with."""
    return page.html.find(class_="passkey")


def answer(page, text: str, form: int | str = 0):
    """Send the form of a page with what the browser said."""
    sent = page.forms[form]
    sent["answer"] = text
    return sent.submit(expect_errors=True)


def add(browser: Browser, device: Authenticator, **lies):
    """Add a passkey of the device to the account that is signed in."""
    page = browser.get(PAGE)
    return answer(page, device.create(json.loads(box(page)["data-options"]), **lies))


def options(browser: Browser, page):
    """Ask for the options of a sign-in, as the script does."""
    csrf = page.forms[0]["csrf_token"].value
    return browser.page.post(box(page)["data-options-from"], {"csrf_token": csrf})


def sign_in(browser: Browser, device: Authenticator, query: str = "", **lies):
    """Sign in with a passkey alone, from the sign-in page; return the answer."""
    page = browser.get("/login" + query)
    text = device.get(options(browser, page).json, **lies)
    page.forms[0].action = box(page)["data-action"]
    return answer(page, text)


def password(browser: Browser, query: str = ""):
    """Give the right password on the sign-in page; return the page after it."""
    form = browser.get("/login" + query).forms[0]
    form["name"], form["password"] = "alice", PASSWORD
    return browser.follow(form.submit())


def step(page, device: Authenticator, **lies):
    """Prove a passkey on the page of a second step."""
    return answer(page, device.get(json.loads(box(page)["data-options"]), **lies))


def passkeys_of(site: Site) -> list[Passkey]:
    return [stored.record for stored in site.storage.walk(Passkey)]


def mails(mail_server) -> list[tuple[str, str]]:
    """Subject and text of each mail, once everything in the background is done."""
    for thread in threading.enumerate():
        if thread.name == "oauthprov-outbox":
            thread.join(30)
    return [
        (mail.message["Subject"], mail.text.replace("\r\n", "\n")) for mail in mail_server.mails
    ]
