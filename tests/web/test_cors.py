"""Which origin may read which answer."""

from __future__ import annotations

import pytest

from oauthprov.web.http.origins import origin_of
from tests.site import VERIFIER, bearing

MINE = "https://app.example"
OTHER = "https://evil.example"


def allowed(response):
    assert "Access-Control-Allow-Credentials" not in response.headers
    return response.headers.get("Access-Control-Allow-Origin")


@pytest.fixture
def app(site):
    return site.app("browser")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/oauth/token", "POST"),
        ("/oauth/revoke", "POST"),
        ("/api/me", "GET"),
        ("/.well-known/oauth-authorization-server", "GET"),
        ("/.well-known/oauth-protected-resource/api", "GET"),
    ],
)
def test_a_preflight_lets_any_origin_ask_without_cookies(site, path, methods):
    response = site.send(
        "OPTIONS",
        path,
        Origin=OTHER,
        Access_Control_Request_Method=methods,
        Access_Control_Request_Headers="authorization, dpop, mcp-protocol-version",
    )
    assert response.status_int == 204
    assert allowed(response) == "*"
    assert response.headers["Access-Control-Allow-Methods"] == methods
    named = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "dpop", "mcp-protocol-version"} <= set(named)
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert "Set-Cookie" not in response.headers


class TestAnUnknownDocument:
    """Clients probe for metadata at several URLs; a browser must let them see a 404."""

    PATHS = (
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/mcp",
        "/oauth/.well-known/openid-configuration",
    )

    @pytest.mark.parametrize("path", PATHS)
    def test_any_origin_may_read_that_it_is_missing(self, site, path):
        response = site.get(path, headers={"Origin": OTHER})
        assert (response.status_int, response.json["error"]) == (404, "not_found")
        assert allowed(response) == "*"
        assert response.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", PATHS)
    def test_a_preflight_lets_any_origin_ask(self, site, path):
        asked = {"Access_Control_Request_Headers": "mcp-protocol-version"}
        response = site.send("OPTIONS", path, Origin=OTHER, **asked)
        assert (response.status_int, allowed(response)) == (204, "*")
        assert "mcp-protocol-version" in response.headers["Access-Control-Allow-Headers"]
        assert response.headers["Access-Control-Allow-Methods"] == "GET"

    def test_any_other_page_that_is_missing_allows_no_origin(self, site):
        for method in ("GET", "OPTIONS"):
            response = site.send(method, "/nothing/well-known/", Origin=OTHER)
            assert (response.status_int, response.content_type) == (404, "text/html")
            assert allowed(response) is None


@pytest.mark.parametrize(("origin", "expected"), [(MINE, MINE), (OTHER, None), ("null", None)])
def test_tokens_are_for_the_origins_of_the_client(alice, app, origin, expected):
    code = alice.connect(app)["code"]
    response = app.exchange(code, {"Origin": origin})
    assert response.status_int == 200
    assert allowed(response) == expected
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        (
            {"grant_type": "authorization_code", "code": "x", "code_verifier": VERIFIER},
            400,
            "invalid_grant",
        ),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ({"refresh_token": "x", "client_secret": "x"}, 401, "invalid_client"),
    ],
)
def test_a_browser_app_can_read_its_errors(app, form, status, error):
    response = app.post("token", {"grant_type": "refresh_token"} | form, {"Origin": MINE})
    assert (response.status_int, response.json["error"]) == (status, error)
    assert allowed(response) == MINE
    assert allowed(app.post("token", form, {"Origin": OTHER})) is None


def test_a_client_authenticated_by_basic_counts_too(site, alice):
    app = site.app()
    response = app.exchange(alice.connect(app)["code"], {"Origin": MINE})
    assert allowed(response) == MINE


@pytest.mark.parametrize("form", [{}, {"client_id": "unknown"}, {"client_id": "a\0b"}])
def test_a_response_without_a_client_allows_no_origin(site, form):
    response = site.post("/oauth/token", form, headers={"Origin": MINE})
    assert response.status_int in (400, 401)
    assert allowed(response) is None
    assert response.headers["Vary"] == "Origin"


def test_revocation_answers_the_origins_of_the_client(alice, app):
    token = app.tokens(alice)["access_token"]
    for origin, expected in ((MINE, MINE), (OTHER, None)):
        response = app.post("/oauth/revoke", {"token": token}, {"Origin": origin})
        assert (response.status_int, allowed(response)) == (200, expected)


def test_a_resource_answers_the_origins_of_the_tokens_client(alice, app):
    token = app.tokens(alice)["access_token"]
    assert allowed(app.me(token, Origin=MINE)) == MINE
    assert allowed(app.me(token, Origin=OTHER)) is None


def test_insufficient_scope_can_be_read_by_the_token_s_client(site, alice, app):
    token = app.tokens(alice, scope="photos:read")["access_token"]
    response = app.me(token, Origin=MINE)
    assert (response.status_int, allowed(response)) == (403, MINE)


@pytest.mark.parametrize("headers", [{}, bearing("opa_unknown.token")])
def test_any_origin_may_read_a_challenge(site, headers):
    response = site.get("/api/me", headers=headers | {"Origin": OTHER})
    assert (response.status_int, allowed(response)) == (401, "*")
    assert "WWW-Authenticate" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", ["/oauth/introspect", "/login", "/", "/healthz"])
def test_endpoints_not_for_browser_apps_allow_no_origin(site, path):
    for method in ("GET", "POST", "OPTIONS"):
        assert allowed(site.send(method, path, Origin=MINE)) is None


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://app.example/callback", "https://app.example"),
        ("https://app.example:443/callback", "https://app.example"),
        ("https://app.example:8443/", "https://app.example:8443"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
        ("com.example.app:/callback", None),
        ("https://app.example:port/", None),
        ("https:///callback", None),
    ],
)
def test_the_origin_of_a_url_is_scheme_host_and_port(url, origin):
    assert origin_of(url) == origin
