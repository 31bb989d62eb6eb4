"""Client credentials: RFC 6749 section 4.4."""

import pytest

from oauthprov.records import AccessToken, Grant
from tests.protocol.world import NOTES, PHOTOS, World


@pytest.fixture
def world():
    made = World()
    made.client("worker", "machine", default_scopes=("write",))
    return made


def ask(world, client_id="worker", **form):
    return world.post("token", {"grant_type": "client_credentials"} | form, client_id=client_id)


def test_client_credentials_give_the_client_its_own_token(world):
    answer = ask(world, scope="read write")
    assert answer.status == 200
    assert answer.body["scope"] == "read write"
    assert "refresh_token" not in answer.body
    (token,) = [stored.record for stored in world.all(AccessToken)]
    assert (token.client_id, token.account_id, token.grant_id) == ("worker", None, None)
    assert world.all(Grant) == []
    assert world.is_live(answer.body["access_token"])


def test_two_tokens_of_a_machine_lie_in_different_slots(world):
    ask(world)
    ask(world)
    assert len({stored.record.key.partition(".")[0] for stored in world.all(AccessToken)}) == 2


def test_no_scope_gives_the_default_scopes(world):
    assert ask(world).body["scope"] == "write"


class TestAMachineWithoutDefaultScopesThatRequestsNone:
    def test_it_gets_all_its_scopes(self, world):
        world.client("job", "machine", scopes=("write", "notes", "photos"))
        assert ask(world, "job").body["scope"] == "write notes photos"

    def test_only_those_that_apply_at_a_requested_resource(self, world):
        world.client("job", "machine", scopes=("write", "notes", "photos"))
        assert ask(world, "job", resource=NOTES).body["scope"] == "write notes"

    def test_none_that_the_server_no_longer_declares(self, world):
        world.client("job", "machine", scopes=("gone", "write"))
        assert ask(world, "job").body["scope"] == "write"

    def test_a_new_machine_has_no_default_scopes(self, world):
        registrar = world.provider.registrar
        given = {"name": "Job", "scopes": ("read", "write")}
        client, _ = registrar.register(type="machine", **given)
        assert client.default_scopes == ()
        chosen, _ = registrar.register(type="machine", default_scopes=("read",), **given)
        assert chosen.default_scopes == ("read",)

    def test_a_client_with_users_still_gets_the_server_s_defaults(self, world):
        world.client("app")
        assert world.tokens("app", scope=None)["scope"] == "read"


@pytest.mark.parametrize("scope", ["admin", "read admin", "read  write", "read\nwrite", "é"])
def test_an_unknown_scope_is_an_invalid_scope(world, scope):
    answer = ask(world, scope=scope)
    assert (answer.status, answer.body["error"]) == (400, "invalid_scope")
    assert world.all(AccessToken) == []


def test_resources_bind_the_token_and_narrow_its_scope(world):
    token = ask(world, scope="read photos notes", resource=PHOTOS).body
    assert token["scope"] == "read photos"
    assert world.provider.token_info(token["access_token"]).resources == (PHOTOS,)
    assert ask(world, resource="https://evil.example/").body["error"] == "invalid_target"
    useless = ask(world, scope="notes", resource=PHOTOS)
    assert (useless.status, useless.body["error"]) == (400, "invalid_scope")
    both = [("grant_type", "client_credentials"), ("resource", PHOTOS), ("resource", NOTES)]
    answer = world.post("token", both, client_id="worker")
    assert world.provider.token_info(answer.body["access_token"]).resources == (PHOTOS, NOTES)


def test_a_client_without_the_grant_type_is_unauthorized(world):
    world.client("app")
    answer = ask(world, "app")
    assert (answer.status, answer.body["error"]) == (400, "unauthorized_client")


def test_a_token_expires(world):
    token = ask(world).body["access_token"]
    world.now += 599
    assert world.is_live(token)
    world.now += 1
    assert not world.is_live(token)
