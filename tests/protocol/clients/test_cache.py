"""The cache of clients, over a real SQLite."""

import pytest

from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.documents.hosts import Hosts
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.records import Client, DisabledHost
from tests.counting import Counting
from tests.protocol.world import World

APP = "https://shop.app.example/client.json"


class Late(Counting):
    """A storage whose answers arrive late: ``before_arrival`` runs after the next read.

    ``asked`` are the keys of each read.
    """

    before_arrival = None

    def __init__(self, inner):
        super().__init__(inner)
        self.asked = []

    def get_many(self, pairs):
        self.asked.append(list(pairs))
        found = super().get_many(pairs)
        work, self.before_arrival = self.before_arrival, None
        if work is not None:
            work()
        return found


@pytest.fixture
def world():
    made = World(client_documents="*")
    made.storage = Late(made.storage.inner)
    made.client()
    made.client(APP, "browser", fetched_at=made.now)
    made.clients = Clients(made.storage, lambda: made.now, made.settings)
    made.registrar = Registrar(made.settings, made.storage, lambda: made.now, made.clients.evict)
    made.hosts = Hosts(made.storage, lambda: made.now, made.clients.evict_host)
    made.elsewhere = Hosts(made.storage, lambda: made.now)
    return made


@pytest.mark.parametrize("disabled", [True, False])
def test_a_client_changed_during_a_read_is_not_cached_in_its_old_form(world, disabled):
    world.change(Client, "app", disabled_at=None if disabled else 1)
    world.storage.before_arrival = lambda: world.registrar.set_disabled("app", disabled)
    world.clients.get("app")  # began before the change, so it may say either
    assert (world.clients.get("app") is None) is disabled


def test_a_client_removed_during_a_read_is_not_cached(world):
    world.storage.before_arrival = lambda: world.registrar.remove("app")
    world.clients.get("app")
    assert world.clients.get("app") is None


def test_an_older_read_does_not_replace_a_newer_one(world):
    """Another process changes the client, and a second request reads it, while the first waits."""

    def change():
        world.change(Client, "app", disabled_at=1)
        assert world.clients.get("app") is None

    world.storage.before_arrival = change
    world.clients.get("app")
    assert world.clients.get("app") is None


def test_the_change_of_one_client_keeps_what_is_cached_of_another(world):
    world.client("other")
    world.clients.get("other")
    world.registrar.set_disabled("app", True)
    with world.counted(reads=0, writes=0):
        assert world.clients.get("other") is not None


def test_a_registered_client_is_read_by_itself_and_one_of_a_document_with_its_hosts(world):
    hosts = [(DisabledHost, name) for name in ("shop.app.example", "app.example", "example")]
    world.clients.get("app")
    world.clients.get(APP)
    assert world.storage.asked == [[(Client, "app")], [(Client, APP), *hosts]]
    world.now += 5
    world.storage.asked.clear()
    assert set(world.clients.get_many(["app", APP])) == {"app", APP}
    [pairs] = world.storage.asked
    assert sorted(pairs, key=str) == sorted([(Client, "app"), (Client, APP), *hosts], key=str)
    with world.counted(reads=0, writes=0):
        world.clients.get(APP)


@pytest.mark.parametrize("verb", ["disable", "enable"])
def test_a_host_disabled_or_enabled_during_a_read_is_not_cached_as_it_was(world, verb):
    if verb == "enable":
        world.hosts.disable("app.example")
    world.storage.before_arrival = lambda: getattr(world.hosts, verb)("app.example")
    world.clients.get(APP)  # began before the change, so it may say either
    assert (world.clients.get(APP) is None) is (verb == "disable")


@pytest.mark.parametrize("verb", ["disable", "enable"])
def test_of_two_reads_that_see_another_host_neither_is_cached(world, verb):
    """Another process changes the host, and a second request reads it, while the first waits."""

    def change():
        getattr(world.elsewhere, verb)("app.example")
        assert (world.clients.get(APP) is None) is (verb == "disable")

    if verb == "enable":
        world.elsewhere.disable("app.example")
    world.storage.before_arrival = change
    world.clients.get(APP)
    assert (world.clients.get(APP) is None) is (verb == "disable")


def test_a_host_disabled_elsewhere_is_seen_when_the_cache_expires(world):
    read_at = world.now
    for disabled in (True, False):
        before = world.clients.get(APP)
        (world.elsewhere.disable if disabled else world.elsewhere.enable)("app.example")
        world.now = read_at + 4
        assert world.clients.get(APP) == before
        world.now = read_at = read_at + 5
        assert (world.clients.get(APP) is None) is disabled


def test_disabling_a_host_keeps_what_is_cached_of_clients_elsewhere(world):
    other = "https://other.example/app.example"
    world.client(other, "browser", fetched_at=world.now)
    assert len(world.clients.get_many(["app", other, APP])) == 3
    world.hosts.disable("app.example")
    with world.counted(reads=0, writes=0):
        assert len(world.clients.get_many(["app", other])) == 2
    assert world.clients.get_many(["app", other, APP]).keys() == {"app", other}
