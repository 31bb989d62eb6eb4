"""A client that the operator lets omit PKCE: ``client edit --pkce optional``. RFC 9700 2.1.1."""

import pytest

from oauthprov.protocol.clients.registrar import InvalidMetadata
from oauthprov.protocol.request.answers import Redirect
from oauthprov.records import AuthorizationCode, Client
from tests.protocol.world import CALLBACK, SCOPES, VERIFIER, openid_world

WITHOUT = {"code_challenge": None, "code_challenge_method": None}
REQUIRED = "PKCE is required here: send code_challenge with S256."
NONCE = "Without PKCE a nonce is required here."


@pytest.fixture
def world():
    made = openid_world()
    made.client("legacy", scopes=SCOPES, pkce="optional")
    return made


def assert_refused(answer, description):
    assert isinstance(answer, Redirect), answer
    told = dict(answer.params)
    assert (told["error"], told["error_description"]) == ("invalid_request", description)


def test_it_sends_a_nonce_instead(world):
    code = world.code("legacy", scope="openid", nonce="n", **WITHOUT)
    body = world.redeem(code, "legacy", code_verifier=None).body
    assert world.id_token(body["id_token"]).claims["nonce"] == "n"


def test_without_a_nonce_it_is_refused(world):
    assert_refused(world.authorize("legacy", scope="openid", **WITHOUT), NONCE)
    assert world.all(AuthorizationCode) == []


def test_the_operator_may_waive_the_nonce_too(world):
    world.change(Client, "legacy", pkce="optional-without-nonce")
    code = world.code("legacy", scope="openid", **WITHOUT)
    assert world.redeem(code, "legacy", code_verifier=None).body["id_token"]


@pytest.mark.parametrize("pkce", ["optional", "optional-without-nonce"])
def test_with_a_challenge_everything_is_as_for_others(world, pkce):
    world.change(Client, "legacy", pkce=pkce)
    assert world.redeem(world.code("legacy", scope="openid"), "legacy").body["id_token"]
    code = world.code("legacy", scope="openid")
    assert world.redeem(code, "legacy", code_verifier=None).status == 400
    assert world.redeem(code, "legacy", code_verifier="w" * 50).body["error"] == "invalid_grant"
    told = dict(world.authorize("legacy", scope="openid", code_challenge_method="plain").params)
    assert told["error"] == "invalid_request"


def test_a_verifier_for_a_code_without_a_challenge_is_refused(world):
    code = world.code("legacy", scope="openid", nonce="n", **WITHOUT)
    answer = world.redeem(code, "legacy", code_verifier=VERIFIER)
    assert answer.body["error"] == "invalid_grant"


def test_it_still_needs_pkce_in_plain_oauth(world):
    assert_refused(world.authorize("legacy", scope="read", nonce="n", **WITHOUT), REQUIRED)


def test_every_other_client_still_needs_pkce(world):
    assert_refused(world.authorize(scope="openid", nonce="n", **WITHOUT), REQUIRED)
    assert_refused(world.authorize(scope="openid", **WITHOUT), REQUIRED)
    code = world.code(scope="openid")
    assert world.redeem(code, code_verifier=None).body["error"] == "invalid_request"


@pytest.mark.parametrize("client_type", ["browser", "native"])
def test_a_public_client_needs_it_whatever_is_stored(world, client_type):
    world.client("public", client_type, scopes=("openid",), pkce="optional-without-nonce")
    assert_refused(world.authorize("public", scope="openid", nonce="n", **WITHOUT), REQUIRED)


class TestWhoMayChooseIt:
    @pytest.fixture
    def registrar(self, world):
        return world.provider.registrar

    def register(self, registrar, kind, **more):
        uris = () if kind == "machine" else (CALLBACK,)
        return registrar.register(
            type=kind, name="App", scopes=("openid",), redirect_uris=uris, **more
        )[0]

    @pytest.mark.parametrize("kind", ["browser", "native", "machine"])
    def test_not_for_a_public_client_or_a_machine(self, registrar, kind):
        with pytest.raises(InvalidMetadata) as refused:
            self.register(registrar, kind, pkce="optional")
        assert refused.value.problems.keys() == {"pkce"}

    def test_the_operator_alone_and_it_is_logged(self, registrar, caplog):
        client = self.register(registrar, "web", owner="alice-id")
        with pytest.raises(InvalidMetadata):
            registrar.edit(client.client_id, "alice-id", pkce="optional")
        with pytest.raises(InvalidMetadata):
            registrar.edit(client.client_id, by_client=True, pkce="optional")
        assert registrar.edit(client.client_id, pkce="optional").pkce == "optional"
        [warning] = [r for r in caplog.records if "may omit PKCE" in r.getMessage()]
        assert (warning.levelname, warning.args[0]) == ("WARNING", client.client_id)
        assert registrar.edit(client.client_id, pkce="required").pkce is None

    def test_an_unknown_value_is_refused(self, registrar):
        with pytest.raises(InvalidMetadata):
            self.register(registrar, "web", pkce="off")
