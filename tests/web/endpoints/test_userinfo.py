"""UserInfo: OpenID Connect Core section 5.3, and RFC 6750 for the token."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.site import API, FORM, ISSUER, OPENID, bearing
from tests.web.openid import openid_site, relying_party

URL = "/oauth/userinfo"


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture
def app(site):
    return relying_party(site)


@pytest.fixture
def token(app, alice) -> str:
    return app.tokens(alice, scope="openid profile")["access_token"]


def form(token: str) -> bytes:
    return urlencode({"access_token": token}).encode()


def assert_challenge(response, status, error):
    assert response.status_int == status
    challenge = response.headers.getall("WWW-Authenticate")[0]
    assert challenge.startswith("Bearer ")
    assert (f'error="{error}"' in challenge) if error else "error" not in challenge


def test_get_returns_the_claims_of_the_scopes(app, alice, token):
    response = app.userinfo(token)
    assert response.status_int == 200
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    said = response.json
    assert said["sub"] == alice.account_id()
    assert (said["name"], said["preferred_username"]) == ("alice", "alice")
    assert isinstance(said["updated_at"], int)
    assert said.keys() == {"sub", "name", "preferred_username", "updated_at"}


def test_a_client_with_a_registered_algorithm_gets_a_jwt(site, alice):
    """Section 5.3.2: for a client that registered an algorithm, whatever it accepts."""
    app = relying_party(site, userinfo_signed_response_alg="RS256")
    token = app.tokens(alice, scope="openid profile")["access_token"]
    response = app.userinfo(token, Accept="application/json")
    assert response.headers["Content-Type"] == "application/jwt"
    assert response.headers["Cache-Control"] == "no-store"
    keys = KeySet.import_key_set(site.get("/oauth/jwks").json)
    said = jwt.decode(response.text, keys, algorithms=["RS256"]).claims
    assert (said["iss"], said["aud"]) == (ISSUER, app.client.client_id)
    assert (said["sub"], said["name"]) == (alice.account_id(), "alice")
    assert said.keys().isdisjoint({"nonce", "exp"})
    origin = {"Origin": "https://app.example"}
    shared = app.userinfo(token, **origin)
    assert shared.headers["Access-Control-Allow-Origin"] == origin["Origin"]


def test_post_takes_the_token_in_the_header(site, app, token):
    response = site.send("POST", URL, **{"Authorization": f"Bearer {token}"})
    assert response.json == app.userinfo(token).json
    as_form = {"Authorization": f"Bearer {token}", "content_type": FORM}
    assert site.send("POST", URL, **as_form).json == response.json


def test_post_takes_the_token_in_a_form(site, app, token):
    """RFC 6750 section 2.2."""
    response = site.send("POST", URL, body=form(token), content_type=FORM)
    assert response.json == app.userinfo(token).json


def test_a_token_in_both_header_and_form_is_refused(site, token):
    """RFC 6750 section 2: no more than one method."""
    both = {"Authorization": f"Bearer {token}", "content_type": FORM}
    assert_challenge(site.send("POST", URL, body=form(token), **both), 400, "invalid_request")
    twice = form(token) + b"&" + form(token)
    response = site.send("POST", URL, body=twice, content_type=FORM)
    assert_challenge(response, 400, "invalid_request")


def test_a_token_in_a_query_or_json_is_not_accepted(site, token):
    """Neither in a query, nor in a body of another type."""
    assert_challenge(site.get(f"{URL}?access_token={token}"), 401, None)
    as_json = site.send("POST", URL, body=form(token), content_type="application/json")
    assert_challenge(as_json, 401, None)
    with_query = site.send("POST", URL, b"a=b", form(token), content_type=FORM)
    assert_challenge(with_query, 400, "invalid_request")


@pytest.mark.parametrize("body", [b"access_token=%zz", b"access_token=%00", b"\xff", b"a=b"])
def test_an_invalid_form_is_refused(site, body):
    response = site.send("POST", URL, body=body, content_type=FORM)
    assert response.status_int in (400, 401)
    assert "WWW-Authenticate" in response.headers


def test_a_request_without_a_token_gets_a_challenge(site):
    assert_challenge(site.get(URL), 401, None)
    assert_challenge(site.send("POST", URL), 401, None)


def test_a_dead_token_is_invalid_token(site, app, alice, token):
    assert_challenge(site.get(URL, headers=bearing("opa_x.y")), 401, "invalid_token")
    app.revoke(token)
    assert_challenge(app.userinfo(token), 401, "invalid_token")


def test_a_token_without_scope_openid_is_insufficient_scope(app, alice):
    token = app.tokens(alice, scope="profile:read")["access_token"]
    response = app.userinfo(token)
    assert_challenge(response, 403, "insufficient_scope")
    assert 'scope="openid"' in response.headers.getall("WWW-Authenticate")[0]


def test_a_token_of_a_machine_is_refused(site):
    machine = relying_party(site, kind="machine")
    form = {"grant_type": "client_credentials", "scope": "openid"}
    token = machine.post("token", form).json["access_token"]
    assert_challenge(machine.userinfo(token), 403, "insufficient_scope")


def test_a_token_for_another_resource_is_refused(site, app, alice):
    """RFC 8707: a token for another resource isn't for this one."""
    asked = {"scope": "openid profile:read", "resource": f"{ISSUER}{API}"}
    token = app.tokens(alice, **asked)["access_token"]
    assert_challenge(app.userinfo(token), 401, "invalid_token")


def test_a_token_for_userinfo_as_a_declared_resource_is_accepted():
    here = f"{ISSUER}{URL}"
    site = openid_site(resources=f"{here} | openid profile | Who you are")
    app = relying_party(site)
    alice = site.browser().sign_up("alice")
    token = app.tokens(alice, scope="openid", resource=here)["access_token"]
    assert app.userinfo(token).json == {"sub": alice.account_id()}
    site.close()


def test_a_browser_app_reads_userinfo_from_its_own_origin(site, app, token):
    """A browser app reads what its own token gives."""
    preflight = site.send("OPTIONS", URL, Origin="https://app.example")
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, POST"
    origin = {"Origin": "https://app.example"}
    response = app.userinfo(token, **origin)
    assert response.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    elsewhere = app.userinfo(token, Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in elsewhere.headers
    posted = site.send("POST", URL, body=form(token), content_type=FORM, **origin)
    assert posted.headers["Access-Control-Allow-Origin"] == origin["Origin"]


def test_the_token_of_a_disabled_account_is_refused(site, app, alice, token):
    ours = site.wsgi.registry["oauthprov"]
    ours.provider.endings.finish(ours.people.disable(alice.account_id()).sweep)
    assert_challenge(app.userinfo(token), 401, "invalid_token")


def test_userinfo_costs_one_read_for_the_token_and_one_for_the_account(site, app, alice, token):
    """One read for the token, one for the account if its claims are requested."""
    assert site.storage.trips(lambda: app.userinfo(token)) == (2, 0)
    bare = app.tokens(alice, scope="openid")["access_token"]
    assert site.storage.trips(lambda: app.userinfo(bare)) == (1, 0)
    origin = {"Origin": "https://app.example"}
    assert site.storage.trips(lambda: app.userinfo(bare, **origin)) == (1, 0)


def test_no_endpoint_where_openid_is_off():
    site = openid_site(scopes=OPENID.replace("openid |", "openly |"))
    assert site.get(URL).status_int == 404
    site.close()
