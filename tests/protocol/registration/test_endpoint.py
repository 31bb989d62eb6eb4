"""Registration and its management under simultaneous changes."""

import json

import pytest

from oauthprov.protocol.request.answers import Call
from oauthprov.records import Client
from oauthprov.storage.interface import Remove
from tests.protocol.world import CALLBACK, World

METADATA = {"redirect_uris": [CALLBACK], "client_name": "Printer"}


@pytest.fixture
def world():
    made = World(registration="open")
    yield made
    made.storage.close()


def address_of(client_id):
    return f"https://as.example/oauth/register/{client_id}"


def call(method, document=None, token=None):
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    return Call(method, b"", json.dumps(document).encode() if document else b"", headers)


@pytest.fixture
def told(world):
    """The registration response of a client."""
    made = world.provider.registration.register(call("POST", METADATA), address_of, lambda: None)
    assert made.status == 201
    return made.body


def update(world, told):
    document = METADATA | {"client_id": told["client_id"], "client_name": "Scanner"}
    request = call("PUT", document, told["registration_access_token"])
    return world.provider.registration.update(request, told["client_id"], address_of)


def disable(world, told, at):
    world.change(Client, told["client_id"], disabled_at=at)


def first_party(world, told, number):
    world.change(Client, told["client_id"], first_party=True, last_used_at=number)


def test_an_update_beside_another_change_keeps_it(world, told):
    world.storage.meanwhile.append(lambda: first_party(world, told, 1))
    answer = update(world, told)
    assert answer.status == 200
    stored = world.storage.get(Client, told["client_id"]).record
    assert (stored.name, stored.first_party) == ("Scanner", True)


def test_an_update_of_a_client_that_is_stopped_meanwhile_changes_nothing(world, told):
    world.storage.meanwhile.append(lambda: disable(world, told, 1))
    assert update(world, told).status == 403
    assert world.storage.get(Client, told["client_id"]).record.name == "Printer"


def test_an_update_that_loses_again_and_again_gives_up(world, told):
    def change(number):
        # The test's own commits run ``meanwhile``, too.
        return lambda: first_party(world, told, number)

    changes = [change(number) for number in range(3)]
    world.storage.meanwhile += [w for one in changes for w in (one, lambda: None)]
    answer = update(world, told)
    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")


def test_an_update_of_a_client_that_is_removed_meanwhile_makes_no_new_one(world, told):
    gone = Remove(Client, told["client_id"])
    world.storage.meanwhile.append(lambda: world.storage.commit(gone, now=world.now))
    assert update(world, told).status == 401
    assert world.storage.get(Client, told["client_id"]) is None


def test_reading_costs_one_read_and_registering_one_write(world, told):
    request = call("GET", None, told["registration_access_token"])
    with world.counted(reads=1, writes=0):
        world.provider.registration.read(request, told["client_id"], address_of)
    with world.counted(reads=0, writes=1):
        made = world.provider.registration.register(
            call("POST", METADATA), address_of, lambda: None
        )
        assert made.status == 201


def test_an_answer_repeats_the_token_and_never_the_secret(world, told):
    token = told["registration_access_token"]
    request = call("GET", None, token)
    read = world.provider.registration.read(request, told["client_id"], address_of)
    assert read.body["registration_access_token"] == token
    assert read.headers["Cache-Control"] == "no-store"
    assert told["client_secret"] not in repr(read)
    assert token not in world.dump()
