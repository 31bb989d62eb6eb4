"""What a protocol that is off leaves: no endpoint, grant type, client member or word of it."""

import json

import pytest

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from tests import site as sites
from tests.web.endpoints.test_token import assert_error

OFF = {"par": "off", "dpop": "off", "device": "false", "client_documents": "off"}
CALLBACK = "https://app.example/callback"


@pytest.fixture(scope="module")
def site():
    """All that may be off is; so are certificates, whose settings are absent."""
    made = sites.standalone(sites.ini("sqlite://", development="true", registration="open", **OFF))
    yield made
    made.close()


def register(site, **members):
    body = json.dumps({"redirect_uris": [CALLBACK]} | members).encode()
    return site.send("POST", "/oauth/register", body=body, Content_Type="application/json")


@pytest.mark.parametrize("path", ["/oauth/par", "/oauth/device_authorization", "/device"])
def test_its_endpoint_is_not_found(site, path):
    for method in ("GET", "POST", "OPTIONS"):
        assert site.send(method, path).status_int == 404


def test_its_grant_type_is_unsupported(site):
    form = {"grant_type": DEVICE_CODE, "device_code": "opd_x.y"}
    assert_error(site.app().post("/oauth/token", form), 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "members",
    [
        {"require_pushed_authorization_requests": True},
        {"dpop_bound_access_tokens": True},
        {"tls_client_certificate_bound_access_tokens": True},
        *({f"tls_client_auth_{name}": value} for name, value in {
            "subject_dn": "CN=app",
            "san_dns": "app.example",
            "san_uri": "urn:example:app",
            "san_ip": "192.0.2.7",
            "san_email": "alice@example.org",
        }.items()),
        {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=app"},
        {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": []}},
        {"authorization_signed_response_alg": "ES256"},
        {"introspection_signed_response_alg": "none"},
        {"grant_types": [DEVICE_CODE]},
    ],
)  # fmt: skip
def test_its_client_member_is_refused(site, members):
    assert_error(register(site, **members), 400, "invalid_client_metadata")


def test_a_flag_that_says_no_is_accepted(site):
    flags = ("require_pushed_authorization_requests", "dpop_bound_access_tokens")
    assert register(site, **dict.fromkeys(flags, False)).status_int == 201


def test_a_client_cannot_be_named_by_a_url(site):
    url = "https://app.example/client.json"
    form = {"grant_type": "authorization_code", "client_id": url, "code": "opc_x.y"}
    assert_error(site.post("/oauth/token", form), 401, "invalid_client")


def test_the_metadata_say_nothing_of_it(site):
    document = site.get("/.well-known/oauth-authorization-server").json
    words = ("pushed", "dpop", "mtls", "tls_client", "device", "client_id_metadata")
    assert not [name for name in document if any(word in name for word in words)]
    assert DEVICE_CODE not in document["grant_types_supported"]
