"""The rules of the FAPI 2.0 Security Profile (Final), by section, one test each or more."""

import dataclasses
import json
import warnings

import pytest
from joserfc.jwk import RSAKey

from oauthprov.protocol import metadata
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.request.answers import Refusal
from oauthprov.records import AccessToken, Client
from tests.proofs import Holder
from tests.protocol.assertions import published
from tests.protocol.fapi import (
    HOLDER,
    KEY,
    OTHER_HOLDER,
    PAR_URL,
    FapiWorld,
    refused,
)
from tests.protocol.world import CALLBACK, ISSUER, NOTES, OPENID, TOKEN_URL, World

WEAK = PrivateKey.generate("RS256")
OPENID_SETTINGS = {"scopes": OPENID, "default_scopes": "", "resources": ""}


@pytest.fixture
def world():
    return FapiWorld()


def machine(world, holder=HOLDER, **claims):
    form = {"grant_type": "client_credentials"}
    return world.call("token", form, holder, client_id="worker", **claims)


def test_a_whole_flow_gives_bound_tokens(world):
    body = world.tokens()
    assert body["token_type"] == "DPoP"
    assert [one.record.confirmation for one in world.all(AccessToken)] == [f"jkt:{HOLDER.jkt}"]


class TestSecurityProfile5321:
    """5.3.2.1: clients, their authentication, and tokens."""

    @pytest.mark.parametrize("client_type", ["browser", "native", "device"])
    def test_public_clients_cannot_be_registered(self, world, client_type):
        with pytest.raises(InvalidMetadata, match="Choose one of web, machine, api"):
            world.provider.registrar.register(
                type=client_type, name="App", redirect_uris=[CALLBACK], scopes=["read"]
            )

    @pytest.mark.parametrize(
        "method", ["none", "client_secret", "client_secret_basic", "client_secret_post"]
    )
    def test_clients_with_a_secret_or_none_cannot_be_registered(self, world, method):
        with pytest.raises(InvalidMetadata, match="Choose one of private_key_jwt"):
            world.provider.registrar.register(
                type="web",
                name="App",
                redirect_uris=[CALLBACK],
                scopes=["read"],
                auth_method=method,
            )

    def test_a_client_that_names_no_method_signs(self, world):
        client, secret = world.provider.registrar.register(
            type="web",
            name="App",
            redirect_uris=[CALLBACK],
            scopes=["read"],
            jwks=published(KEY),
        )
        assert (client.auth_method, secret) == ("private_key_jwt", None)

    def test_a_client_that_was_registered_with_a_secret_before_is_refused(self, world):
        world.client("old")
        header = world.auth("old")
        answer = world.post("token", {"grant_type": "client_credentials"}, header, proof=HOLDER)
        refused(answer, "invalid_client", 401)

    def test_a_public_client_that_was_registered_before_can_push_nothing(self, world):
        world.client("phone", "native")
        form = world.query("phone")
        answer = world.call("par", form, HOLDER, url=PAR_URL, client_id=None)
        refused(answer, "invalid_client", 401)

    def test_the_audience_of_an_assertion_is_the_issuer_as_a_string(self, world):
        assert machine(world, aud=ISSUER).status == 200

    @pytest.mark.parametrize(
        "aud",
        [TOKEN_URL, PAR_URL, [ISSUER], [ISSUER, TOKEN_URL], [], ISSUER + "/", ISSUER.upper(), 7],
    )
    def test_any_other_audience_is_refused(self, world, aud):
        refused(machine(world, aud=aud), "invalid_client", 401)

    def test_any_other_audience_is_refused_where_requests_are_pushed(self, world):
        for aud in (TOKEN_URL, PAR_URL, [ISSUER]):
            form = world.query("app")
            answer = world.call("par", form, url=PAR_URL, client_id="app", aud=aud)
            refused(answer, "invalid_client", 401)

    def test_a_client_that_is_not_authenticated_is_asked_for_no_password(self, world):
        answer = machine(world, aud=TOKEN_URL)
        refused(answer, "invalid_client", 401)
        assert "WWW-Authenticate" not in answer.headers
        header = world.auth(world.client("old").client_id)
        answer = world.post("token", {"grant_type": "client_credentials"}, header, proof=HOLDER)
        assert answer.headers["WWW-Authenticate"].startswith("Basic")

    def test_no_access_token_is_issued_without_a_proof(self, world):
        refused(machine(world, None), "invalid_dpop_proof")
        code = world.code()
        refused(world.redeem(code, proof=None), "invalid_dpop_proof")
        assert world.redeem(code).status == 200

    def test_a_code_is_bound_to_the_key_that_its_request_named(self, world):
        for binding in ({"dpop_jkt": HOLDER.jkt}, {"holder": HOLDER}):
            answer = world.push(**binding)
            assert answer.status == 201
            code = world.answered(answer.body["request_uri"])["code"]
            refused(world.redeem(code, proof=OTHER_HOLDER), "invalid_grant")
            assert world.redeem(code).status == 200

    def test_a_key_named_that_is_not_that_of_the_proof_is_refused(self, world):
        refused(world.push(holder=OTHER_HOLDER, dpop_jkt=HOLDER.jkt), "invalid_dpop_proof")

    def test_the_password_grant_is_unknown(self, world):
        form = {"grant_type": "password", "username": "alice", "password": "secret"}
        refused(world.call("token", form, HOLDER), "unsupported_grant_type")


class TestSecurityProfile5322:
    """5.3.2.2: the authorization endpoint."""

    def test_a_request_that_was_not_pushed_is_refused(self, world):
        answer = world.authorize()
        assert dict(answer.params)["error"] == "invalid_request"

    def test_a_request_without_authentication_is_not_pushed(self, world):
        answer = world.call("par", world.query("app"), url=PAR_URL, client_id=None)
        refused(answer, "invalid_client", 401)

    @pytest.mark.parametrize(
        "response_type", ["token", "id_token", "code id_token", "code token", "none"]
    )
    def test_only_codes_are_given(self, world, response_type):
        refused(world.push(response_type=response_type), "unsupported_response_type")

    def test_the_redirect_uri_must_be_pushed_even_if_only_one_is_registered(self, world):
        assert world.push().status == 201
        refused(world.push(redirect_uri=None), "invalid_request")

    def test_a_challenge_is_required_and_only_of_s256(self, world):
        refused(world.push(code_challenge=None), "invalid_request")
        refused(world.push(code_challenge_method="plain"), "invalid_request")
        refused(world.push(code_challenge_method=None), "invalid_request")

    def test_a_client_that_the_operator_lets_omit_it_needs_a_challenge_too(self):
        world = FapiWorld(**OPENID_SETTINGS)
        world.change(Client, "app", pkce="optional", scopes=("openid",))
        refused(world.push(scope="openid", nonce="n", code_challenge=None), "invalid_request")

    def test_the_response_names_the_issuer(self, world):
        assert world.allow()["iss"] == ISSUER

    def test_a_code_lives_for_a_minute_at_most(self, world):
        code = world.code()
        world.now += 60
        refused(world.redeem(code), "invalid_grant")

    def test_a_code_that_was_used_revokes_its_tokens(self, world):
        code = world.code()
        body = world.redeem(code).body
        refused(world.redeem(code), "invalid_grant")
        assert not world.is_live(body["access_token"])

    def test_a_request_uri_lives_for_less_than_ten_minutes(self, world):
        assert world.push().body["expires_in"] == 60

    def test_a_request_uri_is_good_until_it_is_answered(self, world):
        uri = world.pushed()
        assert not isinstance(world.arrive(uri, person=None), Refusal)
        assert not isinstance(world.arrive(uri, person=None), Refusal)

    @pytest.mark.parametrize(
        ("uri", "may"),
        [
            ("https://app.example/cb", True),
            ("http://127.0.0.1/cb", True),
            ("http://app.example/cb", False),
            ("http://localhost.example/cb", False),
        ],
    )
    def test_redirect_uris_are_https_but_on_the_device_itself(self, world, uri, may):
        metadata = {"name": "App", "redirect_uris": [uri], "scopes": ["read"]}
        metadata |= {"jwks": published(KEY)}
        if may:
            assert world.provider.registrar.register(type="web", **metadata)
            return
        with pytest.raises(InvalidMetadata):
            world.provider.registrar.register(type="web", **metadata)


class TestClocks:
    """5.3.2.1: 10 s ahead are taken, more than 60 s are refused."""

    @pytest.mark.parametrize("ahead", [0, 8, 10])
    def test_an_assertion_from_a_clock_a_little_ahead_is_taken(self, world, ahead):
        times = {"iat": world.now + ahead, "nbf": world.now + ahead, "exp": world.now + 120}
        assert machine(world, **times).status == 200

    @pytest.mark.parametrize("name", ["iat", "nbf"])
    def test_one_from_more_than_a_minute_ahead_is_refused(self, world, name):
        times = {name: world.now + 61, "exp": world.now + 120}
        refused(machine(world, **times), "invalid_client", 401)

    def proven(self, world, ahead):
        form = {"grant_type": "client_credentials"} | world.assertion("worker")
        made = HOLDER.proof("POST", TOKEN_URL, world.now + ahead)
        return world.post("token", form, proof=made)

    @pytest.mark.parametrize("ahead", [-10, 10])
    def test_a_proof_from_a_clock_a_little_off_is_taken(self, world, ahead):
        assert self.proven(world, ahead).status == 200

    def test_a_proof_from_more_than_a_minute_ahead_is_refused(self, world):
        refused(self.proven(world, 61), "invalid_dpop_proof")

    def test_an_assertion_that_has_expired_is_refused(self, world):
        refused(machine(world, exp=world.now - 300), "invalid_client", 401)

    def test_an_assertion_without_a_subject_is_refused(self, world):
        refused(machine(world, sub=None), "invalid_client", 401)


class TestAlgorithms:
    """5.4: PS256, ES256 and EdDSA by Ed25519, in both directions; keys of 2048 or 224 bits."""

    @pytest.mark.parametrize("alg", ["PS256", "ES256", "Ed25519", "EdDSA"])
    def test_assertions_of_the_named_algorithms_are_taken(self, world, alg):
        key = PrivateKey.generate(alg)
        world.change(Client, "worker", jwks=published(key))
        assert machine(world, key=key).status == 200

    def test_assertions_of_rs256_are_refused(self, world):
        world.change(Client, "worker", jwks=published(WEAK))
        refused(machine(world, key=WEAK), "invalid_client", 401)
        world.change(Client, "worker", token_endpoint_auth_signing_alg="RS256")
        world.provider = world.another_process()
        refused(machine(world, key=WEAK), "invalid_client", 401)

    def test_an_rsa_key_that_names_no_algorithm_is_for_ps256_alone(self, world):
        either = dataclasses.replace(KEY, alg="RS256")
        document = {name: value for name, value in KEY.public().items() if name != "alg"}
        world.change(Client, "worker", jwks=json.dumps({"keys": [document]}))
        refused(machine(world, key=either), "invalid_client", 401)
        assert machine(world, key=KEY).status == 200

    @pytest.mark.parametrize("alg", ["PS256", "ES256", "Ed25519"])
    def test_proofs_of_the_named_algorithms_are_taken(self, world, alg):
        assert machine(world, Holder(alg)).status == 200

    def test_proofs_of_rs256_are_refused(self, world):
        refused(machine(world, Holder("RS256")), "invalid_dpop_proof")

    def test_a_key_set_without_a_key_for_one_of_them_cannot_be_registered(self, world):
        metadata = {"name": "App", "redirect_uris": [CALLBACK], "scopes": ["read"]}
        with pytest.raises(InvalidMetadata, match="no key of the set is for one of PS256"):
            world.provider.registrar.register(type="web", jwks=published(WEAK), **metadata)
        both = published(WEAK, KEY)
        assert world.provider.registrar.register(type="web", jwks=both, **metadata)

    def test_request_objects_of_rs256_are_refused(self, world):
        world.change(Client, "app", jwks=published(KEY, WEAK))
        asked = dict(world.query("app"))
        for key, status in ((KEY, 201), (WEAK, 400)):
            signed = jose.sign(asked | {"aud": ISSUER}, key, typ=None)
            answer = world.call("par", {"request": signed}, url=PAR_URL)
            assert answer.status == status, answer
        assert answer.body["error"] == "invalid_request_object"

    @pytest.mark.parametrize(
        "member", ["token_endpoint_auth_signing_alg", "request_object_signing_alg"]
    )
    def test_rs256_cannot_be_registered(self, world, member):
        with pytest.raises(InvalidMetadata, match="Choose one of PS256, ES256, Ed25519, EdDSA"):
            world.provider.registrar.edit("app", **{member: "RS256"})

    @pytest.mark.parametrize("algorithms", ["PS256", "ES256 PS256", "Ed25519", "EdDSA"])
    def test_id_tokens_and_jwt_access_tokens_are_signed_with_the_first(self, algorithms):
        scopes = f"{OPENID}\nnotes | See notes"
        world = FapiWorld(
            scopes=scopes,
            default_scopes="",
            resources=f"{NOTES} | notes | Notes | jwt",
            **{"keys.algorithms": algorithms},
        )
        world.change(Client, "app", scopes=("openid", "notes"))
        body = world.tokens(scope="openid notes", resource=NOTES)
        first = algorithms.split()[0]
        for token, typ in ((body["id_token"], "JWT"), (body["access_token"], "at+jwt")):
            keys = world.provider.keys
            verified = keys.verify(token, algorithms=[first], types=(typ,), now=world.now)
            assert verified.header["alg"] == first
        assert {key["alg"] for key in world.provider.keys.jwks()["keys"]} == set(
            algorithms.split()
        )

    def test_a_client_that_registered_itself_gets_the_first_where_there_is_no_rs256(self):
        world = FapiWorld(**OPENID_SETTINGS)
        world.change(Client, "app", scopes=("openid",), registration_token="x" * 43)
        token = world.tokens(scope="openid")["id_token"]
        verified = world.provider.keys.verify(
            token, algorithms=["PS256"], types=("JWT",), now=world.now
        )
        assert verified.claims["sub"] == "alice-id"

    def test_a_client_that_expects_rs256_from_before_gets_the_first(self):
        world = FapiWorld(**OPENID_SETTINGS)
        world.change(Client, "app", scopes=("openid",), id_token_signed_response_alg="RS256")
        token = world.tokens(scope="openid")["id_token"]
        assert world.provider.keys.verify(
            token, algorithms=["PS256"], types=("JWT",), now=world.now
        )

    def test_rsa_keys_of_less_than_2048_bits_are_no_keys(self, world):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is too small
            small = RSAKey.generate_key(1024, auto_kid=True)
        key = PrivateKey(small.kid, "PS256", small)
        world.change(Client, "worker", jwks=published(key))
        refused(machine(world, key=key), "invalid_client", 401)


class TestMetadata:
    """RFC 8414, Discovery: the documents say what the profile allows."""

    def test_the_documents_name_what_is_allowed_and_nothing_else(self):
        settings = World(profile="fapi2", **OPENID_SETTINGS).settings
        entries = {"introspection_endpoint": "x", "revocation_endpoint": "x"}
        document = metadata.authorization_server(settings, entries)
        document |= metadata.openid_provider(settings, (), ())
        for name, value in document.items():
            if "alg_values" in name:
                assert "RS256" not in value, name
                assert value, name
            if name.endswith("auth_methods_supported"):
                assert value == ["private_key_jwt"], name
        assert document["id_token_signing_alg_values_supported"] == ["PS256"]
        assert document["response_types_supported"] == ["code"]
        assert document["code_challenge_methods_supported"] == ["S256"]
        assert document["request_uri_parameter_supported"] is False
        assert document["authorization_response_iss_parameter_supported"] is True
        assert "require_signed_request_object" not in document

    def test_message_signing_says_that_requests_must_be_signed(self):
        settings = World(profile="fapi2-message-signing").settings
        document = metadata.authorization_server(settings, {})
        assert document["require_signed_request_object"] is True


def test_nothing_of_this_holds_without_a_profile():
    world = World()
    world.client()
    assert world.tokens()["token_type"] == "Bearer"
    document = metadata.authorization_server(world.settings, {})
    assert "RS256" in document["token_endpoint_auth_signing_alg_values_supported"]
    assert document["request_uri_parameter_supported"] is True
