"""The introspection endpoint over HTTP (RFC 7662)."""

from __future__ import annotations

from tests.web.endpoints.test_token import assert_error


def test_a_live_token_is_active_with_its_members(site, alice):
    app = site.app()
    tokens = app.tokens(alice, resource=f"{site.issuer}/api")
    response = app.post("/oauth/introspect", {"token": tokens["access_token"]})
    assert response.status_int == 200
    assert response.headers["Cache-Control"] == "no-store"
    told = response.json
    assert told["active"] is True
    assert told["sub"] == alice.account_id()
    assert told["aud"] == [f"{site.issuer}/api"]
    assert told["exp"] - told["iat"] == 600


def test_a_dead_token_is_inactive_without_further_members(site, alice):
    app = site.app()
    tokens = app.tokens(alice)
    for token in ("nonsense", "opa_unknown.token", tokens["access_token"] + "x"):
        assert app.introspect(token) == {"active": False}
    site.clock.pass_by(600)
    assert app.introspect(tokens["access_token"]) == {"active": False}


def test_another_clients_token_is_inactive(site, alice):
    tokens = site.app().tokens(alice)
    assert site.app(name="Other").introspect(tokens["access_token"]) == {"active": False}


def test_a_public_client_may_not_introspect(site, alice):
    app = site.app("browser")
    tokens = app.tokens(alice)
    response = app.post("/oauth/introspect", {"token": tokens["access_token"]})
    assert_error(response, 401, "invalid_client")


def test_bad_requests_are_refused_with_their_status_and_error(site):
    app = site.app()
    assert_error(app.post("/oauth/introspect", {}), 400, "invalid_request")
    response = site.get("/oauth/introspect?token=x")
    assert (response.status_int, response.headers["Allow"]) == (405, "POST")
    app.secret = "wrong"
    response = app.post("/oauth/introspect", {"token": "x"})
    assert_error(response, 401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic ")
