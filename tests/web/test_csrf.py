"""Every form is accepted only from the browser that it was shown to."""

from __future__ import annotations

import pytest

from oauthprov.records import Account, Consent, Session
from tests import site as sites
from tests.site import ISSUER, PASSWORD, Browser, Site

PATHS = (
    "/login",
    "/signup",
    "/logout",
    "/choose",
    "/consent",
    "/account/password",
    "/account/apps/{client_id}/remove",
    "/account/sessions/end",
    "/account/sessions/end-all",
)
FIELDS = {"name": "bob", "password": PASSWORD, "current": PASSWORD, "decision": "allow"}
FOREIGN = "https://evil.example"


class Victim:
    """A browser with everything a forged form could change, and a check of its state."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site, self.browser = site, browser
        app = site.app()
        browser.connect(app)
        consent = browser.authorize(app, scope="photos:read")
        session = browser.page.cookies["__Host-oauthprov_sid"].partition(".")[0]
        [stored] = site.storage.walk(Session, account_id=session)
        self.client_id = app.client.client_id
        self.fields = FIELDS | {
            "interaction": consent.forms[0]["interaction"].value,
            "session": stored.record.key,
            "remove": stored.record.key,
        }
        self.token = consent.forms[0]["csrf_token"].value
        self.before = self.state()

    def state(self) -> list:
        kinds = (Account, Consent, Session)
        return [list(self.site.storage.walk(kind)) for kind in kinds]

    def send(self, path: str, token: str | None, **headers: str):
        fields = dict(self.fields) if token is None else self.fields | {"csrf_token": token}
        url = self.site.url(path.format(client_id=self.client_id))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.browser.page.post(url, fields, headers=named, expect_errors=True)

    def is_untouched(self) -> bool:
        return self.state() == self.before and self.browser.get("/account").status_int == 200


@pytest.fixture(scope="module")
def victim():
    """Shared by all refused forms, which change nothing."""
    site = sites.standalone(sites.ini("sqlite://", development="true"))
    yield Victim(site, site.browser().sign_up("alice"))
    site.close()


@pytest.fixture
def willing(site, alice):
    """A fresh one for each accepted form."""
    return Victim(site, alice)


@pytest.mark.parametrize("path", PATHS)
def test_a_form_without_a_token_is_refused(victim, path):
    assert victim.send(path, None).status_int == 403
    assert victim.is_untouched()


@pytest.mark.parametrize("path", PATHS)
def test_a_form_with_another_browser_s_token_is_refused(victim, path):
    other = victim.site.browser().get("/login").form["csrf_token"].value
    assert victim.send(path, other).status_int == 403
    assert victim.is_untouched()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": "null"},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
        {"Origin": ISSUER + ":8443"},
        {"Origin": "http://id.example"},
        {"Sec_Fetch_Site": "same-site"},
        {"Referer": FOREIGN + "/page"},
        {"Referer": "https://[broken"},
    ],
    ids=str,
)
def test_a_form_from_another_site_is_refused_even_with_the_token(victim, path, headers):
    assert victim.send(path, victim.token, **headers).status_int == 403
    assert victim.is_untouched()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ISSUER},
        {"Origin": ISSUER, "Sec_Fetch_Site": "same-origin", "Referer": ISSUER + "/login"},
        {"Origin": "null", "Sec_Fetch_Site": "same-origin"},
        {"Referer": ISSUER + "/logout"},
    ],
    ids=str,
)
def test_a_form_of_our_own_is_accepted(willing, headers):
    assert willing.send("/logout", willing.token, **headers).status_int == 303
    assert willing.browser.get("/account").status_int == 302


def test_the_token_changes_at_sign_in_and_at_sign_out(site):
    browser = site.browser()
    anonymous = browser.get("/login").form["csrf_token"].value
    browser.sign_up("alice")
    signed_in = browser.get("/logout").form["csrf_token"].value
    assert signed_in != anonymous
    browser.get("/logout").form.submit()
    form = browser.get("/login").form
    form["csrf_token"] = signed_in
    assert form.submit(expect_errors=True).status_int == 403


def test_the_refusal_page_explains_what_to_do(victim):
    page = victim.send("/logout", "")
    assert "Nothing was changed." in page.text
    assert page.headers["X-Request-Id"] in page.text
