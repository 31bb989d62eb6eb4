"""The authorization endpoint over HTTP: redirects, and errors without a redirect."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from oauthprov.events import RequestRefused, Scope, publish, trail
from oauthprov.events.recorder import WAITING_LIMIT
from tests import site as sites
from tests.site import CALLBACK, OPENID, arrived

LOOK_ALIKES = [
    "https://app.example/callback/",
    "https://app.example/callback/../callback",
    "https://app.example/callback/../../evil",
    "https://app.example/callback/..%2fevil",
    "https://app.example/callback%2f..",
    "https://app.example/./callback",
    "https://app.example//callback",
    "https://app.example/Callback",
    "https://app.example/callback?next=//evil.example",
    "https://app.example/callback#fragment",
    "https://app.example/callback#",
    "https://app.example/callback;x",
    "https://app.example/callback\\@evil.example",
    "https://app.example\\@evil.example/callback",
    "https://app.example@evil.example/callback",
    "https://alice@app.example/callback",
    "https://app.example:@evil.example/callback",
    "https://APP.example/callback",
    "HTTPS://app.example/callback",
    "http://app.example/callback",
    "https://app.example:443/callback",
    "https://app.example:8443/callback",
    "https://app.example./callback",
    "https://app.example.evil.example/callback",
    "https://evil.example/https://app.example/callback",
    "https://\u0430pp.example/callback",
    "https://app\uff0eexample/callback",
    "https://app.example/callb\u0430ck",
    "//app.example/callback",
    "/callback",
    "callback",
    " https://app.example/callback",
    "https://app.example/callback ",
    "https://app.example/callback\t",
    "https://app.example/callback\r\nLocation: https://evil.example/",
    "javascript:alert(1)//https://app.example/callback",
    "data:text/html,https://app.example/callback",
    "urn:ietf:wg:oauth:2.0:oob",
    "com.example.app:/callback",
]


def is_error_page(response, status=400):
    """An error page for the person; no client gets a response."""
    return (
        response.status_int == status
        and response.content_type == "text/html"
        and "Location" not in response.headers
        and response.headers["Cache-Control"] == "no-store"
    )


@pytest.mark.parametrize("redirect_uri", LOOK_ALIKES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_look_alike_of_the_redirect_uri_gets_no_redirect(site, alice, method, redirect_uri):
    query = urlsplit(site.app().authorization_url(redirect_uri=redirect_uri)).query
    if method == "GET":
        response = alice.get(f"/oauth/authorize?{query}")
    else:
        response = alice.page.post(site.url("/oauth/authorize"), query, expect_errors=True)
    assert is_error_page(response)


class TestTheErrorPageShowsWhatTheDeveloperMustMend:
    def facts(self, page):
        section = page.html.find(id="error")
        names = [name.text for name in section.find_all("dt")]
        return dict(zip(names, [value.text for value in section.find_all("dd")], strict=True))

    def test_the_redirect_uri_and_the_client_id(self, site):
        app, uri = site.app(), "https://app.example/callback/"
        page = site.get(app.authorization_url(redirect_uri=uri), status=400)
        said = page.html.find(attrs={"role": "alert"}).text
        assert said == "The app is not registered with this redirect URI."
        facts = self.facts(page)
        assert facts["redirect_uri"] == uri
        assert facts["client_id"] == app.client.client_id
        assert not page.html.find("a", href=uri)

    def test_an_unknown_client_id_but_no_redirect_uri(self, site):
        url = site.app().authorization_url(client_id="nobody", redirect_uri="https://e.example/")
        page = site.get(url, status=400)
        assert self.facts(page)["client_id"] == "nobody"
        assert "e.example" not in page.text

    def test_it_leads_back_to_the_home_page_of_the_app(self, site):
        app = site.app(name="<b>Printer", homepage_uri="https://printer.example/about")
        page = site.get(app.authorization_url(redirect_uri="https://e.example/"), status=400)
        [link] = page.html.find_all("a", href="https://printer.example/about")
        assert " ".join(link.text.split()) == "Go back to printer.example"
        assert {"noopener", "noreferrer", "nofollow"} <= set(link["rel"])
        assert "<b>Printer" not in page.text

    def test_an_app_without_a_home_page_is_named(self, site):
        url = site.app(name="Printer").authorization_url(redirect_uri="https://e.example/")
        page = site.get(url, status=400)
        assert "Open the app Printer and start again there." in " ".join(page.html.text.split())

    def test_a_home_page_over_http_is_no_way_back(self, site):
        app = site.app(homepage_uri="http://printer.example/")
        page = site.get(app.authorization_url(redirect_uri="https://e.example/"), status=400)
        assert not page.html.find("a", href="http://printer.example/")

    def test_a_client_of_a_developer_leads_to_its_registration(self, site, alice):
        ours, operators = site.app(owner=alice.account_id()), site.app()
        for app, shown in ((ours, True), (operators, False)):
            url = app.authorization_url(redirect_uri="https://e.example/")
            edit = site.url(f"/clients/{app.client.client_id}/edit")
            page = site.get(url, status=400)
            assert bool(page.html.find("a", href=edit)) is shown

    def test_an_unknown_client_leads_nowhere(self, site):
        page = site.get(site.app().authorization_url(client_id="nobody"), status=400)
        assert not page.html.select("#error a, #error [role=button]")

    def test_it_reads_no_session_and_no_account(self, site, alice):
        url = site.app(owner=alice.account_id()).authorization_url(
            redirect_uri="https://e.example/"
        )
        reads = site.storage.reads
        site.get(url, status=400)
        assert site.storage.reads - reads <= 1

    def test_markup_is_escaped(self, site):
        evil = "<script>alert(1)</script>${1}<!--"
        page = site.get(site.app().authorization_url(client_id=evil), status=400)
        assert "<script>alert" not in page.text
        assert self.facts(page)["client_id"] == "%3Cscript%3Ealert(1)%3C/script%3E$%7B1%7D%3C!--"


@given(st.text(max_size=20), st.integers(0, len(CALLBACK)), st.integers(0, 4))
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_other_redirect_uri_gets_no_redirect(site, inserted, position, dropped):
    app = site.app()
    changed = CALLBACK[:position] + inserted + CALLBACK[position + dropped :]
    response = site.get(app.authorization_url(redirect_uri=changed))
    if changed not in ("", CALLBACK):
        assert is_error_page(response)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"client_id": "unknown\0"},
        {"client_id": "a" * 300},
        {"client_id": ["one", "two"]},
        {"redirect_uri": [CALLBACK, CALLBACK]},
    ],
)
def test_no_redirect_before_the_client_is_proven(site, alice, changes):
    response = alice.get(site.app().authorization_url(**changes))
    assert is_error_page(response)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "codexyz"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "profile:read admin"}, "invalid_scope"),
        ({"scope": ["profile:read", "photos:read"]}, "invalid_request"),
        ({"state": ["one", "two"]}, "invalid_request"),
        ({"resource": "https://elsewhere.example/"}, "invalid_target"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
        ({"request_uri": "urn:example:1"}, "invalid_request_uri"),
        ({"response_mode": "bogus"}, "invalid_request"),
    ],
)
def test_other_errors_go_to_the_client_with_iss(site, alice, changes, error):
    response = alice.get(site.app().authorization_url(**changes))
    told = arrived(response)
    assert response.status_int == 302
    assert response.location.startswith(CALLBACK + "?")
    assert (told["error"], told["iss"]) == (error, site.issuer)
    assert told.get("state") == (None if isinstance(changes.get("state"), list) else "xyz")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_a_code_arrives_with_state_and_iss(site, alice):
    app = site.app()
    consent = alice.authorize(app, state="a b&c=\u00e9")
    response = alice.decide(consent)
    assert response.status_int == 303
    told = arrived(response)
    assert told.keys() == {"code", "state", "iss"}
    assert (told["state"], told["iss"]) == ("a b&c=\u00e9", site.issuer)
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_a_query_of_the_redirect_uri_is_kept_as_it_is(site, alice):
    registered = "https://app.example/callback?tenant=a%20b"
    response = alice.decide(alice.authorize(site.app(redirect_uris=(registered,))))
    assert response.location.startswith(registered + "&code=")


def test_a_native_app_may_come_from_any_loopback_port(site, alice):
    app = site.app("native", redirect_uris=("http://127.0.0.1/callback",))
    told = alice.connect(app, redirect_uri="http://127.0.0.1:51234/callback")
    assert "code" in told
    assert is_error_page(
        alice.get(app.authorization_url(redirect_uri="http://127.0.0.1:51234/other"))
    )
    assert is_error_page(
        alice.get(app.authorization_url(redirect_uri="http://localhost:51234/callback"))
    )


def test_a_visitor_is_sent_to_sign_in_and_back(site):
    site.browser().sign_up("alice")
    browser, app = site.browser(), site.app()
    response = browser.get(app.authorization_url())
    assert response.status_int == 302
    assert response.location.startswith(site.url("/login?interaction="))
    assert app.client.client_id not in response.location
    form = browser.get(response.location).form
    form["name"], form["password"] = "alice", "correct horse battery"
    consent = browser.follow(form.submit())
    assert "code" in arrived(browser.decide(consent))


def test_a_post_is_stored_and_answered_without_cookies(site, alice):
    app = site.app()
    query = urlsplit(app.authorization_url()).query
    response = alice.page.post(site.url("/oauth/authorize"), query)
    assert response.status_int == 303
    assert "Set-Cookie" not in response.headers
    assert urlsplit(response.location).path == "/oauth/authorize"
    assert list(dict(parse_qsl(urlsplit(response.location).query))) == ["interaction"]
    assert "code" in arrived(alice.decide(alice.follow(response)))


def test_a_posted_request_belongs_to_the_first_browser_that_resumes_it(site, alice):
    query = urlsplit(site.app().authorization_url()).query
    parked = site.post("/oauth/authorize", query).location
    assert alice.follow(alice.get(parked)).status_int == 200
    assert is_error_page(site.browser().sign_up("bob").get(parked))


def test_consent_in_another_browser_is_refused(site, alice):
    url = alice.get(site.app().authorization_url()).location
    bob = site.browser().sign_up("bob")
    assert is_error_page(bob.get(url))


def test_a_decision_counts_once(site, alice):
    consent = alice.authorize(site.app())
    assert "code" in arrived(alice.decide(consent))
    assert is_error_page(alice.decide(consent))


def test_an_interaction_with_other_parameters_is_refused(site, alice):
    url = alice.get(site.app().authorization_url()).location
    mark = urlsplit(url).query
    response = alice.get(f"/oauth/authorize?{mark}&scope=photos:write")
    assert is_error_page(response)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_405(site, method):
    response = site.send(method, "/oauth/authorize")
    assert (response.status_int, response.headers["Allow"]) == (405, "GET, POST")


def test_the_endpoint_answers_no_other_origin(site):
    headers = {"Origin": "https://app.example"}
    response = site.get(site.app("browser").authorization_url(), headers=headers)
    assert "Access-Control-Allow-Origin" not in response.headers


def test_parameters_that_are_posted_twice_are_refused(site):
    url = site.app().authorization_url()
    body = urlsplit(url).query
    response = site.post(f"/oauth/authorize?{urlencode({'scope': 'profile:read'})}", body)
    assert is_error_page(response)


@pytest.mark.parametrize("straight", [True, False])
def test_no_flood_of_strangers_hides_why_a_signed_in_user_is_refused(straight):
    site = sites.standalone(sites.ini("sqlite://", scopes=OPENID), straight=straight)
    events, app = site.wsgi.registry["oauthprov"].events, site.app(scopes=("openid",))
    asked = app.authorization_url(scope="openid", prompt="none")
    alice, stranger = site.browser().sign_up("alice"), site.browser()
    with Scope(events, "flood"):
        for _ in range(WAITING_LIMIT):
            publish(RequestRefused(error="invalid_request"))
    for browser, error, stored in (
        (alice, "consent_required", ["request.refused"]),
        (stranger, "login_required", []),
    ):
        refused = browser.get(asked)
        assert arrived(refused)["error"] == error
        events.recorder.join(60)
        found = trail.of_request(site.storage, refused.headers["X-Request-Id"])
        assert [entry.event for entry in found] == stored
    site.close()
