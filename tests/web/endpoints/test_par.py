"""Pushed authorization requests over HTTP: RFC 9126."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from oauthprov.events import trail
from oauthprov.records import PushedRequest
from tests import site as sites
from tests.site import VERIFIER, arrived
from tests.web.endpoints.test_token import assert_error

PAR = "/oauth/par"


def asked(app, **changes):
    """The parameters of a good authorization request."""
    query = urlsplit(app.authorization_url(**changes)).query
    return dict(parse_qsl(query)) if app.secret is None else without_client(query)


def without_client(query):
    given = dict(parse_qsl(query))
    del given["client_id"]
    return given


def push(app, headers=None, **changes):
    return app.post(PAR, asked(app, **changes), headers)


def address(app, pushed, **beside):
    """Where the browser goes with a pushed request."""
    query = {"client_id": app.client.client_id, "request_uri": pushed.json["request_uri"]}
    return app.site.url("/oauth/authorize?" + urlencode(query | beside))


@pytest.fixture
def made():
    """A site with chosen settings."""
    opened = []

    def make(**settings):
        opened.append(sites.standalone(sites.ini("sqlite://", **settings)))
        return opened[-1]

    yield make
    for site in opened:
        site.close()


def test_2_2_a_push_is_answered_with_201_and_no_store(site):
    pushed = push(site.app())
    assert pushed.status_int == 201
    assert pushed.headers["Cache-Control"] == "no-store"
    assert pushed.content_type == "application/json"
    assert pushed.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert pushed.json["expires_in"] == 60


def test_the_browser_sees_an_id_and_never_the_parameters(site, alice):
    app = site.app()
    page = alice.follow(alice.get(address(app, push(app))))
    assert page.status_int == 200
    assert "xyz" not in page.request.url
    told = arrived(alice.decide(page))
    assert told["state"] == "xyz"
    assert app.exchange(told["code"]).status_int == 200


def test_a_query_that_was_tampered_with_changes_nothing(site, alice):
    app = site.app()
    evil = {"redirect_uri": "https://evil.example/", "state": "evil", "prompt": "none"}
    page = alice.follow(alice.get(address(app, push(app), **evil)))
    response = alice.decide(page)
    assert response.location.startswith(app.client.redirect_uris[0])
    assert arrived(response)["state"] == "xyz"


def test_a_user_who_must_sign_in_first_may_take_longer_than_the_request_lives(site):
    app, browser = site.app(), site.browser()
    browser.sign_up("alice")
    visitor = site.browser()
    login = visitor.follow(visitor.get(address(app, push(app))))
    site.clock.pass_by(600)
    form = login.form
    form["name"], form["password"] = "alice", sites.PASSWORD
    consent = visitor.follow(form.submit())
    assert "code" in arrived(visitor.decide(consent))


def test_a_reload_after_its_lifetime_leads_this_browser_to_the_same_request(site):
    app, visitor = site.app(), site.browser()
    uri = address(app, push(app))
    first = visitor.follow(visitor.get(uri))
    site.clock.pass_by(300)
    again = visitor.follow(visitor.get(uri))
    assert (again.status_int, again.request.url) == (200, first.request.url)


def test_7_3_a_used_or_expired_request_is_a_page_and_no_redirect(site, alice):
    app = site.app()
    uri = address(app, push(app))
    assert "code" in arrived(alice.decide(alice.follow(alice.get(uri))))
    late = address(app, push(app))
    site.clock.pass_by(61)
    for each in (uri, late):
        page = alice.get(each)
        assert (page.status_int, "Location" in page.headers) == (400, False)
        assert "invalid_request_uri" in page.text
        assert "expired or was answered before" in page.text


def test_a_posted_request_uri_is_continued_by_get(site, alice):
    app = site.app()
    query = urlsplit(address(app, push(app))).query
    stored = site.post("/oauth/authorize", query)
    assert "code" in arrived(alice.decide(alice.follow(stored)))


def test_a_browser_app_pushes_from_its_own_origin(site, alice):
    app = site.app("browser")
    pushed = push(app, {"Origin": "https://app.example"})
    assert pushed.headers["Access-Control-Allow-Origin"] == "https://app.example"
    told = arrived(alice.decide(alice.follow(alice.get(address(app, pushed)))))
    assert app.exchange(told["code"], code_verifier=VERIFIER).status_int == 200


def test_a_client_with_a_key_may_name_this_endpoint_as_the_audience(site):
    app = site.signer()
    for aud in (site.issuer, site.url("/oauth/token"), site.url(PAR)):
        form = asked(app) | app.proof(aud)
        assert site.post(PAR, form).status_int == 201


def test_2_3_errors_are_json_and_never_a_redirect(site):
    app = site.app()
    assert_error(push(app, redirect_uri="https://evil.example/"), 400, "invalid_request")
    assert_error(push(app, scope="bogus"), 400, "invalid_scope")
    assert_error(push(app, request_uri="https://app.example/x"), 400, "invalid_request")
    app.secret = "wrong"
    response = push(app)
    assert_error(response, 401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


def test_2_3_another_method_gets_405(site):
    response = site.get(PAR)
    assert (response.status_int, response.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("size", [33_000, 70_000])
def test_2_3_a_request_that_is_too_large_gets_413(site, size):
    assert_error(push(site.app(), state="x" * size), 413, "invalid_request")


def test_2_3_too_many_requests_of_public_clients_get_429(made):
    site = made(**{"par.limit_network": "2 per minute"})
    public, confidential = site.app("browser"), site.app()
    assert [push(public).status_int for _ in range(3)] == [201, 201, 429]
    limited = push(public)
    assert limited.json["error"] == "temporarily_unavailable"
    assert int(limited.headers["Retry-After"]) > 0
    assert push(confidential).status_int == 201
    assert len(site.storage.find(PushedRequest).items) == 3


def test_the_audit_says_why_a_push_was_refused_with_the_values_compared(site):
    app = site.app()
    refused = push(app, redirect_uri="https://evil.example/")
    site.wsgi.registry["oauthprov"].events.recorder.join(60)
    [entry] = trail.of_request(site.storage, refused.headers["X-Request-Id"])
    said = trail.details(entry)
    assert (entry.event, entry.client_id) == ("request.refused", app.client.client_id)
    assert (said["endpoint"], said["error"]) == ("par", "invalid_request")
    assert said["reason"] == "redirect_uri_unregistered"
    assert said["compared"].startswith("sent 'https://evil.example/': registered 'https://app.")


def test_metadata_names_the_endpoint(site):
    document = site.get("/.well-known/oauth-authorization-server").json
    assert document["pushed_authorization_request_endpoint"] == site.url(PAR)
    assert document["require_pushed_authorization_requests"] is False


def test_5_where_all_must_push_the_metadata_says_so(made):
    site = made(par="required")
    document = site.get("/.well-known/oauth-authorization-server").json
    assert document["require_pushed_authorization_requests"] is True
    app = site.app()
    told = arrived(site.get(app.authorization_url()))
    assert (told["error"], told["state"]) == ("invalid_request", "xyz")


def test_where_it_is_off_there_is_no_endpoint(made):
    site = made(par="off")
    assert push(site.app()).status_int == 404
    document = site.get("/.well-known/oauth-authorization-server").json
    assert not [name for name in document if "pushed" in name]


def test_where_it_is_off_no_client_can_require_it(made):
    site = made(par="off")
    form = {
        "redirect_uris": ["https://app.example/callback"],
        "require_pushed_authorization_requests": True,
    }
    response = sites.TestApp(site.wsgi).post_json(
        site.url("/oauth/register"), form, expect_errors=True
    )
    assert_error(response, 400, "invalid_client_metadata")


def test_6_a_client_registers_that_it_pushes_all_its_requests(site):
    form = {
        "redirect_uris": ["https://app.example/callback"],
        "require_pushed_authorization_requests": True,
    }
    response = sites.TestApp(site.wsgi).post_json(site.url("/oauth/register"), form)
    assert response.json["require_pushed_authorization_requests"] is True
    query = {
        "client_id": response.json["client_id"],
        "response_type": "code",
        "state": "xyz",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    told = arrived(site.get("/oauth/authorize?" + urlencode(query)))
    assert told["error"] == "invalid_request"
