"""Signing keys as one node sees them, and as several nodes share them."""

import base64
import dataclasses
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from oauthprov.credentials import Keyring
from oauthprov.errors import JoseError, SigningKeySealed
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.protocol.keys.rotation import SLACK, UnknownSigningKey, longest_lifetime
from oauthprov.protocol.keys.signing_keys import JWKS_MAX_AGE, REFRESH, SigningKeys
from oauthprov.protocol.provider import Provider
from oauthprov.records import SigningKey
from oauthprov.storage.interface import StorageError
from oauthprov.threads import in_thread
from tests.protocol.world import INI, PHOTOS, Accounts, World, openid_world

AHEAD = 86400
MONTH = 30 * 86400
SECRET = INI["oauthprov.secret"]
NEW_SECRET = "zyxwvutsrqponmlkjihgfedcba9876543210"


class Node:
    """One process: its view of the keys, and what it left to do in the background."""

    def __init__(self, world, secret=None):
        self.world = world
        self.waiting = []
        self.keys = SigningKeys(
            world.settings,
            world.storage,
            Keyring(secret or world.settings.secret),
            lambda: world.now,
            self.later,
        )

    def later(self, work):
        self.waiting.append(work)
        return True

    def catch_up(self):
        """Do what waits in the background."""
        while self.waiting:
            self.waiting.pop()()

    def sign(self, alg="RS256"):
        return self.keys.sign({"exp": self.world.now + 600}, typ="JWT", alg=alg)

    def kid(self, alg="RS256"):
        return self.keys.signer(alg).kid

    def published(self):
        return [key["kid"] for key in self.keys.jwks()["keys"]]

    def verifies(self, token):
        """Tell whether a client that fetches the key set now takes the token."""
        return self.verifies_with(token, json.dumps(self.keys.jwks()))

    def verifies_with(self, token, document):
        keys, now = parse_key_set(document), self.world.now
        try:
            jose.verify(token, keys, algorithms=("RS256",), types=("JWT",), now=now, leeway=0)
        except JoseError:
            return False
        return True


@pytest.fixture
def world():
    return World()


def test_the_first_key_is_made_on_first_need_and_signs_at_once(world):
    node = Node(world)
    assert world.all(SigningKey) == []
    token = node.sign()
    [stored] = world.all(SigningKey)
    assert (stored.record.key, stored.record.signs_from) == ("RS256.1", world.now)
    assert node.published() == [stored.record.kid]
    assert node.verifies(token)
    assert Node(world).verifies(token)


def test_a_published_key_set_shows_nothing_private(world):
    [key] = Node(world).keys.jwks()["keys"]
    assert key.keys() == {"kty", "n", "e", "kid", "alg", "use"}


def test_storage_holds_no_private_key(world):
    node = Node(world)
    node.sign()
    private = json.loads(node.keys.signer("RS256").dump())
    dump = world.dump()
    for name in ("d", "p", "q", "dp", "dq", "qi"):
        assert private[name] not in dump


def test_there_is_a_key_for_each_configured_algorithm(world):
    world = World(**{"keys.algorithms": "ES256 RS256 Ed25519 PS256 EdDSA"})
    node = Node(world)
    assert sorted(key["alg"] for key in node.keys.jwks()["keys"]) == sorted(
        world.settings.keys_algorithms
    )
    header = node.keys.sign({}, typ="JWT").split(".")[0]
    assert json.loads(_decoded(header))["alg"] == "ES256"
    for alg in world.settings.keys_algorithms:
        assert node.keys.signer(alg).alg == alg


def _decoded(part):
    return base64.urlsafe_b64decode(part + "==")


def test_sixteen_nodes_make_one_first_key(world):
    nodes = [Node(world) for _ in range(16)]
    start = Barrier(len(nodes))

    def need(node):
        start.wait(60)
        return node.kid()

    with ThreadPoolExecutor(len(nodes)) as threads:
        kids = set(threads.map(need, nodes))
    [stored] = world.all(SigningKey)
    assert kids == {stored.record.kid}


def test_a_node_that_looked_before_the_first_key_was_made_makes_no_second(world):
    late = Node(world)
    looked = late.keys.rotation.load()
    kid = Node(world).kid()
    assert late.keys.rotation.keep_up(looked)
    assert [stored.record.kid for stored in world.all(SigningKey)] == [kid]


def test_a_new_key_is_published_before_it_signs(world):
    node, other = Node(world), Node(world)
    first = node.kid()
    second = node.keys.rotation.rotate("RS256").kid
    world.now += REFRESH + 1
    assert set(node.published()) == set(other.published()) == {first, second}
    world.now += AHEAD - REFRESH - 2
    assert (node.kid(), other.kid()) == (first, first)
    world.now += 1
    assert (node.kid(), other.kid()) == (second, second)


def test_a_client_that_keeps_the_key_set_for_its_time_knows_every_signer(world):
    """Step through a rotation: whenever it is fetched, a key set serves for its ``max-age``."""
    node, signer = Node(world), Node(world)
    node.sign()
    node.keys.rotation.rotate("RS256")
    for _ in range(2 * AHEAD // 1800):
        document = json.dumps(node.keys.jwks())
        world.now += JWKS_MAX_AGE
        token = signer.sign()
        signer.catch_up()
        assert node.verifies_with(token, document)
        world.now += 1800 - JWKS_MAX_AGE


def test_a_retired_key_stays_until_its_last_token_has_expired(world):
    node = Node(world)
    first = node.kid()
    node.keys.rotation.rotate("RS256")
    world.now += AHEAD - 1
    node.kid()
    last = node.keys.sign({"exp": world.now + longest_lifetime(world.settings)}, typ="JWT")
    world.now += longest_lifetime(world.settings) - 1
    assert node.kid() != first
    assert node.verifies(last)
    world.now += 2 + SLACK
    assert first not in node.published()


def test_rotating_again_while_a_key_waits_changes_nothing(world):
    node = Node(world)
    node.sign()
    second = node.keys.rotation.rotate("RS256")
    assert node.keys.rotation.rotate("RS256") == second
    assert len(world.all(SigningKey)) == 2


def test_a_rotation_drops_keys_that_are_published_no_more(world):
    node = Node(world)
    first = node.kid()
    for _ in range(3):
        node.keys.rotation.rotate("RS256")
        world.now += AHEAD + longest_lifetime(world.settings) + SLACK
    kept = [stored.record for stored in world.all(SigningKey)]
    assert first not in {key.kid for key in kept}
    assert [key.key for key in kept] == ["RS256.3", "RS256.4"]


def test_signing_never_waits_for_storage(world):
    """Once the keys were read, signing needs no storage until an unpublished key takes over."""
    node = Node(world)
    node.sign()
    world.storage.inner.close()
    world.storage.inner = Broken()
    for _ in range(AHEAD // 3600 - 1):
        world.now += 3600
        with world.counted(reads=0, writes=0):
            node.sign()
    world.now += 3600
    with pytest.raises(StorageError):
        node.sign()


def test_a_refresh_that_fails_is_logged_and_tried_again_later(world, caplog):
    node = Node(world)
    node.sign()
    held, world.storage.inner = world.storage.inner, Broken()
    world.now += REFRESH
    node.sign()
    assert len(node.waiting) == 1
    with caplog.at_level(logging.WARNING):
        node.catch_up()
    assert "those read last stay in use" in caplog.text
    node.sign()
    assert node.waiting == []
    world.storage.inner = held
    world.now += REFRESH
    node.sign()
    second = node.keys.rotation.rotate("RS256").kid
    node.catch_up()
    assert second in [key.kid for key in node.keys._read.keys]


class TestWhileStorageFails:
    """A copy of the keys is held."""

    @pytest.fixture
    def node(self, world):
        made = Node(world)
        made.sign()
        return made

    def test_the_cached_key_set_is_served(self, world, node, caplog):
        held = node.published()
        world.storage.inner = Broken()
        world.now += REFRESH + 1
        assert node.published() == held
        assert "those read last stay in use" in caplog.text
        assert node.verifies(node.sign())

    def test_the_key_set_is_served_only_while_it_knows_every_signer(self, world, node):
        """Clients may cache it for JWKS_MAX_AGE, and a new key signs after AHEAD."""
        world.storage.inner = Broken()
        world.now += AHEAD - JWKS_MAX_AGE - 1
        assert node.published()
        world.now += 1
        with pytest.raises(StorageError):
            node.published()

    def test_after_one_failure_the_refresh_is_repeated_in_the_background(self, world, node):
        healthy, world.storage.inner = world.storage.inner, Broken()
        world.now += REFRESH + 1
        held = node.published()
        for _ in range(3):
            world.now += REFRESH
            with world.counted(reads=0, writes=0):
                assert [node.published() for _ in range(10)] == [held] * 10
            assert len(node.waiting) == 1
            node.catch_up()
        world.storage.inner = healthy
        second = Node(world).keys.rotation.rotate("RS256").kid
        world.now += REFRESH
        node.published()
        node.catch_up()
        assert second in node.published()

    def test_an_unknown_kid_costs_a_limited_number_of_reads(self, world, node):
        stranger = Node(World()).sign()
        world.storage.inner = Broken()
        world.now += REFRESH + 1
        before = world.storage.reads
        for _ in range(5):
            with pytest.raises(StorageError):
                node.keys.verify(stranger, algorithms=("RS256",), types=("JWT",), now=world.now)
        assert world.storage.reads == before + 1


@pytest.mark.parametrize("held", [True, False])
def test_simultaneous_refreshes_share_one_read_and_its_failure(world, held):
    node = Node(world)
    if held:
        node.sign()
    slow = world.storage.inner = Slow()
    world.now += REFRESH + 1
    before = world.storage.reads

    def ask():
        try:
            return node.published()
        except StorageError:
            return None

    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(ask)
        assert slow.asked.wait(60)
        others = [threads.submit(ask) for _ in range(7)]
        slow.fails.set()
        answers = [one.result(60) for one in (first, *others)]
    assert all(answers) if held else not any(answers)
    assert world.storage.reads == before + 1


class Slow:
    """A storage that doesn't answer, and fails in the end."""

    def __init__(self):
        self.asked, self.fails = Event(), Event()

    def find(self, kind, **asked):
        self.asked.set()
        assert self.fails.wait(60)
        raise StorageError("too slow")


class Broken:
    """A storage that can't be reached."""

    def __getattr__(self, name):
        raise StorageError("gone")


def test_no_two_refreshes_run_at_once(world):
    node = Node(world)
    node.sign()
    world.now += REFRESH
    for _ in range(10):
        node.sign()
    assert len(node.waiting) == 1
    node.catch_up()
    node.sign()
    assert node.waiting == []


def test_the_real_background_is_a_thread(world):
    done = Event()
    assert in_thread("test", done.set)
    assert done.wait(60)


class TestSchedule:
    @pytest.fixture
    def world(self):
        return World(**{"keys.rotate_every": MONTH})

    def test_a_key_signs_for_as_long_as_the_setting_says(self, world):
        node, kids = Node(world), []
        began = world.now
        while world.now < began + 3 * MONTH:
            node.keys.jwks()
            kids.append(node.kid())
            world.now += 21_600
        changes = [n * 21_600 for n in range(1, len(kids)) if kids[n] != kids[n - 1]]
        assert changes == [MONTH, 2 * MONTH]

    def test_signing_alone_keeps_the_schedule(self, world):
        node = Node(world)
        first = node.kid()
        world.now += MONTH - AHEAD
        node.sign()
        node.catch_up()
        assert len(world.all(SigningKey)) == 2
        world.now += AHEAD
        assert node.kid() != first

    def test_sixteen_nodes_rotate_once(self, world):
        nodes = [Node(world) for _ in range(16)]
        for node in nodes:
            node.sign()
        world.now += MONTH - AHEAD
        start = Barrier(len(nodes))

        def read(node):
            start.wait(60)
            return sorted(node.published())

        with ThreadPoolExecutor(len(nodes)) as threads:
            shown = list(threads.map(read, nodes))
        kids = sorted(stored.record.kid for stored in world.all(SigningKey))
        assert len(kids) == 2
        assert shown == [kids] * 16

    def test_no_rotation_is_due_while_a_published_key_waits(self, world):
        node = Node(world)
        node.sign()
        node.keys.rotation.rotate("RS256")
        world.now += AHEAD - 1
        node.keys.jwks()
        assert len(world.all(SigningKey)) == 2


class TestRetiring:
    def test_another_key_signs_at_once_and_old_tokens_stay_good(self, world):
        node = Node(world)
        first, token = node.kid(), node.sign()
        node.keys.rotation.retire(first)
        world.now += REFRESH + 1
        assert node.verifies(token)
        assert node.kid() != first
        assert node.verifies(node.sign())

    def test_a_token_from_an_idle_node_stays_verifiable(self, world):
        node, idle = Node(world), Node(world)
        first = node.kid()
        idle.kid()
        node.keys.rotation.retire(first)
        world.now += AHEAD - 1
        token = idle.keys.sign({"exp": world.now + longest_lifetime(world.settings)}, typ="JWT")
        world.now += longest_lifetime(world.settings) - 1
        assert node.verifies(token)

    def test_a_compromised_key_is_withdrawn(self, world):
        node = Node(world)
        first, token = node.kid(), node.sign()
        node.keys.rotation.retire(first, compromised=True)
        world.now += REFRESH + 1
        assert node.published() == [node.kid()]
        assert node.kid() != first
        assert not node.verifies(token)

    def test_the_published_key_takes_over(self, world):
        node = Node(world)
        first = node.kid()
        second = node.keys.rotation.rotate("RS256").kid
        node.keys.rotation.retire(first)
        world.now += REFRESH + 1
        node.keys.jwks()
        assert node.kid() == second
        assert len(world.all(SigningKey)) == 2

    def test_retiring_a_waiting_key_drops_it_and_its_predecessor_signs_on(self, world):
        node = Node(world)
        first = node.kid()
        second = node.keys.rotation.rotate("RS256").kid
        node.keys.rotation.retire(second)
        world.now += 10 * AHEAD
        assert (node.kid(), node.published()) == (first, [first])

    def test_retiring_a_key_twice_changes_nothing(self, world):
        node = Node(world)
        first = node.kid()
        node.keys.rotation.retire(first)
        before = world.all(SigningKey)
        world.now += 1
        node.keys.rotation.retire(first)
        assert world.all(SigningKey) == before
        node.keys.rotation.retire(first, compromised=True)
        assert [stored.record.kid for stored in world.all(SigningKey)] == [before[1].record.kid]

    def test_an_algorithm_that_isnt_used_any_more_gets_no_successor(self, world):
        both = World(**{"keys.algorithms": "RS256 ES256"})
        kid = Node(both).kid("ES256")
        world.storage = both.storage
        node = Node(world)
        node.keys.rotation.retire(kid)
        assert [s.record.retires_at for s in world.all(SigningKey)] == [world.now, None]
        with pytest.raises(StorageError, match="no ES256 key"):
            node.kid("ES256")

    def test_retiring_an_unknown_kid_is_an_error(self, world):
        node = Node(world)
        node.sign()
        with pytest.raises(UnknownSigningKey):
            node.keys.rotation.retire("unknown")


class TestSecret:
    def test_an_older_secret_decrypts_and_a_rotation_encrypts_with_the_new_one(self, world):
        first = Node(world, [SECRET]).kid()
        both = Node(world, [NEW_SECRET, SECRET])
        assert both.kid() == first
        with pytest.raises(SigningKeySealed):
            Node(world, [NEW_SECRET]).kid()
        both.keys.rotation.rotate("RS256")
        assert Node(world, [NEW_SECRET]).kid() == first

    def test_a_lost_secret_is_logged_and_a_rotation_signs_at_once(self, world, caplog):
        first = Node(world, [SECRET]).kid()
        node = Node(world, [NEW_SECRET])
        with pytest.raises(SigningKeySealed):
            node.sign()
        assert (
            f"no signing key for RS256 can be decrypted with oauthprov.secret ({first})"
            in caplog.text
        )
        second = node.keys.rotation.rotate("RS256").kid
        assert Node(world, [NEW_SECRET]).kid() == second
        assert set(Node(world).published()) == {first, second}

    def test_checking_the_keys_costs_one_read_and_makes_no_key(self, world):
        provider = openid_world().provider
        storage = provider.storage
        before = (storage.reads, storage.writes)
        provider.check_keys()
        assert (storage.reads - before[0], storage.writes - before[1]) == (1, 0)
        assert not list(storage.walk(SigningKey))

    def test_the_keys_of_jwt_access_tokens_are_checked_without_openid(self):
        world = World(resources=f"{PHOTOS} | photos | Photos | jwt")
        world.provider.keys.jwks()
        settings = dataclasses.replace(world.settings, secret=(NEW_SECRET,))
        with pytest.raises(SigningKeySealed):
            Provider(settings, world.storage, Accounts(), lambda: world.now).check_keys()
        opaque = dataclasses.replace(settings, resources=())
        Provider(opaque, world.storage, Accounts(), lambda: world.now).check_keys()

    def test_a_waiting_or_retired_key_may_stay_encrypted(self, world):
        Node(world, [SECRET]).kid()
        node = Node(world, [NEW_SECRET])
        with pytest.raises(SigningKeySealed):
            node.keys.rotation.check()
        node.keys.rotation.rotate("RS256")
        node.keys.rotation.check()


class TestVerifying:
    def verify(self, node, token, now):
        return node.keys.verify(token, algorithms=("RS256",), types=("JWT",), now=now)

    def test_own_tokens_verify_with_the_published_keys(self, world):
        node = Node(world)
        token = node.sign()
        assert self.verify(node, token, world.now).claims == {"exp": world.now + 600}
        with pytest.raises(JoseError):
            self.verify(node, token[:-8] + "AAAAAAAA", world.now)

    def test_a_key_just_made_by_another_node_is_found(self, world):
        node, other = Node(world), Node(world)
        first = node.kid()
        other.keys.rotation.retire(first)
        world.now += 2
        assert self.verify(node, other.sign(), world.now)

    def test_an_unknown_kid_costs_one_read_a_second(self, world):
        node = Node(world)
        node.sign()
        stranger = Node(World()).sign()
        world.now += 2
        for _ in range(5):
            with pytest.raises(JoseError):
                self.verify(node, stranger, world.now)
        with world.counted(reads=0, writes=0), pytest.raises(JoseError):
            self.verify(node, stranger, world.now)


def test_a_retired_key_stays_published_as_long_as_an_access_token_lives():
    lifetimes = {"jwt_access_token_lifetime": 7200, "session.lifetime": 3600}
    resources = f"{PHOTOS} | photos | Photos | jwt"
    assert longest_lifetime(World(resources=resources, **lifetimes).settings) == 7200
    assert longest_lifetime(World(**lifetimes).settings) == 3600
