"""A server under a FAPI 2.0 profile, as developers, clients and resources see it."""

import json

import pytest

from oauthprov.protocol.keys.jwk import PrivateKey
from tests import site as sites
from tests.site import CALLBACK, OPENID
from tests.web.openid import register_itself

KEY = PrivateKey.generate("ES256")
KEYS = {"keys": [KEY.public()]}


@pytest.fixture
def site():
    settings = sites.ini("sqlite://", development="true", scopes=OPENID, profile="fapi2")
    del settings["oauthprov.device"]
    made = sites.standalone(settings)
    yield made
    made.close()


def test_the_console_offers_types_of_clients_that_can_keep_a_key(site):
    page = site.browser().sign_up("alice").get("/clients/new")
    types = {link["href"].rpartition("/")[2] for link in page.html.select("main a[href]")}
    assert types & {"web", "browser", "native", "device", "machine", "api"} == {
        *("web", "machine", "api"),
    }


def test_a_client_in_the_console_needs_keys_and_gets_no_secret(site):
    alice = site.browser().sign_up("alice")
    form = alice.get("/clients/new/web").form
    assert "auth_method" not in form.fields  # there is one method alone
    form["name"], form["redirect_uris"] = "Photos", CALLBACK
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    assert "A client that proves itself by private_key_jwt has it, or jwks." in refused
    form = refused.form
    form["jwks"] = json.dumps(KEYS)
    page = form.submit().follow()
    assert "Client secret" not in page.html.select_one("main").get_text()
    [stored] = site.storage.find(sites.Client).items
    assert (stored.record.auth_method, stored.record.secrets) == ("private_key_jwt", ())


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"token_endpoint_auth_method": "none"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS, "application_type": "x"},
    ],
)
def test_a_client_that_cannot_keep_a_key_cannot_register_itself(site, members):
    answer = register_itself(site, **members)
    assert (answer.status_int, answer.json["error"]) == (400, "invalid_client_metadata")


def test_a_client_with_a_key_registers_itself_and_learns_the_algorithms_it_gets(site):
    method = {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS}
    answer = register_itself(site, **method, scope="openid")
    assert answer.status_int == 201
    algorithms = {
        value for name, value in answer.json.items() if name.endswith("_signed_response_alg")
    }
    assert algorithms == {"PS256"}
    again = register_itself(site, **method, id_token_signed_response_alg="RS256")
    assert again.json["error"] == "invalid_client_metadata"


def test_the_documents_of_resources_name_the_algorithms_of_proofs(site):
    document = site.get("/.well-known/oauth-protected-resource/api").json
    algorithms = document["dpop_signing_alg_values_supported"]
    assert algorithms == ["PS256", "ES256", "Ed25519", "EdDSA"]


def test_there_is_no_device_page(site):
    assert site.get("/device").status_int == 404
    assert site.post("/oauth/device_authorization", {}).status_int == 404
