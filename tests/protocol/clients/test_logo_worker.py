"""Logos are fetched in the background: callers wait briefly, servers get few requests."""

import threading

import pytest

from oauthprov.protocol.clients.logo_worker import MEMORY, PAUSE, PAUSE_LIMIT, QUEUE_LIMIT
from oauthprov.records import Client
from oauthprov.storage.interface import StorageError
from tests.protocol.world import openid_world


@pytest.fixture
def world(gallery):
    made = openid_world(**gallery.settings)
    made.change(Client, "app", logo_uri=gallery.uri)
    yield made
    gallery.release()
    made.provider.logo_worker.join(60)


def client_of(world):
    return world.storage.get(Client, "app").record


def want(world, wait=30.0):
    world.provider.logo_worker.want(client_of(world), wait)


def test_a_caller_that_waits_gets_the_logo(world):
    want(world)
    assert client_of(world).logo is not None


def test_a_caller_waits_no_longer_than_its_limit(world, gallery):
    gallery.hold()
    want(world, 0.05)
    assert client_of(world).logo is None
    gallery.wait(1)
    gallery.release()
    world.provider.logo_worker.join(60)
    assert client_of(world).logo is not None


def test_two_simultaneous_requests_fetch_the_logo_once(world, gallery):
    gallery.hold()
    want(world, 0)
    gallery.wait(1)
    second = threading.Thread(target=want, args=(world,))
    second.start()
    gallery.release()
    second.join(60)
    assert gallery.asked == 1
    assert client_of(world).logo is not None


def test_a_client_without_a_logo_uri_costs_no_fetch(world, gallery):
    world.change(Client, "app", logo_uri=None)
    want(world)
    assert gallery.asked == 0


def test_a_failed_fetch_is_repeated_with_growing_pauses(world, gallery, caplog):
    gallery.show(b"", status="404 Not Found")
    pause = PAUSE
    for asked in range(1, 5):
        want(world)
        assert gallery.asked == asked
        world.now += pause - 1
        want(world)
        assert gallery.asked == asked
        world.now += 1
        pause *= 2
    assert "the logo of client app can't be fetched: the response has status 404" in caplog.text
    world.now += PAUSE_LIMIT
    want(world)
    assert gallery.asked == 5


def test_after_a_success_the_next_fetch_is_due_after_the_shortest_pause(world, gallery):
    for asked in (1, 2, 3):
        want(world)
        assert gallery.asked == asked
        world.now += PAUSE


def test_a_changed_logo_uri_is_fetched_at_once(world, gallery):
    want(world)
    world.change(Client, "app", logo_uri=f"{gallery.uri}?other")
    want(world)
    assert gallery.asked == 2


def test_the_queue_of_logos_to_fetch_is_bounded(world, gallery):
    gallery.hold()
    for number in range(QUEUE_LIMIT + 10):
        world.client(f"client{number}", logo_uri=gallery.uri)
        world.provider.logo_worker.want(world.storage.get(Client, f"client{number}").record)
    gallery.wait(1)
    gallery.release()
    world.provider.logo_worker.join(60)
    assert gallery.asked == QUEUE_LIMIT
    assert QUEUE_LIMIT < MEMORY


def test_a_storage_failure_does_not_stop_the_worker(world, caplog):
    def fail():
        raise StorageError(OSError("gone"))

    world.storage.meanwhile = [fail]
    want(world)
    assert "the logo of client app can't be stored" in caplog.text
    world.now += PAUSE
    want(world)
    assert client_of(world).logo is not None
