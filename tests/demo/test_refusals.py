"""Authorization responses that may be forged or foreign, and providers that can't be used."""

import pytest
from webob import Response


def refused(browser, address):
    page = browser.get(address, status=400)
    assert page.html.h1.text == "This response was refused"
    assert "/oauth/token" not in browser.provider.calls
    return page


def test_a_wrong_state_is_refused(browser):
    address = browser.authorization_response()
    assert "(state)" in refused(browser, address.replace("state=", "state=x")).text


def test_a_missing_state_is_refused(browser, provider):
    provider.response_changes = {"state": None}
    refused(browser, browser.authorization_response())


def test_a_response_to_another_browser_is_refused(browser, open_browser, provider):
    address = browser.authorization_response()
    refused(open_browser(provider), address)


def test_a_state_is_accepted_once(browser, provider):
    address = browser.authorization_response()
    browser.home_after(browser.get(address))
    assert "(state)" in browser.get(address, status=400).text
    assert provider.calls.count("/oauth/token") == 1


def test_a_wrong_iss_is_refused_and_consumes_the_state(browser, provider):
    provider.response_changes = {"iss": "https://other.example"}
    address = browser.authorization_response()
    assert "(iss)" in refused(browser, address).text
    assert "(state)" in refused(browser, address).text


@pytest.mark.parametrize("deny", [None, "access_denied"])
def test_a_missing_iss_is_refused_when_the_metadata_announces_it(browser, provider, deny):
    provider.deny = deny
    provider.response_changes = {"iss": None}
    page = refused(browser, browser.authorization_response())
    assert "(iss)" in page.text
    assert "access_denied" not in page.text


def test_iss_is_optional_when_the_metadata_does_not_announce_it(browser, provider):
    provider.metadata_changes = {"authorization_response_iss_parameter_supported": None}
    provider.response_changes = {"iss": None}
    assert browser.connect().html.h1.text == "Connected"


def test_a_repeated_parameter_is_refused(browser):
    address = browser.authorization_response()
    refused(browser, address + "&code=x")


def test_a_response_without_code_and_error_is_refused(browser, provider):
    provider.response_changes = {"code": None}
    refused(browser, browser.authorization_response())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "https://other.example"}, "speaks for the issuer"),
        ({"issuer": None}, "speaks for the issuer"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"code_challenge_methods_supported": None}, "PKCE"),
        ({"token_endpoint": None}, "token_endpoint"),
        ({"token_endpoint": 7}, "token_endpoint"),
        ({"authorization_endpoint": "http://other.example/"}, "authorization_endpoint"),
        ({"authorization_endpoint": "https://ex.example/é"}, "authorization_endpoint"),
    ],
)
def test_metadata_that_can_not_be_trusted_stops_the_flow(browser, provider, changes, reason):
    provider.metadata_changes = changes
    page = browser.get("/connect", status=502)
    assert reason in page.text
    assert reason in browser.get("/", status=200).text
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(status=404), "status 404"),
        (Response(status=302, location="/elsewhere"), "status 302"),
        (Response("<h1>Hello</h1>"), "can't be read"),
        (Response(json_body=[]), "not a JSON object"),
    ],
)
def test_an_answer_that_is_no_metadata_stops_the_flow(browser, provider, answer, reason):
    provider.metadata_answer = answer
    assert reason in browser.get("/connect", status=502).html.text


def test_a_provider_that_is_down_gives_an_error_page(browser, provider):
    provider.close()
    home = browser.get("/", status=200)
    assert "can't be reached" in home.text
    page = browser.get("/connect", status=502)
    assert page.html.h1.text == "The provider can't be used right now"
    assert "can't be reached" in page.text


def test_the_demo_recovers_when_the_provider_does(browser, provider):
    provider.metadata_changes = {"issuer": None}
    browser.get("/connect", status=502)
    provider.metadata_changes = {}
    assert browser.connect().html.h1.text == "Connected"


def test_metadata_is_read_again_after_five_minutes(browser, provider, clock):
    browser.get("/")
    clock.now += 299
    browser.get("/")
    assert len(provider.calls) == 1
    clock.now += 1
    browser.get("/")
    assert len(provider.calls) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Response("<h1>Busy</h1>", status=503),
        Response("<h1>Hello</h1>"),
        Response(json_body=["access_token"]),
        Response(json_body={"token_type": "Bearer"}),
        Response(json_body={"access_token": "x" * 40, "token_type": "mac"}),
        Response(json_body={"access_token": "é" * 40, "token_type": "Bearer"}),
        Response(json_body={"access_token": 7, "token_type": "Bearer"}),
        Response(json_body={"access_token": "x", "token_type": "Bearer", "expires_in": "soon"}),
        Response(json_body={"access_token": "x", "token_type": "Bearer", "expires_in": [1]}),
        Response(json_body={"error": ["x"]}, status=400),
        Response(status=302, location="http://127.0.0.1:9/"),
    ],
)
def test_a_response_without_a_usable_token_is_refused(browser, provider, answer):
    provider.token_answer = answer
    page = browser.connect()
    assert page.html.h1.text == "Not connected"
    assert page.html.find(role="alert") is not None


def test_a_provider_that_goes_down_during_the_flow_is_reported(browser):
    provider = browser.provider
    address = browser.authorization_response()
    provider.close()
    page = browser.home_after(browser.get(address))
    assert "can't be reached" in page.html.find(role="alert").text


def test_the_stand_in_checks_the_code_verifier(browser, provider):
    """Otherwise the successful flow would prove nothing about PKCE."""
    address = browser.authorization_response()
    for asked in provider.codes.values():
        asked["code_challenge"] = "x" * 43
    assert "invalid_grant" in browser.home_after(browser.get(address)).text
