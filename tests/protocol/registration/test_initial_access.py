"""Initial access tokens (RFC 7591 section 1.2), on a real SQLite."""

import json
import threading

from oauthprov.protocol.registration import initial_access
from oauthprov.protocol.request.answers import Call
from oauthprov.records import Client, InitialAccessToken
from tests.protocol.world import World

METADATA = {"redirect_uris": ["https://app.example/callback"]}


def issued(world, **more):
    given = {"lifetime": 60, "uses": 1} | more
    return initial_access.issue(world.storage, world.now, **given)


def present(world, token):
    return initial_access.present(world.storage, token, world.now)


def register(world, token, make_room=lambda: None):
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    call = Call("POST", b"", json.dumps(METADATA).encode(), headers)
    return world.provider.registration.register(call, lambda client_id: "x:y", make_room)


def test_storage_has_the_digest_only(world):
    record, token = issued(world)
    assert token.startswith(f"opi_{record.token_id}.")
    assert present(world, token).record == record
    assert token not in world.dump()
    assert token.partition(".")[2] not in world.dump()


def test_an_initial_access_token_is_valid_until_it_expires(world):
    record, token = issued(world)
    world.now += 59
    assert present(world, token) is not None
    world.now += 1
    assert present(world, token) is None
    stored = world.storage.get(InitialAccessToken, record.token_id)
    assert initial_access.state(stored, world.now) == "expired"


def test_a_revoked_initial_access_token_is_gone(world):
    record, token = issued(world, uses=None)
    assert initial_access.revoke(world.storage, record.token_id, world.now)
    assert present(world, token) is None
    assert not initial_access.revoke(world.storage, record.token_id, world.now)


def test_other_strings_are_no_initial_access_token(world):
    record, token = issued(world)
    for other in ("", "x", token + "x", f"opa_{token.partition('_')[2]}", record.secret):
        assert present(world, other) is None


def test_a_token_revoked_during_the_registration_registers_nothing():
    world = World(registration="token")
    record, token = issued(world)
    answer = register(
        world, token, lambda: initial_access.revoke(world.storage, record.token_id, world.now)
    )
    assert answer.status == 401
    assert list(world.storage.walk(Client)) == []


def test_of_simultaneous_requests_for_the_last_use_one_registers(tmp_path):
    url = f"sqlite:///{tmp_path}/registration.sqlite"
    world = World(**{"registration": "token", "storage.url": url})
    _, token = issued(world)
    start, answers = threading.Barrier(8), []

    def use():
        answers.append(register(world, token, start.wait).status)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [401] * 7
    assert len(list(world.storage.walk(Client))) == 1
    world.storage.close()


def test_a_token_with_several_uses_serves_simultaneous_requests():
    world = World(registration="token")
    _, token = issued(world, uses=2)
    world.storage.meanwhile.append(lambda: register(world, token))
    assert register(world, token).status == 201
    assert len(list(world.storage.walk(Client))) == 2
