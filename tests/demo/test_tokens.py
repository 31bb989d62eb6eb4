"""The life of the tokens: expiry, renewal, removal, revocation."""

import threading

import pytest
from webob import Response

from oauthprov.demo.provider import Provider
from oauthprov.demo.resource import call_resource
from oauthprov.demo.sessions import BrowserSession
from oauthprov.demo.tokens import Tokens, abbreviated
from tests.demo.conftest import settings_for


def test_an_expired_access_token_is_renewed_once(browser, provider, clock):
    browser.connect()
    clock.now += provider.expires_in
    page = browser.get("/")
    assert "alice" in page.text
    assert page.html.find("dt", string="Refreshes so far").find_next("dd").text == "1"
    browser.get("/")
    grants = [request["grant_type"] for request in provider.token_requests]
    assert grants == ["authorization_code", "refresh_token"]


def test_an_access_token_that_the_api_calls_invalid_is_renewed_once(browser, provider):
    browser.connect()
    provider.access_tokens.clear()
    assert "alice" in browser.get("/").text
    assert len(provider.token_requests) == 2


def test_an_api_that_refuses_the_new_token_too_gets_no_third_request(browser, provider):
    browser.connect()
    provider.resource_answer = Response(status=401)
    page = browser.get("/")
    assert "The API did not return the data" in page.text
    assert provider.calls.count("/api/me") == 3
    assert len(provider.token_requests) == 2


def test_removed_access_is_reported_and_the_tokens_are_forgotten(browser, provider):
    browser.connect()
    provider.kill_all_tokens()
    page = browser.get_following("/")
    assert page.html.h1.text == "Not connected"
    assert "Access was removed" in page.html.find(role="alert").text
    calls = len(provider.calls)
    assert "Access was removed" not in browser.get("/").text
    assert len(provider.calls) == calls
    assert browser.connect().html.h1.text == "Connected"


def test_removed_access_is_reported_when_there_is_no_refresh_token(browser, provider):
    provider.gives_refresh_token = False
    page = browser.connect()
    assert "/refresh" not in [form.action for form in page.forms.values()]
    provider.kill_all_tokens()
    assert "Access was removed" in browser.get_following("/").text


def test_expired_access_without_a_refresh_token_is_not_called_removed(browser, provider, clock):
    provider.gives_refresh_token = False
    browser.connect()
    clock.now += provider.expires_in
    page = browser.get_following("/")
    assert "Access has expired" in page.html.find(role="alert").text


def test_the_refresh_button_refreshes(browser, provider):
    page = browser.press(browser.connect(), "/refresh")
    assert "Refreshed" in page.html.find(role="status").text
    assert page.html.find("dt", string="Refreshes so far").find_next("dd").text == "1"
    assert len(provider.token_requests) == 2


def test_the_refresh_button_reports_removed_access(browser, provider):
    page = browser.connect()
    provider.kill_all_tokens()
    page = browser.press(page, "/refresh")
    assert "Access was removed" in page.html.find(role="alert").text


def test_a_refresh_that_fails_otherwise_keeps_the_tokens(browser, provider):
    page = browser.connect()
    provider.token_answer = Response("Busy", status=503)
    page = browser.press(page, "/refresh")
    assert page.html.h1.text == "Connected"
    assert "status 503" in page.html.find(role="alert").text


def test_a_refused_client_is_not_called_removed_access(browser, provider):
    page = browser.connect()
    provider.client_secret = "rotated since"
    page = browser.press(page, "/refresh")
    assert page.html.h1.text == "Connected"
    assert "invalid_client" in page.html.find(role="alert").text


def test_revoke_ends_the_tokens_at_the_provider(browser, provider):
    page = browser.press(browser.connect(), "/revoke")
    assert "Revoked" in page.html.find(role="status").text
    assert page.html.h1.text == "Not connected"
    assert provider.refresh_tokens == provider.access_tokens == set()


def test_a_revocation_that_fails_keeps_the_tokens(browser, provider):
    page = browser.connect()
    provider.client_secret = "rotated since"
    page = browser.press(page, "/revoke")
    assert "invalid_client" in page.html.find(role="alert").text
    assert page.html.h1.text == "Connected"


@pytest.mark.parametrize(
    "answer",
    [
        Response("gone", status=404),
        Response(json_body={}, status=400),
        Response(json_body=[1], status=400),
        Response(json_body={"error": "server_error"}, status=503),
    ],
)
def test_a_revocation_without_a_usable_answer_keeps_the_tokens(browser, provider, answer):
    page = browser.connect()
    provider.revocation_answer = answer
    page = browser.press(page, "/revoke")
    assert "can't be used" in page.html.find(role="alert").text
    assert page.html.h1.text == "Connected"


def test_without_a_revocation_endpoint_nothing_is_revoked(browser, provider):
    provider.metadata_changes = {"revocation_endpoint": None}
    page = browser.press(browser.connect(), "/revoke")
    assert "offers no revocation" in page.html.find(role="alert").text


def test_disconnect_forgets_and_leaves_the_provider_alone(browser, provider):
    page = browser.press(browser.connect(), "/disconnect")
    assert page.html.h1.text == "Not connected"
    assert "/oauth/revoke" not in provider.calls
    assert provider.refresh_tokens


def test_a_second_browser_sees_nothing_of_the_first(browser, provider):
    browser.connect()
    browser.app.reset()
    assert browser.get("/").html.h1.text == "Not connected"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (
            Response(
                status=403,
                headerlist=[("WWW-Authenticate", 'Bearer error="insufficient_scope"')],
            ),
            "Connect again with more scopes",
        ),
        (Response("plain words"), "not JSON"),
        (Response(json_body=[1, 2]), "[1, 2]"),
        (Response(status=500), "status 500"),
        (Response(status=302, location="/elsewhere"), "Status: 302"),
        (Response(json_body={"groups": ["a"], "name": None}), "null"),
    ],
)
def test_any_response_of_the_api_is_shown_without_an_error(browser, provider, answer, shown):
    provider.resource_answer = answer
    page = browser.connect()
    assert page.html.h1.text == "Connected"
    assert shown in page.html.text


def test_an_api_that_is_down_keeps_the_tokens(browser, provider):
    browser.connect()
    provider.close()
    page = browser.get("/")
    assert page.html.h1.text == "Connected"
    assert "can't be reached" in page.text


def test_two_requests_at_once_present_a_refresh_token_only_once(provider, clock):
    """A second use would be a replay, which the stand-in refuses with invalid_grant."""
    dead, live = "d" * 43, "r" * 43
    provider.refresh_tokens.add(live)
    session, client = BrowserSession(key="k"), Provider(settings_for(provider), clock)
    session.tokens = Tokens(dead, live, "Bearer", (), expires_at=clock.now)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(call_resource(client, session)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 4
    assert len(provider.token_requests) == 1


def test_the_abbreviation_of_a_short_token_does_not_reveal_it():
    assert abbreviated("abcdefghij") == "ab… (10 characters)"
    assert abbreviated("x" * 100) == "xxxxxxxx… (100 characters)"


def test_tokens_are_not_in_the_repr():
    text = repr(Tokens("access", "renewal", "Bearer", (), None))
    assert "access'" not in text
    assert "renewal" not in text
