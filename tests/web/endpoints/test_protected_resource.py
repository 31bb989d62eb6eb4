"""The documents of protected resources (RFC 9728)."""

from __future__ import annotations

import pytest

from oauthprov.settings.values import ALGORITHMS
from tests import site as sites
from tests.web.endpoints.test_metadata import mounted


def serving(resources):
    return sites.standalone(sites.ini("sqlite://", development="true", resources=resources))


def test_a_resource_publishes_its_metadata(site):
    response = site.get("/.well-known/oauth-protected-resource/api")
    assert response.status_int == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.json == {
        "resource": "https://id.example/api",
        "authorization_servers": ["https://id.example"],
        "scopes_supported": ["profile:read"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Your profile",
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
    }


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("https://id.example", ""),
        ("https://id.example/", ""),
        ("https://id.example/a/b", "/a/b"),
        ("https://id.example/a/", "/a/"),
        ("https://id.example/a%20b", "/a%20b"),
        ("https://id.example/a?tenant=1", "/a?tenant=1"),
        ("https://ID.example:443/a", "/a"),
    ],
)
def test_the_document_s_url_is_derived_from_the_resource(uri, path):
    site = serving(f"{uri} | profile:read | Yours")
    response = site.get(f"/.well-known/oauth-protected-resource{path}")
    assert response.json["resource"] == uri


def test_a_resource_says_that_it_accepts_only_bound_tokens():
    site = serving(
        "https://id.example/a | profile:read | One | bound\n"
        "https://id.example/b | photos:read | Two"
    )
    a, b = (site.get(f"/.well-known/oauth-protected-resource/{path}").json for path in "ab")
    assert a["dpop_bound_access_tokens_required"] is True
    assert "dpop_bound_access_tokens_required" not in b


def test_resources_that_differ_only_in_the_query_have_their_own_documents():
    site = serving(
        "https://id.example/a?t=1 | profile:read | One\n"
        "https://id.example/a?t=2 | photos:read | Two"
    )
    first = site.get("/.well-known/oauth-protected-resource/a?t=1").json
    second = site.get("/.well-known/oauth-protected-resource/a?t=2").json
    assert (first["resource_name"], second["resource_name"]) == ("One", "Two")


@pytest.mark.parametrize("path", ["", "/", "/api/", "/api/me", "/API", "/api?x=1"])
def test_an_undeclared_resource_has_no_document(site, path):
    response = site.get(f"/.well-known/oauth-protected-resource{path}")
    assert response.status_int == 404


def test_a_resource_on_another_host_publishes_its_own():
    site = serving("https://photos.example/ | photos:read | Photos")
    assert site.get("/.well-known/oauth-protected-resource").status_int == 404
    document = site.get("/.well-known/oauth-authorization-server").json
    assert document["protected_resources"] == ["https://photos.example/"]


def test_an_issuer_with_a_path_serves_it_at_the_root():
    site = mounted("/auth")
    url = "https://id.example/.well-known/oauth-protected-resource/auth/api"
    assert site.get(url).json["resource"] == "https://id.example/auth/api"
