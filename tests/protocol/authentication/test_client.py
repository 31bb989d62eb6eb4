"""Client authentication: one method, the registered one. RFC 6749 section 2.3."""

import base64

import pytest

from oauthprov import credentials
from oauthprov.records import Client
from tests.protocol.world import World, basic

FORM = {"grant_type": "client_credentials", "scope": "read"}
CHALLENGE = 'Basic realm="https://as.example", charset="UTF-8"'


@pytest.fixture
def world():
    made = World()
    made.client("worker", "machine")
    return made


def ask(world, form=None, headers=None):
    return world.post("token", FORM | (form or {}), headers)


def assert_unauthenticated(answer):
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == CHALLENGE
    assert answer.headers["Cache-Control"] == "no-store"


def test_client_secret_basic_authenticates(world):
    assert ask(world, headers=basic("worker", world.secrets["worker"])).status == 200


def test_client_secret_post_authenticates_its_clients_alone():
    world = World()
    world.client("worker", "machine", auth_method="client_secret_post")
    given = {"client_id": "worker", "client_secret": world.secrets["worker"]}
    assert ask(world, given).status == 200
    assert_unauthenticated(ask(world, headers=basic("worker", world.secrets["worker"])))


def test_basic_parts_are_form_decoded():
    world = World()
    secret = "s:%+ ä"
    world.client("a:b%c", "machine", secrets=(credentials.digest(secret),))
    assert ask(world, headers=basic("a:b%c", secret)).status == 200


def test_only_the_registered_method_is_accepted(world):
    given = {"client_id": "worker", "client_secret": world.secrets["worker"]}
    assert_unauthenticated(ask(world, given))


class TestASecretInTheHeaderOrInTheForm:
    @pytest.fixture
    def world(self):
        made = World()
        made.client("worker", "machine", auth_method="client_secret")
        return made

    def test_either_method_authenticates(self, world):
        secret = world.secrets["worker"]
        assert ask(world, headers=basic("worker", secret)).status == 200
        assert ask(world, {"client_id": "worker", "client_secret": secret}).status == 200

    def test_both_at_once_are_an_invalid_request(self, world):
        secret = world.secrets["worker"]
        given = {"client_id": "worker", "client_secret": secret}
        assert ask(world, given, basic("worker", secret)).body["error"] == "invalid_request"

    def test_a_wrong_or_missing_secret_fails(self, world):
        assert_unauthenticated(ask(world, headers=basic("worker", "wrong")))
        assert_unauthenticated(ask(world, {"client_id": "worker", "client_secret": "wrong"}))
        assert_unauthenticated(ask(world, {"client_id": "worker"}))


class TestARightSecretByTheWrongMethod:
    BASIC = (
        "The client is registered for client_secret_basic: "
        "it must send its secret in the Authorization header."
    )
    POST = (
        "The client is registered for client_secret_post: "
        "it must send client_id and client_secret in the request body."
    )

    @pytest.mark.parametrize("endpoint", ["token", "introspect", "revoke"])
    def test_the_client_learns_its_registered_method(self, endpoint):
        world = World()
        world.client("header", "machine", auth_method="client_secret_basic")
        world.client("form", "machine", auth_method="client_secret_post")
        given = {"client_id": "header", "client_secret": world.secrets["header"]}
        answer = world.post(endpoint, FORM | given | {"token": "x"})
        assert_unauthenticated(answer)
        assert answer.body["error_description"] == self.BASIC
        header = basic("form", world.secrets["form"])
        answer = world.post(endpoint, FORM | {"token": "x"}, header)
        assert_unauthenticated(answer)
        assert answer.body["error_description"] == self.POST

    @pytest.mark.parametrize("secret", ["wrong", "", "x" * 1000])
    @pytest.mark.parametrize("client_id", ["worker", "spa", "nobody"])
    def test_nobody_else_learns_it(self, world, client_id, secret):
        world.client("spa", "browser")
        answer = ask(world, {"client_id": client_id, "client_secret": secret})
        assert_unauthenticated(answer)
        assert answer.body["error_description"] == "Client authentication failed."

    def test_a_disabled_client_does_not_learn_it(self, world):
        world.change(Client, "worker", disabled_at=world.now)
        answer = ask(world, {"client_id": "worker", "client_secret": world.secrets["worker"]})
        assert answer.body["error_description"] == "Client authentication failed."


def test_two_methods_are_an_invalid_request(world):
    secret = world.secrets["worker"]
    given = {"client_id": "worker", "client_secret": secret}
    answer = ask(world, given, basic("worker", secret))
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_two_client_ids_are_an_invalid_request(world):
    given = {"client_id": "other"}
    answer = ask(world, given, basic("worker", world.secrets["worker"]))
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_the_same_client_id_beside_basic_is_accepted(world):
    given = {"client_id": "worker"}
    assert ask(world, given, basic("worker", world.secrets["worker"])).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"worker").decode(),
        "Basic " + base64.b64encode(b":secret").decode(),
        "Basic " + base64.b64encode(b"worker:\xff").decode(),
        "Basic " + base64.b64encode(b"worker:%ff").decode(),
        "Basic " + base64.b64encode(b"worker:a\0b").decode(),
        "Basic d29ya2Vy=OnNlY3JldA==",
        "Bearer opa_a.b",
        "Digest username=worker",
        "",
    ],
)
def test_an_unreadable_header_fails(world, header):
    assert_unauthenticated(ask(world, headers={"authorization": header}))


@pytest.mark.parametrize(
    "client_id", ["nobody", "w.x", "ä", "x" * 300, "work\r\ner", "worker ", "WORKER", "{worker}"]
)
def test_an_unknown_client_fails(world, client_id):
    assert_unauthenticated(ask(world, headers=basic(client_id, "secret")))


def test_no_authentication_fails(world):
    assert_unauthenticated(ask(world))
    assert_unauthenticated(ask(world, {"client_id": "worker"}))


def test_a_wrong_secret_fails(world):
    assert_unauthenticated(ask(world, headers=basic("worker", "wrong")))
    assert_unauthenticated(ask(world, headers=basic("worker", "")))


def test_a_public_client_with_a_secret_fails(world):
    world.client("spa", "browser")
    form = {"grant_type": "refresh_token", "refresh_token": "opr_x.y"}
    assert_unauthenticated(world.post("token", form, basic("spa", "")))
    assert_unauthenticated(world.post("token", form | {"client_id": "spa", "client_secret": "x"}))


def test_client_credentials_are_for_confidential_clients_only(world):
    world.client("spa", "browser", grant_types=("client_credentials",))
    assert_unauthenticated(ask(world, {"client_id": "spa"}))


def test_two_secrets_live_during_a_rotation(world):
    old = world.secrets["worker"]
    new, digest = credentials.mint(credentials.CLIENT_SECRET)
    world.change(Client, "worker", secrets=(digest, credentials.digest(old)))
    assert ask(world, headers=basic("worker", old)).status == 200
    assert ask(world, headers=basic("worker", new)).status == 200


def test_a_disabled_client_fails_once_the_cache_has_aged(world):
    header = basic("worker", world.secrets["worker"])
    for _ in range(2):  # the first use of a day is noted, and the client is read again
        assert ask(world, headers=header).status == 200
    world.change(Client, "worker", disabled_at=world.now)
    assert ask(world, headers=header).status == 200
    world.now += 5
    assert_unauthenticated(ask(world, headers=header))


def test_a_local_change_is_seen_at_once(world):
    header = basic("worker", world.secrets["worker"])
    assert ask(world, headers=header).status == 200
    world.change(Client, "worker", disabled_at=world.now)
    world.provider.clients.evict("worker")
    assert_unauthenticated(ask(world, headers=header))


def test_a_secret_rotated_elsewhere_is_seen_when_authentication_fails(world):
    ask(world, headers=basic("worker", world.secrets["worker"]))
    new, digest = credentials.mint(credentials.CLIENT_SECRET)
    world.change(Client, "worker", secrets=(digest,))
    world.now += 1
    with world.counted(reads=1, writes=1):
        assert ask(world, headers=basic("worker", new)).status == 200


def test_failures_read_a_client_afresh_once_a_second(world):
    ask(world, headers=basic("worker", world.secrets["worker"]))
    world.now += 1
    with world.counted(reads=1, writes=0):
        for _ in range(20):
            assert_unauthenticated(ask(world, headers=basic("worker", "wrong")))


def test_clients_are_cached_for_five_seconds(world):
    header = basic("worker", world.secrets["worker"])
    ask(world, headers=header)  # the first use of a day is noted, and the client is read again
    with world.counted(reads=1, writes=9):
        for _ in range(9):
            assert ask(world, headers=header).status == 200
    world.now += 5
    with world.counted(reads=1, writes=1):
        ask(world, headers=header)
    with world.counted(reads=0, writes=1):
        ask(world, headers=header)


def test_an_unknown_client_is_not_remembered(world):
    assert_unauthenticated(ask(world, headers=basic("late", "secret")))
    world.client("late", "machine")
    assert ask(world, headers=basic("late", world.secrets["late"])).status == 200


def test_the_cache_may_be_off():
    world = World(client_cache=0)
    world.client("worker", "machine")
    for _ in range(2):
        with world.counted(reads=1, writes=1):
            assert ask(world, headers=basic("worker", world.secrets["worker"])).status == 200
