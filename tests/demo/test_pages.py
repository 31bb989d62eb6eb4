"""Rules for every page, and requests that no page of the demo sends."""

import pytest

from oauthprov.demo.authorization import PendingAuthorization
from oauthprov.demo.metadata import ProviderMetadata
from oauthprov.demo.sessions import PENDING_LIMIT, SESSION_LIMIT, BrowserSession, SessionStore

ACTIONS = ["/refresh", "/revoke", "/disconnect"]


@pytest.mark.parametrize("address", ["/", "/connect", "/nowhere", "/static/demo.css", "/callback"])
def test_security_headers_are_on_every_response(browser, address):
    response = browser.get(address, status="*")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_are_not_stored_but_their_style_sheet_is(browser):
    assert browser.get("/").headers["Cache-Control"] == "no-store"
    assert "max-age" in browser.get("/static/demo.css").headers["Cache-Control"]


def test_pages_have_no_inline_style_and_no_script(browser):
    for page in (browser.get("/"), browser.connect(), browser.get("/nowhere", status=404)):
        assert page.html.html["lang"] == "en"
        assert len(page.html.find_all("h1")) == 1
        assert page.html.find("script") is None
        assert page.html.find("style") is None
        assert page.html.find(style=True) is None


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_need_the_csrf_token_of_this_browser(browser, provider, action):
    browser.connect()
    tokens = set(provider.refresh_tokens)
    for form in ({}, {"csrf_token": "wrong"}, {"csrf_token": "é"}, {"csrf_token": ""}):
        page = browser.app.post(action, form, status=403)
        assert page.html.h1.text == "This form is out of date"
    assert provider.refresh_tokens == tokens
    assert browser.get("/").html.h1.text == "Connected"


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_of_a_browser_without_a_session_are_refused(browser, action):
    browser.app.post(action, {"csrf_token": ""}, status=403)


@pytest.mark.parametrize("action", ["/refresh", "/revoke"])
def test_actions_of_a_browser_that_has_disconnected_lead_home(browser, action):
    page = browser.connect()
    form = next(f for f in page.forms.values() if f.action == action)
    browser.press(page, "/disconnect")
    assert browser.home_after(form.submit()).html.h1.text == "Not connected"


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_do_not_take_get(browser, action):
    browser.get(action, status=404)


@pytest.mark.parametrize(
    "address", ["/%ff", "/?x=%ff", "/callback?state=%ff", "/static/%00", "/static/../settings.py"]
)
def test_unreadable_addresses_are_refused(browser, address):
    assert browser.get(address, status="*").status_code in (400, 404)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=bogus", b"csrf_token=x"),
        ("application/x-www-form-urlencoded", b"csrf_token=%ff"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"\x00\xff&&&=" * 1000),
    ],
)
def test_unreadable_forms_are_refused(browser, content_type, body):
    headers = {"Content-Type": content_type}
    response = browser.app.post("/refresh", body, headers=headers, status="*")
    assert response.status_code in (400, 403)


def test_a_browser_may_send_any_cookie(browser):
    headers = {"Cookie": "demo_sid=\xff\x00; demo_sid; =;"}
    assert browser.get("/", headers=headers).status_code == 200


def test_the_store_forgets_the_idlest_browser():
    store = SessionStore()
    first, second = store.create(), store.create()
    assert store.get(first.key) is first
    for _ in range(SESSION_LIMIT - 1):
        store.create()
    assert len(store) == SESSION_LIMIT
    assert store.get(first.key) is first
    assert store.get(second.key) is None


def test_a_browser_waits_for_a_few_responses_only():
    metadata = ProviderMetadata("i", "a", "t", None, (), iss_parameter_supported=True)
    session = BrowserSession(key="k")
    requests = [PendingAuthorization(metadata, "") for _ in range(PENDING_LIMIT + 1)]
    for request in requests:
        session.await_response(request)
    assert session.take_pending(requests[0].state) is None
    assert [session.take_pending(r.state) for r in requests[1:]] == requests[1:]
