"""The last use of clients that registered themselves, and the removal of unused ones."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.protocol.token.last_use import STEP, remove_unused
from oauthprov.records import Client
from tests.protocol.world import World
from tests.servers import empty

LIFETIME = 7_776_000


@pytest.fixture(params=["sqlite", "redis"])
def world(request):
    url = "sqlite://"
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
    made = World(**{"storage.url": url})
    made.client(registration_token="digest")
    yield made
    made.storage.close()


def used_at(world, client_id="app"):
    return world.storage.get(Client, client_id).record.last_used_at


def pass_by(world, seconds):
    world.now += seconds


def unused(world):
    return sum(remove_unused(world.storage, world.settings, world.now))


def test_an_authorization_and_a_refresh_count_as_use(world):
    assert used_at(world) is None
    token = world.tokens()["refresh_token"]
    assert used_at(world) == world.now
    pass_by(world, STEP)
    assert world.refresh(token).status == 200
    assert used_at(world) == world.now


def test_a_token_request_of_a_machine_counts_as_use(world):
    world.client("worker", "machine", registration_token="digest")
    form = {"grant_type": "client_credentials"}
    assert world.post("token", form, client_id="worker").status == 200
    assert used_at(world, "worker") == world.now


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "redis"])
def test_many_first_uses_at_the_same_moment_all_succeed(engine, request, tmp_path):
    url = f"sqlite:///{tmp_path}/one.sqlite"
    if engine != "sqlite":
        url = request.getfixturevalue(f"{engine}_url")
        empty(url)
    world = World(**{"storage.url": url})
    world.client("worker", "machine")
    start, form = threading.Barrier(8), {"grant_type": "client_credentials"}

    def ask(_: int) -> int:
        start.wait()
        return world.post("token", form, client_id="worker").status

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == [200] * 8
    assert used_at(world, "worker") == world.now
    world.storage.close()


def test_use_is_stored_once_a_day(world):
    world.tokens()
    first = world.now
    pass_by(world, STEP - 1)
    world.tokens()
    assert used_at(world) == first


def test_use_is_stored_for_a_client_that_a_developer_registered(world):
    world.client("console")
    world.tokens("console")
    assert used_at(world, "console") == world.now


def test_storing_use_costs_no_further_trip(world):
    token = world.tokens()["refresh_token"]
    pass_by(world, STEP)
    with world.counted(reads=2, writes=1):
        world.authorize()
    assert used_at(world) == world.now
    pass_by(world, STEP)
    with world.counted(reads=2, writes=1):
        assert world.refresh(token).status == 200
    assert used_at(world) == world.now


def test_a_request_succeeds_when_its_client_changes_at_that_moment(world):
    world.allow()
    pass_by(world, STEP)
    world.storage.meanwhile.append(lambda: world.change(Client, "app", name="Scanner"))
    assert "code" in dict(world.authorize().params)
    stored = world.storage.get(Client, "app").record
    assert (stored.name, stored.last_used_at) == ("Scanner", world.now - STEP)


def test_unused_clients_are_removed_and_their_tokens_dead(world):
    token = world.tokens()["access_token"]
    world.client("console")
    pass_by(world, LIFETIME - 1)
    assert unused(world) == 0
    pass_by(world, 1)
    assert unused(world) == 1
    assert world.storage.get(Client, "app") is None
    assert world.storage.get(Client, "console") is not None
    assert not world.is_live(token)


def test_a_used_client_stays(world):
    pass_by(world, LIFETIME - 1)
    world.tokens()
    pass_by(world, LIFETIME - 1)
    assert unused(world) == 0


def test_a_client_used_at_the_last_moment_stays(world):
    world.allow()
    pass_by(world, LIFETIME)
    world.storage.meanwhile.append(world.authorize)
    assert unused(world) == 0
    assert used_at(world) == world.now


def test_no_unused_client_is_removed_where_the_setting_is_off():
    world = World(**{"registration.unused_lifetime": "0"})
    world.client(registration_token="digest")
    pass_by(world, LIFETIME * 10)
    assert unused(world) == 0


def described(world, **changes):
    url = "https://app.example/client.json"
    world.client(url, "browser", fetched_at=world.now, **changes)
    return url


def test_a_described_client_that_was_never_used_is_forgotten_after_a_day(world):
    url = described(world)
    pass_by(world, 86_399)
    assert unused(world) == 0
    pass_by(world, 1)
    assert unused(world) == 1
    assert world.storage.get(Client, url) is None


def test_a_described_client_is_forgotten_after_90_days_without_use(world):
    url = described(world, last_used_at=world.now)
    pass_by(world, LIFETIME - 1)
    unused(world)
    assert world.storage.get(Client, url) is not None
    pass_by(world, 1)
    unused(world)
    assert world.storage.get(Client, url) is None


def test_a_disabled_described_client_is_never_forgotten_since_it_would_come_back_enabled(world):
    url = described(world, disabled_at=world.now)
    pass_by(world, 10 * LIFETIME)
    unused(world)
    assert world.storage.get(Client, url) is not None
