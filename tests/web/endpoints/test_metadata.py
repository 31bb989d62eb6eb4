"""The metadata document: its URLs, and that all announced endpoints exist."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from pyramid.config import Configurator

from oauthprov.protocol.clients import methods
from tests import site as sites


def mounted(prefix, **more):
    """A site whose issuer has the path ``prefix``, as a host includes it."""
    settings = sites.ini(
        "sqlite://", issuer=f"https://id.example{prefix}", development="true", **more
    )
    with Configurator(settings=settings) as config:
        config.include("oauthprov", route_prefix=prefix)
        return sites.assembled(config, settings["oauthprov.issuer"])


def test_every_announced_endpoint_exists(site):
    document = site.get("/.well-known/oauth-authorization-server").json
    endpoints = {name: url for name, url in document.items() if name.endswith("_endpoint")}
    assert endpoints.keys() == {
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "pushed_authorization_request_endpoint",
        "registration_endpoint",
        "device_authorization_endpoint",
    }, "name here what a new endpoint announces by add_oauth_metadata"
    for name, url in endpoints.items():
        assert url.startswith(site.issuer + "/"), name
        response = site.send("POST", urlsplit(url).path)
        assert response.status_int in (400, 401), (
            f"{name} must refuse an empty POST with 400 or 401;"
            " give an endpoint that takes no POST a test of its own"
        )


def test_metadata_describes_the_server(site):
    response = site.get("/.well-known/oauth-authorization-server")
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in response.headers
    document = response.json
    assert document["issuer"] == site.issuer
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["scopes_supported"] == ["profile:read", "photos:read", "photos:write"]
    assert document["protected_resources"] == [f"{site.issuer}/api", sites.PHOTOS]


def test_announced_grants_and_methods_work(site):
    document = site.get("/.well-known/oauth-authorization-server").json
    for grant_type in document["grant_types_supported"]:
        app = site.app("machine" if grant_type == "client_credentials" else "web")
        answer = app.post("token", {"grant_type": grant_type})
        assert answer.json.get("error") not in ("unsupported_grant_type", "unauthorized_client")
    response = site.app().post("token", {"grant_type": "password"})
    assert response.json["error"] == "unsupported_grant_type"
    known = methods.registrable(site.wsgi.registry["oauthprov.settings"])
    assert document["token_endpoint_auth_methods_supported"] == known


def test_urls_never_follow_the_host_header(site):
    response = site.get(
        "/.well-known/oauth-authorization-server", headers={"Host": "evil.example"}
    )
    assert "evil" not in response.text


@pytest.mark.parametrize(
    ("settings", "path", "status"),
    [
        ({}, "/.well-known/oauth-authorization-server/auth", 200),
        ({}, "/auth/.well-known/oauth-authorization-server", 200),
        ({}, "/.well-known/oauth-authorization-server", 404),
        ({"well_known_root": "true"}, "/.well-known/oauth-authorization-server", 200),
        ({}, "/.well-known/openid-configuration/auth", 404),
        ({}, "/auth/.well-known/openid-configuration", 404),
    ],
)
def test_an_issuer_with_a_path_has_its_document_where_settings_say(settings, path, status):
    site = mounted("/auth", **settings)
    response = site.get("https://id.example" + path)
    assert response.status_int == status
    if status == 200:
        assert response.json["issuer"] == "https://id.example/auth"
        assert response.json["token_endpoint"] == "https://id.example/auth/oauth/token"


def test_other_methods_are_405(site):
    response = site.post("/.well-known/oauth-authorization-server", {})
    assert (response.status_int, response.headers["Allow"]) == (405, "GET, OPTIONS")
    assert response.json["error"] == "invalid_request"
