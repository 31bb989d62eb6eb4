"""The token endpoint over HTTP: statuses, headers, error codes."""

from __future__ import annotations

import pytest

from tests.site import VERIFIER, basic


def assert_error(response, status, error):
    """An error of RFC 6749 section 5.2, which no cache may keep."""
    assert (response.status_int, response.content_type) == (status, "application/json")
    assert response.json["error"] == error
    assert response.headers["Cache-Control"] == "no-store"


def test_a_code_becomes_tokens(site, alice):
    app = site.app()
    response = app.exchange(alice.connect(app)["code"])
    assert response.status_int == 200
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    body = response.json
    assert body.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (body["token_type"], body["scope"]) == ("Bearer", "profile:read")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "opc_unknown.code"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"redirect_uri": "https://app.example/other"}, "invalid_grant"),
        ({"resource": "https://elsewhere.example/"}, "invalid_target"),
        ({"grant_type": None}, "invalid_request"),
        (
            {"grant_type": "password", "username": "alice", "password": "x"},
            "unsupported_grant_type",
        ),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
)
def test_a_bad_request_is_refused_with_its_error(site, alice, changes, error):
    app = site.app()
    form = {"grant_type": "authorization_code", "code_verifier": VERIFIER}
    form["code"] = alice.connect(app)["code"]
    assert_error(app.post("token", form | changes), 400, error)


def test_a_wrong_secret_is_challenged_with_basic(site):
    app = site.app()
    app.secret = "wrong"
    response = app.exchange("any")
    assert_error(response, 401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "form", [{}, {"client_id": "unknown"}, {"client_id": "unknown", "client_secret": "x"}]
)
def test_an_unknown_client_is_401(site, form):
    response = site.post("/oauth/token", {"grant_type": "client_credentials"} | form)
    assert_error(response, 401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


def test_one_client_authentication_method_only(site):
    app = site.app("machine")
    form = {"grant_type": "client_credentials", "client_secret": app.secret}
    header = basic(app.client.client_id, app.secret)
    assert_error(site.post("/oauth/token", form, headers=header), 400, "invalid_request")


def test_only_the_registered_method_is_accepted(site):
    app = site.app("machine", auth_method="client_secret_basic")
    form = {"client_id": app.client.client_id, "client_secret": app.secret}
    response = site.post("/oauth/token", form | {"grant_type": "client_credentials"})
    assert_error(response, 401, "invalid_client")


def test_a_machine_gets_a_token_for_itself(site):
    app = site.app("machine")
    response = app.post("token", {"grant_type": "client_credentials"})
    assert response.status_int == 200
    assert "refresh_token" not in response.json
    assert app.me(response.json["access_token"]).json == {"sub": app.client.client_id}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_405(site, method):
    response = site.send(method, "/oauth/token")
    assert response.status_int == 405
    assert response.headers["Allow"] == "POST, OPTIONS"
    assert response.content_type == "application/json"


def test_a_replayed_code_is_a_400_that_revokes_its_tokens(site, alice):
    app = site.app()
    code = alice.connect(app)["code"]
    tokens = app.exchange(code).json
    assert app.me(tokens["access_token"]).status_int == 200
    assert_error(app.exchange(code), 400, "invalid_grant")
    assert app.me(tokens["access_token"]).status_int == 401
    assert_error(app.refresh(tokens["refresh_token"]), 400, "invalid_grant")


def test_a_failed_verifier_leaves_the_code_usable(site, alice):
    app = site.app()
    code = alice.connect(app)["code"]
    assert_error(app.exchange(code, code_verifier="w" * 64), 400, "invalid_grant")
    assert app.exchange(code, code_verifier=VERIFIER).status_int == 200


def test_a_code_expires_after_a_minute(site, alice):
    app = site.app()
    code = alice.connect(app)["code"]
    site.clock.pass_by(60)
    assert_error(app.exchange(code), 400, "invalid_grant")


def test_a_refresh_may_narrow_and_not_widen(site, alice):
    app = site.app()
    tokens = app.tokens(alice, scope="profile:read photos:read")
    narrowed = app.refresh(tokens["refresh_token"], scope="photos:read")
    assert narrowed.json["scope"] == "photos:read"
    wide = app.refresh(narrowed.json["refresh_token"], scope="photos:read photos:write")
    assert_error(wide, 400, "invalid_scope")
