"""What signs the tokens of each client: OpenID Connect Registration section 2."""

import dataclasses

import pytest

from oauthprov.credentials import digest
from oauthprov.protocol.keys import jose
from oauthprov.protocol.provider import Provider
from oauthprov.records import Client
from tests.protocol.visit import Visit
from tests.protocol.world import ISSUER, Accounts, openid_world

ALGORITHMS = {"keys.algorithms": "ES256 RS256 Ed25519"}


@pytest.fixture
def world():
    return openid_world(**ALGORITHMS)


def id_token(world, **asked):
    tokens = world.tokens(scope="openid", **asked)
    return world.id_token(tokens["id_token"]), tokens["access_token"]


def userinfo(world, scope="openid email"):
    return world.provider.userinfo(
        world.provider.token_info(world.tokens(scope=scope)["access_token"])
    )


def without(world, alg):
    """The provider after the operator has switched an algorithm off."""
    left = tuple(name for name in world.settings.keys_algorithms if name != alg)
    settings = dataclasses.replace(world.settings, keys_algorithms=left)
    return Provider(settings, world.storage, Accounts(), lambda: world.now)


class TestIdTokens:
    """``id_token_signed_response_alg``."""

    def test_the_first_algorithm_is_the_default(self, world):
        assert id_token(world)[0].header["alg"] == "ES256"

    def test_clients_that_registered_themselves_expect_rs256(self, world):
        world.change(Client, "app", registration_token=digest("secret"))
        assert id_token(world)[0].header["alg"] == "RS256"

    @pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519"])
    def test_the_registered_algorithm_signs_id_tokens_and_hashes_at_hash(self, world, alg):
        """Core section 3.1.3.6: at_hash is hashed as the signature is."""
        world.change(Client, "app", id_token_signed_response_alg=alg)
        token, access_token = id_token(world)
        assert token.header["alg"] == alg
        assert token.claims["at_hash"] == jose.half_hash(alg, access_token)

    def test_the_registered_algorithm_signs_refreshed_id_tokens(self, world):
        world.change(Client, "app", id_token_signed_response_alg="Ed25519")
        tokens = world.tokens(scope="openid")
        again = world.refresh(tokens["refresh_token"]).body["id_token"]
        assert world.id_token(again).header["alg"] == "Ed25519"

    def test_rs256_replaces_an_algorithm_that_was_switched_off(self, world):
        """The client gets RS256, which every client must support."""
        world.change(Client, "app", id_token_signed_response_alg="Ed25519")
        world.tokens(scope="openid")
        world.provider = without(world, "Ed25519")
        assert id_token(world)[0].header["alg"] == "RS256"

    def test_an_id_token_hint_may_use_any_configured_algorithm(self, world):
        world.change(Client, "app", id_token_signed_response_alg="Ed25519")
        hint = world.tokens(scope="openid")["id_token"]
        answer = world.authorize(scope="openid", prompt="none", id_token_hint=hint)
        assert "code" in dict(answer.params)


class TestUserInfo:
    """``userinfo_signed_response_alg``; Core section 5.3.2 for what is in the JWT."""

    @pytest.fixture(autouse=True)
    def signed(self, world):
        world.change(Client, "app", userinfo_signed_response_alg="Ed25519")

    def test_signed_userinfo_has_the_claims_with_iss_and_aud(self, world):
        token = world.id_token(userinfo(world))
        assert token.header["alg"] == "Ed25519"
        assert token.claims == {
            "sub": "alice-id",
            "email": "alice@example.org",
            "email_verified": False,
            "iss": ISSUER,
            "aud": "app",
        }

    def test_signed_userinfo_is_refused_as_an_id_token_hint(self, world):
        """It has neither ``typ`` nor ``exp``, so it is refused as a hint."""
        refused = world.authorize(scope="openid", id_token_hint=userinfo(world))
        assert dict(refused.params)["error"] == "invalid_request"

    def test_userinfo_stays_signed_when_its_algorithm_is_switched_off(self, world):
        """The response stays signed."""
        userinfo(world)
        world.provider = without(world, "Ed25519")
        assert world.id_token(userinfo(world)).header["alg"] == "RS256"

    def test_userinfo_is_json_without_a_registered_algorithm(self, world):
        world.change(Client, "app", userinfo_signed_response_alg=None)
        world.provider = world.another_process()
        assert userinfo(world)["sub"] == "alice-id"


def test_logout_tokens_are_signed_as_id_tokens(receiver):
    """Back-Channel Logout section 2.6."""
    world = openid_world(**ALGORITHMS, **{"logout.worker": "false"} | receiver.settings)
    uri = {"backchannel_logout_uri": receiver.uri}
    world.change(Client, "app", id_token_signed_response_alg="RS256", **uri)
    visit = Visit(world)
    visit.tokens()
    visit.leave()
    world.provider.backchannel.deliver()
    [token] = receiver.told(world.provider.keys.jwks())
    assert token.header["alg"] == "RS256"


def test_a_stored_client_with_an_invalid_algorithm_gets_rs256(world):
    """Any stored value gets a response."""
    odd = {"id_token_signed_response_alg": "none", "userinfo_signed_response_alg": "HS256"}
    world.change(Client, "app", **odd)
    assert id_token(world)[0].header["alg"] == "RS256"
    assert world.id_token(userinfo(world)).header["alg"] == "RS256"
