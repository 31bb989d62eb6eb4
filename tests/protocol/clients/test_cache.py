"""The cache of clients, over a real SQLite."""

import pytest

from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.records import Client
from tests.counting import Counting
from tests.protocol.world import World


class Late(Counting):
    """A storage whose answers arrive late: ``before_arrival`` runs after the next read."""

    before_arrival = None

    def get_many(self, pairs):
        found = super().get_many(pairs)
        work, self.before_arrival = self.before_arrival, None
        if work is not None:
            work()
        return found


@pytest.fixture
def world():
    made = World()
    made.storage = Late(made.storage.inner)
    made.client()
    made.clients = Clients(made.storage, lambda: made.now, made.settings)
    made.registrar = Registrar(made.settings, made.storage, lambda: made.now, made.clients.evict)
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
