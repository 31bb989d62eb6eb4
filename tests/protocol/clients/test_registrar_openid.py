"""Members of OpenID Connect Registration section 2: read, validated and returned."""

import json

import pytest

from oauthprov.protocol.request.answers import Call
from oauthprov.records import Client
from tests.protocol.world import CALLBACK, openid_world

EVERYTHING = {
    "subject_type": "pairwise",
    "id_token_signed_response_alg": "ES256",
    "userinfo_signed_response_alg": "RS256",
    "default_max_age": 3600,
    "require_auth_time": True,
    "default_acr_values": ["2", "1"],
}
DEFAULTS = {
    "subject_type": "public",
    "id_token_signed_response_alg": "RS256",
    "require_auth_time": False,
}


@pytest.fixture(scope="module")
def world():
    more = {"openid.pairwise_secret": "zyxwvutsrqponmlkjihgfedcba9876543210"}
    return openid_world(registration="open", **{"keys.algorithms": "ES256 RS256"} | more)


def address_of(client_id):
    return f"https://as.example/oauth/register/{client_id}"


def call(method, document, token=None):
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return Call(method, b"", json.dumps(document).encode(), headers)


def register(world, **metadata):
    request = call("POST", {"redirect_uris": [CALLBACK]} | metadata)
    return world.provider.registration.register(request, address_of, lambda: None)


def managed(world, told, method, document=None):
    """What the client configuration endpoint answers (RFC 7592)."""
    act = getattr(world.provider.registration, method)
    request = call("PUT", document, told["registration_access_token"])
    return act(request, told["client_id"], address_of).body


def test_the_response_repeats_the_registered_openid_metadata(world):
    told = register(world, **EVERYTHING).body
    assert EVERYTHING.items() <= told.items()
    assert EVERYTHING.items() <= managed(world, told, "read").items()
    stored = world.storage.get(Client, told["client_id"]).record
    assert stored.default_acr_values == ("2", "1")


def test_an_update_replaces_the_openid_metadata(world):
    told = register(world, **EVERYTHING).body
    document = {"client_id": told["client_id"], "redirect_uris": [CALLBACK]}
    left = managed(world, told, "update", document)
    assert DEFAULTS.items() <= left.items()
    assert left.keys().isdisjoint(EVERYTHING.keys() - DEFAULTS.keys())


def test_a_client_that_may_not_have_openid_gets_no_openid_defaults():
    world = openid_world(registration="open", **{"registration.scopes": "read"})
    told = register(world, scope="read").body
    assert told.keys().isdisjoint(EVERYTHING)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("subject_type", "private"),
        ("subject_type", ["pairwise"]),
        ("sector_identifier_uri", ["https://app.example/uris.json"]),
        ("sector_identifier_uri", "http://app.example/uris.json"),
        ("id_token_signed_response_alg", "none"),
        ("id_token_signed_response_alg", "HS256"),
        ("id_token_signed_response_alg", "PS256"),
        ("id_token_signed_response_alg", "rs256"),
        ("userinfo_signed_response_alg", "none"),
        ("userinfo_signed_response_alg", 256),
        ("default_max_age", -1),
        ("default_max_age", 1.5),
        ("default_max_age", "60"),
        ("default_max_age", True),
        ("require_auth_time", "true"),
        ("require_auth_time", 1),
        ("default_acr_values", "1"),
        ("default_acr_values", ["1 2"]),
        ("default_acr_values", [""]),
        ("default_acr_values", ["\n"]),
        ("default_acr_values", [str(n) for n in range(11)]),
        ("default_acr_values", ["x" * 201]),
        ("post_logout_redirect_uris", ["https://app.example/bye?state=1"]),
    ],
)
def test_invalid_openid_metadata_is_refused_by_name(world, member, value):
    refused = register(world, **{member: value})
    assert (refused.status, refused.body["error"]) == (400, "invalid_client_metadata")
    assert refused.body["error_description"].startswith(f"{member}: ")


def test_a_huge_default_max_age_is_capped(world):
    told = register(world, default_max_age=10**15).body
    assert told["default_max_age"] == 315_360_000
    client = world.storage.get(Client, told["client_id"]).record
    assert world.authorize(client.client_id, scope="openid").step == "consent"


@pytest.mark.parametrize(
    "name",
    [
        "id_token_encrypted_response_alg",
        "id_token_encrypted_response_enc",
        "userinfo_encrypted_response_alg",
        "userinfo_encrypted_response_enc",
    ],
)
def test_encryption_members_are_left_out_of_the_response(world, name):
    """RFC 7591 section 3.2.1: the response shows that the client won't get it."""
    told = register(world, **{name: "RSA-OAEP-256"})
    assert told.status == 201
    assert name not in told.body
