"""How often each flow asks storage, at most, over HTTP."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.site import PASSWORD, arrived
from tests.web.device.devices import Device, television
from tests.web.openid import openid_site, relying_party


@pytest.fixture
def app(site, alice):
    """An application that alice has allowed in, with its client record cached."""
    made = site.app()
    made.tokens(alice)
    return made


@pytest.mark.parametrize(("since_the_last", "reads"), [(0, 1), (60, 2)])
def test_an_authorization_with_remembered_consent_costs_its_trips(
    site, alice, app, since_the_last, reads
):
    site.clock.pass_by(since_the_last)
    response = []
    trips = site.storage.trips(lambda: response.append(alice.get(app.authorization_url())))
    assert "code" in arrived(response[0])
    assert trips == (reads, 1)


def test_a_pushed_request_costs_one_read_and_one_write(site, app):
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: pushed(app)) == (1, 1)


@pytest.mark.parametrize("since_the_push", [0, 30])
def test_an_authorization_by_a_pushed_request_costs_its_trips(site, alice, app, since_the_push):
    uri = pushed(app)
    site.clock.pass_by(since_the_push)
    response = []
    trips = site.storage.trips(lambda: response.append(alice.get(uri)))
    assert "code" in arrived(response[0])
    assert trips == (3, 1)


def pushed(app):
    """Push an authorization request; return where the browser goes."""
    form = dict(parse_qsl(urlsplit(app.authorization_url()).query))
    del form["client_id"]
    request_uri = app.post("/oauth/par", form).json["request_uri"]
    query = {"client_id": app.client.client_id, "request_uri": request_uri}
    return app.site.url("/oauth/authorize?" + urlencode(query))


def test_an_authorization_request_that_is_refused_reads_no_session(site, alice, app):
    response = []
    url = app.authorization_url(code_challenge=None)
    trips = site.storage.trips(lambda: response.append(alice.get(url)))
    assert arrived(response[0])["error"] == "invalid_request"
    assert trips == (0, 0)


def test_a_request_that_waited_for_a_sign_in_costs_its_trips(site, alice, app):
    browser = site.browser()
    form = browser.follow(browser.get(app.authorization_url())).form
    form["name"], form["password"] = "alice", PASSWORD
    waiting = form.submit().location
    response = []
    trips = site.storage.trips(lambda: response.append(browser.get(waiting)))
    assert "code" in arrived(response[0])
    assert trips == (2, 1)


def test_a_code_exchange_costs_two_reads_and_a_write(site, alice, app):
    code = alice.connect(app)["code"]
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: app.exchange(code)) == (2, 1)


def test_a_refresh_costs_two_reads_and_a_write(site, alice, app):
    token = app.tokens(alice)["refresh_token"]
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: app.refresh(token)) == (2, 1)


@pytest.fixture
def openid():
    """An application that alice signs in to, over a site with OpenID Connect; and she."""
    site = openid_site()
    yield relying_party(site), site.browser().sign_up("alice")
    site.close()


CLAIMS = [(None, 2), ('{"userinfo": {"name": null}}', 2), ('{"id_token": {"name": null}}', 3)]
"""What is asked of the account, and what a token response reads: once more for its claims."""


@pytest.mark.parametrize(("claims", "reads"), CLAIMS)
def test_an_exchange_with_an_id_token_costs_its_trips(openid, claims, reads):
    app, alice = openid
    code = alice.connect(app, scope="openid", claims=claims)["code"]
    assert_id_token_for(app, lambda: app.exchange(code), reads)


@pytest.mark.parametrize(("claims", "reads"), CLAIMS)
def test_a_refresh_with_an_id_token_costs_its_trips(openid, claims, reads):
    app, alice = openid
    token = app.tokens(alice, scope="openid", claims=claims)["refresh_token"]
    assert_id_token_for(app, lambda: app.refresh(token), reads)


def assert_id_token_for(app, request, reads):
    """The answer to a token request has an ID token and costs that many reads, and one write."""
    app.site.clock.pass_by(6)
    app.site.get("/oauth/jwks")  # the keys are in the cache, as they always are
    answers = []
    assert app.site.storage.trips(lambda: answers.append(request())) == (reads, 1)
    assert answers[0].json["id_token"]


def test_client_credentials_cost_a_read_and_a_write(site):
    app = site.app("machine")
    work = {"grant_type": "client_credentials"}
    assert site.storage.trips(lambda: app.post("token", work)) == (1, 1)


def test_an_introspection_costs_one_read(site, alice, app):
    token = app.tokens(alice)["access_token"]
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: app.introspect(token)) == (1, 0)


def test_a_revocation_costs_a_read_and_a_write(site, alice, app):
    token = app.tokens(alice)["access_token"]
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: app.revoke(token)) == (1, 1)


def test_a_resource_with_claims_costs_its_trips(site, alice, app):
    token = app.tokens(alice)["access_token"]
    assert site.storage.trips(lambda: app.me(token)) == (2, 0)


def test_cross_origin_answers_cost_no_trip(site, alice, app):
    token = app.tokens(alice)["access_token"]
    origin = {"Origin": "https://app.example"}
    assert site.storage.trips(lambda: app.me(token, **origin)) == (2, 0)
    refresh_token = app.tokens(alice)["refresh_token"]
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: app.refresh(refresh_token, origin)) == (2, 1)


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/api",
        "/api/me",
    ],
)
def test_documents_and_challenges_cost_no_trip(site, path):
    assert site.storage.trips(lambda: site.get(path)) == (0, 0)


def test_a_device_costs_its_trips_and_so_does_who_decides(site, alice):
    device = Device.begin(television(site))
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: Device.begin(device.app)) == (1, 1)
    site.clock.pass_by(6)
    assert site.storage.trips(device.poll) == (1, 1)
    form, pages = alice.get("/device").form, []
    form["user_code"] = device.shows["user_code"]
    assert site.storage.trips(lambda: pages.append(form.submit())) == (3, 1)
    page = alice.follow(pages[0])
    site.clock.pass_by(6)
    assert site.storage.trips(lambda: alice.decide(page)) == (4, 1)
    assert site.storage.trips(device.poll) == (2, 1)
