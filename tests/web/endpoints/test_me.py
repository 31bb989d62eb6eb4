"""The sample resource, and through it every challenge of RFC 6750."""

from __future__ import annotations

import pytest

from tests import site as sites
from tests.site import PHOTOS, bearing

DOCUMENT = 'resource_metadata="https://id.example/.well-known/oauth-protected-resource/api"'


def test_the_response_names_the_person_of_the_token(site, alice):
    app = site.app()
    response = app.me(app.tokens(alice)["access_token"])
    assert response.status_int == 200
    assert response.json == {"sub": alice.account_id(), "name": "alice"}
    assert response.headers["Cache-Control"] == "no-store"


def test_no_token_gets_a_challenge_without_an_error(site):
    response = site.get("/api/me")
    assert response.status_int == 401
    challenge = response.headers.getall("WWW-Authenticate")[0]
    assert challenge.startswith('Bearer realm="https://id.example"')
    assert DOCUMENT in challenge
    assert "error" not in challenge
    assert response.json == {}


@pytest.mark.parametrize("scheme", ["Basic", "DPoP", "Bearerx", ""])
def test_another_scheme_gets_a_challenge_without_an_error(site, scheme):
    response = site.get("/api/me", headers={"Authorization": f"{scheme} abc"})
    assert response.status_int == 401
    assert "error" not in response.headers.getall("WWW-Authenticate")[0]


@pytest.mark.parametrize("token", ["nonsense", "opa_a.b", "opr_a.b", "x" * 5000, "a=="])
def test_a_dead_token_is_invalid_token(site, token):
    response = site.get("/api/me", headers=bearing(token))
    assert (response.status_int, response.json["error"]) == (401, "invalid_token")
    challenge = response.headers.getall("WWW-Authenticate")[0]
    assert 'error="invalid_token"' in challenge
    assert DOCUMENT in challenge


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer a b", "Bearer a, Bearer b", "Bearer \xff", 'Bearer "'],
)
def test_an_unreadable_authorization_header_is_an_invalid_request(site, header):
    response = site.get("/api/me", headers={"Authorization": header})
    assert (response.status_int, response.json["error"]) == (400, "invalid_request")
    assert 'error="invalid_request"' in response.headers.getall("WWW-Authenticate")[0]


def test_the_scheme_is_case_insensitive(site, alice):
    token = site.app().tokens(alice)["access_token"]
    response = site.get("/api/me", headers={"Authorization": f"bEARER {token}"})
    assert response.status_int == 200


def test_a_token_in_the_query_or_a_form_is_ignored(site, alice):
    token = site.app().tokens(alice)["access_token"]
    response = site.get(f"/api/me?access_token={token}")
    assert response.status_int == 401
    assert "error" not in response.headers.getall("WWW-Authenticate")[0]
    assert site.post("/api/me", {"access_token": token}).status_int == 405


def test_too_few_scopes_are_insufficient_scope(site, alice):
    app = site.app()
    response = app.me(app.tokens(alice, scope="photos:read")["access_token"])
    assert (response.status_int, response.json["error"]) == (403, "insufficient_scope")
    challenge = response.headers.getall("WWW-Authenticate")[0]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="profile:read"' in challenge


def test_a_refresh_token_is_no_access_token(site, alice):
    app = site.app()
    response = app.me(app.tokens(alice)["refresh_token"])
    assert response.json["error"] == "invalid_token"


def test_a_token_expires(site, alice):
    app = site.app()
    token = app.tokens(alice)["access_token"]
    site.clock.pass_by(600)
    assert app.me(token).json["error"] == "invalid_token"


@pytest.mark.parametrize(
    ("resource", "status"),
    [(None, 200), ("https://id.example/api", 200), (PHOTOS, 401)],
)
def test_a_token_is_accepted_at_its_resource_alone(site, alice, resource, status):
    app = site.app()
    scope = "profile:read" if resource != PHOTOS else "photos:read"
    token = app.tokens(alice, resource=resource, scope=scope)["access_token"]
    response = app.me(token)
    assert response.status_int == status
    if status == 401:
        assert response.json["error"] == "invalid_token"


def test_the_sample_resource_exists_only_with_its_scope():
    settings = sites.ini(
        "sqlite://",
        development="true",
        scopes="photos:read | See photos",
        default_scopes="",
        resources="",
    )
    assert sites.standalone(settings).get("/api/me").status_int == 404
