"""Logos are fetched beside what goes on: nobody waits long, and nobody is asked too often."""

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


def test_whoever_waits_has_it(world):
    want(world)
    assert client_of(world).logo is not None


def test_nobody_waits_longer_than_they_want(world, gallery):
    gallery.hold()
    want(world, 0.05)
    assert client_of(world).logo is None
    gallery.wait(1)
    gallery.release()
    world.provider.logo_worker.join(60)
    assert client_of(world).logo is not None


def test_two_who_want_it_at_once_have_it_fetched_once(world, gallery):
    gallery.hold()
    want(world, 0)
    gallery.wait(1)
    second = threading.Thread(target=want, args=(world,))
    second.start()
    gallery.release()
    second.join(60)
    assert gallery.asked == 1
    assert client_of(world).logo is not None


def test_a_client_without_one(world, gallery):
    world.change(Client, "app", logo_uri=None)
    want(world)
    assert gallery.asked == 0


def test_a_failure_is_tried_again_ever_less_often(world, gallery, caplog):
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


def test_after_a_success_it_is_soon_fetched_anew(world, gallery):
    for asked in (1, 2, 3):
        want(world)
        assert gallery.asked == asked
        world.now += PAUSE


def test_another_address_is_fetched_at_once(world, gallery):
    want(world)
    world.change(Client, "app", logo_uri=f"{gallery.uri}?other")
    want(world)
    assert gallery.asked == 2


def test_no_crowd_waits(world, gallery):
    gallery.hold()
    for number in range(QUEUE_LIMIT + 10):
        world.client(f"client{number}", logo_uri=gallery.uri)
        world.provider.logo_worker.want(world.storage.get(Client, f"client{number}").record)
    gallery.wait(1)
    gallery.release()
    world.provider.logo_worker.join(60)
    assert gallery.asked == QUEUE_LIMIT
    assert QUEUE_LIMIT < MEMORY


def test_a_storage_that_fails_ends_nothing(world, caplog):
    def fail():
        raise StorageError(OSError("gone"))

    world.storage.meanwhile = [fail]
    want(world)
    assert "the logo of client app can't be stored" in caplog.text
    world.now += PAUSE
    want(world)
    assert client_of(world).logo is not None
