"""Which resource a path belongs to, and the documents of resources: RFC 9728."""

import pytest

from oauthprov.protected_resource import metadata
from oauthprov.settings.values import ALGORITHMS, resources

ISSUER = "https://as.example"
NOTES = "https://notes.example/api"
[RESOURCE] = resources(f"{NOTES} | notes | Notes")


def test_the_document_of_a_resource_has_its_scopes_and_servers():
    assert metadata.document_of(ISSUER, RESOURCE) == {
        "resource": NOTES,
        "authorization_servers": [ISSUER],
        "scopes_supported": ["notes"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Notes",
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
    }


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("https://a.example", "https://a.example/.well-known/x"),
        ("https://a.example/", "https://a.example/.well-known/x"),
        ("https://a.example/b/c", "https://a.example/.well-known/x/b/c"),
        ("https://a.example/b/", "https://a.example/.well-known/x/b/"),
        ("https://a.example/b?c=d", "https://a.example/.well-known/x/b?c=d"),
    ],
)
def test_the_url_of_a_document_inserts_the_well_known_path(identifier, address):
    assert metadata.well_known(identifier, "x") == address


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", "https://a.example/"),
        ("/ap", "https://a.example/"),
        ("/api", "https://a.example/api"),
        ("/api/x", "https://a.example/api"),
        ("/apiary", "https://a.example/"),
        ("/api/deep/x", "https://a.example/api/deep/"),
    ],
)
def test_a_path_belongs_to_the_resource_with_the_longest_path_before_it(path, found):
    uris = ("https://a.example/", "https://a.example/api", "https://a.example/api/deep/")
    declared = resources("\n".join(f"{uri} | read | x" for uri in uris))
    assert metadata.covering(declared, path).uri == found


def test_a_path_outside_of_every_resource_belongs_to_none():
    assert metadata.covering([RESOURCE], "/elsewhere") is None
    assert metadata.covering(resources("https://a.example/?x=1 | read | x"), "/") is None


def test_a_resource_needs_no_offline_access():
    [resource] = resources(f"{NOTES} | notes offline_access | Notes")
    assert metadata.document_of(ISSUER, resource)["scopes_supported"] == ["notes"]
