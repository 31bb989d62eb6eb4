"""The metadata documents: RFC 8414, RFC 9207, RFC 9728."""

from oauthprov.protocol import metadata
from tests.protocol.world import ISSUER, NOTES, PHOTOS, World

SIGNED_WITH = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]


def test_the_server_s_document_has_its_endpoints_and_capabilities(world):
    entries = {"token_endpoint": f"{ISSUER}/oauth/token"}
    assert metadata.authorization_server(world.settings, entries) == {
        "issuer": ISSUER,
        "token_endpoint": f"{ISSUER}/oauth/token",
        "response_types_supported": ["code"],
        "response_modes_supported": [
            "query",
            "fragment",
            "form_post",
            "jwt",
            "query.jwt",
            "fragment.jwt",
            "form_post.jwt",
        ],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "none",
        ],
        "token_endpoint_auth_signing_alg_values_supported": SIGNED_WITH,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "authorization_signing_alg_values_supported": ["RS256"],
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": [
            "RS256",
            "PS256",
            "ES256",
            "Ed25519",
            "EdDSA",
        ],
        "dpop_signing_alg_values_supported": SIGNED_WITH,
        "scopes_supported": ["read", "write", "photos", "notes"],
        "protected_resources": [PHOTOS, NOTES],
    }, "write here what the server now announces, and see that discovery may say so"


def test_methods_are_named_for_the_endpoints_that_are_on(world):
    entries = {"introspection_endpoint": "x", "revocation_endpoint": "y"}
    document = metadata.authorization_server(world.settings, entries)
    assert document["introspection_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ]
    assert "none" in document["revocation_endpoint_auth_methods_supported"]
    for endpoint in ("introspection", "revocation"):
        name = f"{endpoint}_endpoint_auth_signing_alg_values_supported"
        assert document[name] == SIGNED_WITH


def test_empty_lists_are_left_out():
    world = World(scopes="", default_scopes="", resources="")
    document = metadata.authorization_server(world.settings, {})
    assert "scopes_supported" not in document
    assert "protected_resources" not in document


def test_every_grant_type_named_is_known_to_the_token_endpoint(world):
    document = metadata.authorization_server(world.settings, {})
    world.client("all", grant_types=tuple(document["grant_types_supported"]))
    for grant_type in document["grant_types_supported"]:
        answer = world.post("token", {"grant_type": grant_type, "scope": "read"}, client_id="all")
        assert answer.body.get("error") in (None, "invalid_request")
