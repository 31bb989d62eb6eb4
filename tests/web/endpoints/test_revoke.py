"""The revocation endpoint over HTTP (RFC 7009)."""

from __future__ import annotations

from tests.web.endpoints.test_token import assert_error


def test_revoking_an_access_token_revokes_it_alone(site, alice):
    app = site.app()
    tokens = app.tokens(alice)
    response = app.revoke(tokens["access_token"])
    assert response.status_int == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert app.me(tokens["access_token"]).status_int == 401
    assert app.refresh(tokens["refresh_token"]).status_int == 200


def test_revoking_a_refresh_token_revokes_its_access_tokens(site, alice):
    app = site.app("browser")
    tokens = app.tokens(alice)
    assert app.revoke(tokens["refresh_token"]).status_int == 200
    assert app.me(tokens["access_token"]).status_int == 401
    assert_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_revoking_an_unknown_token_succeeds(site):
    assert site.app().revoke("nonsense").status_int == 200


def test_another_client_s_token_stays_live(site, alice):
    app = site.app()
    tokens = app.tokens(alice)
    assert_error(site.app(name="Other").revoke(tokens["access_token"]), 400, "invalid_grant")
    assert app.me(tokens["access_token"]).status_int == 200


def test_bad_requests_are_refused_with_their_status_and_error(site):
    app = site.app()
    assert_error(app.post("/oauth/revoke", {}), 400, "invalid_request")
    response = site.get("/oauth/revoke?token=x")
    assert (response.status_int, response.headers["Allow"]) == (405, "POST, OPTIONS")
    app.secret = "wrong"
    assert_error(app.revoke("x"), 401, "invalid_client")


def test_an_empty_response_has_no_content_type(site, alice):
    app = site.app("browser")
    revoked = app.revoke(app.tokens(alice)["access_token"])
    asked = site.send("OPTIONS", "/oauth/revoke", Origin="https://app.example")
    for response, status in ((revoked, 200), (asked, 204)):
        assert (response.status_int, response.body) == (status, b"")
        assert "Content-Type" not in response.headers
