"""From the start page to the provider and back, with and without success."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from oauthprov.demo.sessions import COOKIE


def test_connecting_shows_the_data_and_the_token_facts(browser, provider):
    page = browser.connect()
    assert page.html.h1.text == "Connected"
    facts = page.html.text
    assert "alice <b>" in facts
    assert "Scopeprofile" in re.sub(r"\s", "", facts)
    assert "3600 seconds" in facts
    assert re.search(r"\S{8}… \(43 characters\)", facts)
    assert provider.calls.count("/oauth/token") == 1


def test_the_request_carries_pkce_state_and_redirect_uri(browser, provider):
    query = parse_qs(urlsplit(browser.get("/connect").location).query)
    assert query["response_type"] == ["code"]
    assert query["client_id"] == [provider.client_id]
    assert query["redirect_uri"] == [provider.redirect_uri]
    assert query["scope"] == ["profile"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert len(query["state"][0]) >= 43
    assert "resource" not in query
    again = parse_qs(urlsplit(browser.get("/connect").location).query)
    assert again["state"] != query["state"]
    assert again["code_challenge"] != query["code_challenge"]


def test_a_public_client_sends_its_id_and_no_secret(open_browser, serve):
    provider = serve(public=True)
    browser = open_browser(provider)
    page = browser.press(browser.connect(), "/refresh")
    assert page.html.h1.text == "Connected"
    assert [r["client_id"] for r in provider.token_requests] == [provider.client_id] * 2
    browser.press(page, "/revoke")
    assert provider.refresh_tokens == set()


def test_an_issuer_with_a_path_is_discovered_by_path_insertion(open_browser, serve):
    provider = serve(path="/auth")
    assert open_browser(provider).connect().html.h1.text == "Connected"
    assert provider.calls[0] == "/.well-known/oauth-authorization-server/auth"


def test_the_resource_indicator_is_sent_when_it_is_set(open_browser, provider):
    browser = open_browser(provider, resource_indicator="https://api.example/")
    assert "resource=https%3A%2F%2Fapi.example%2F" in browser.get("/connect").location
    browser.press(browser.connect(), "/refresh")
    assert [r["resource"] for r in provider.token_requests] == ["https://api.example/"] * 2


def test_more_scopes_can_be_requested(browser, provider):
    page = browser.connect()
    boxes = page.html.select("input[name=scope]")
    ticked = {box["value"]: box.has_attr("checked") for box in boxes}
    assert ticked == {"profile": True, "email": False}
    page = browser.connect("/connect?scope=profile&scope=email")
    assert "profile email" in page.html.text
    # Separate boxes or one parameter: both are understood.
    assert "scope=profile+email" in browser.get("/connect?scope=profile%20email").location


@pytest.mark.parametrize("scope", ['a"b', "a%5Cb", "%C3%A9", "x" * 1001, ""])
def test_scopes_that_break_the_syntax_are_not_sent(browser, scope):
    query = parse_qs(urlsplit(browser.get(f"/connect?scope={scope}").location).query)
    assert query["scope"] == ["profile"]


def test_a_refusal_is_shown_with_what_to_do(browser, provider):
    provider.deny = "access_denied"
    page = browser.connect()
    notice = page.html.find(role="alert")
    assert "You did not give access" in notice.text
    assert "access_denied" in notice.text
    assert "alice said <no>" in notice.text
    assert page.html.h1.text == "Not connected"
    assert "access_denied" not in browser.get("/").text


def test_a_refusal_leaves_the_connection_that_was_there(browser, provider):
    browser.connect()
    provider.deny = "access_denied"
    page = browser.connect("/connect?scope=email")
    assert page.html.h1.text == "Connected"
    assert "You did not give access" in page.html.text


@pytest.mark.parametrize("code", ["invalid_scope", "server_error", "made_up"])
def test_other_error_codes_are_shown(browser, provider, code):
    provider.deny = code
    notice = browser.connect().html.find(role="alert")
    assert code in notice.text
    assert "ry again" in notice.text or "console" in notice.text


def test_a_wrong_client_secret_is_explained(browser, provider):
    provider.client_secret = "rotated since"
    notice = browser.connect().html.find(role="alert")
    assert "invalid_client" in notice.text
    assert "secret is wrong" in notice.text


def test_the_session_key_and_the_csrf_token_change_at_the_callback(browser):
    address = browser.authorization_response()
    before = browser.app.cookies[COOKIE]
    page = browser.home_after(browser.get(address))
    after = browser.app.cookies[COOKIE]
    assert after != before
    browser.app.set_cookie(COOKIE, before)
    assert browser.get("/").html.h1.text == "Not connected"
    assert page.html.h1.text == "Connected"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser):
    cookie = browser.get("/connect").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_a_visit_alone_sets_no_cookie(browser):
    assert "Set-Cookie" not in browser.get("/").headers


def test_the_connect_form_leads_to_the_host_of_the_redirect_uri(browser):
    page = browser.get("/", extra_environ={"HTTP_HOST": "127.0.0.1:8000"})
    actions = [form.action for form in page.forms.values()]
    assert actions == ["http://localhost:8000/sign-in", "http://localhost:8000/connect"]


def test_without_a_client_the_page_says_how_to_get_one(open_browser, provider):
    browser = open_browser(provider, client_id="")
    page = browser.get("/").html.text
    assert f"{provider.issuer}/clients" in page
    assert "http://localhost:8000/callback" in page
    assert "make demo CLIENT_ID=... CLIENT_SECRET=..." in page
    assert browser.get("/connect").status_code == 303
    assert provider.calls == []
