"""Purging from the server processes: now and then, one process at a time, a step at a time."""

import itertools
import logging
import os
import threading

import pytest

from oauthprov.protocol import purging
from oauthprov.protocol.purging import DAY, PERIOD, Purging
from oauthprov.records import Client, Consent, Session, consent_key
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, StorageFull
from tests.protocol.world import World
from tests.servers import empty


@pytest.fixture(params=["sqlite", "redis"])
def world(request, tmp_path):
    url = f"sqlite:///{tmp_path}/purging.sqlite"
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
    made = World(**{"storage.url": url})
    yield made
    made.provider.purging.worker.join(30)
    made.storage.close()


def process(world, chance=lambda low, high: low, **more):
    """The purge of another process; without a random delay it is due at once."""
    return Purging(world.settings, world.storage, lambda: world.now, chance, **more)


def expired(world, number):
    """Store sessions that end at once."""
    for one in range(number):
        session = Session(str(one), "alice", 1, 1, 1, expires_at=world.now)
        world.storage.commit(Add(session), now=world.now - 1)


def passes(purge):
    """Take the steps of a pass; return how many there were."""
    steps = 1
    while purge.work() is not None:
        steps += 1
    return steps


@pytest.fixture
def sqlite(tmp_path):
    made = World(**{"storage.url": f"sqlite:///{tmp_path}/purging.sqlite"})
    yield made
    made.storage.close()


def test_a_request_starts_a_purge_of_expired_records_in_the_background(sqlite):
    expired(sqlite, 3)
    purge = process(sqlite)
    purge.look()
    purge.worker.join(30)
    assert sqlite.all(Session) == []


def test_a_backlog_is_purged_in_bounded_steps_with_pauses(sqlite, monkeypatch):
    expired(sqlite, 5)
    inner = sqlite.storage.purge
    limits = []

    def bounded(*, now, limit, after):
        limits.append(limit)
        return inner(now=now, limit=2, after=after)

    monkeypatch.setattr(sqlite.storage, "purge", bounded)
    purge = process(sqlite)
    left = []
    while (pause := purge.work()) is not None:
        assert pause >= purging.PAUSE
        left.append(len(sqlite.all(Session)))
    assert left[:3] == [3, 1, 0]
    assert max(limits) <= 500


def test_a_purge_is_due_once_a_minute(world):
    purge = process(world)
    woken = []
    purge.worker.wake = lambda: woken.append(world.now)
    begin = world.now
    for _ in range(3 * PERIOD):
        purge.look()
        world.now += 1
    assert woken == [begin, begin + PERIOD, begin + 2 * PERIOD]


@pytest.mark.parametrize("seconds", [10, 100])
def test_a_long_pass_is_followed_by_a_long_pause(sqlite, monkeypatch, seconds):
    begun = []
    inner = sqlite.storage.purge
    monkeypatch.setattr(
        sqlite.storage, "purge", lambda **given: begun.append(given["now"]) or inner(**given)
    )
    passes(process(sqlite, stopwatch=itertools.count(0, seconds).__next__))
    sqlite.now += seconds * purging.REST - 1
    passes(process(sqlite))
    assert len(begun) == 1
    sqlite.now += 1
    passes(process(sqlite))
    assert len(begun) == 2


def test_processes_that_start_together_purge_at_different_times(world):
    dues = [process(world, lambda low, high, part=part: high * part // 4) for part in range(4)]
    woken = []
    for number, purge in enumerate(dues):
        purge.worker.wake = lambda number=number: woken.append((world.now, number))
    begin = world.now
    for _ in range(PERIOD):
        for purge in dues:
            purge.look()
        world.now += 1
    assert woken == [(begin + 15 * part, part) for part in range(4)]


def test_a_clock_set_back_does_not_stop_purging(world):
    purge = process(world)
    woken = []
    purge.worker.wake = lambda: woken.append(world.now)
    purge.look()
    world.now -= 10 * DAY
    purge.look()
    assert len(woken) == 2


def test_only_one_process_at_a_time_purges(world, monkeypatch):
    begun = []
    inner = world.storage.purge
    monkeypatch.setattr(
        world.storage, "purge", lambda **given: begun.append(given["now"]) or inner(**given)
    )
    for _ in range(3):
        passes(process(world))
    assert begun == [world.now]
    world.now += PERIOD
    passes(process(world))
    assert begun == [world.now - PERIOD, world.now]


def test_unused_clients_and_consents_of_removed_ones_are_dropped_once_a_day(world):
    world.client()
    world.client("self", registration_token="digest")
    for client_id in ("app", "gone"):
        key = consent_key("alice", client_id)
        consent = Consent(key, "alice", client_id, (), (), world.now, world.now)
        world.storage.commit(Add(consent), now=world.now)
    passes(process(world))
    assert [stored.record.client_id for stored in world.all(Consent)] == ["app"]
    assert world.storage.get(Client, "self") is not None
    world.now += world.settings.registration_unused_lifetime
    passes(process(world))
    assert world.storage.get(Client, "self") is None
    assert world.storage.get(Client, "app") is not None


def test_clients_are_walked_once_a_day(world):
    passes(process(world))
    reads = world.storage.reads
    world.now += PERIOD
    passes(process(world))
    assert world.storage.reads == reads
    world.now += DAY
    passes(process(world))
    assert world.storage.reads > reads


def test_an_outage_is_logged_once(sqlite, caplog, monkeypatch):
    with caplog.at_level(logging.WARNING):
        purge = process(sqlite)
        inner = sqlite.storage.inner
        sqlite.storage.inner = open_storage("redis://127.0.0.1:1")
        for _ in range(3):
            assert purge.work() is None
        assert len(caplog.records) == 1
        sqlite.storage.inner = inner
        expired(sqlite, 1)
        passes(purge)
        assert sqlite.all(Session) == []
        assert len(caplog.records) == 1


def test_every_process_purges_a_full_storage(world, monkeypatch, caplog):
    begun = []
    inner = world.storage.purge
    monkeypatch.setattr(
        world.storage, "purge", lambda **given: begun.append(given["now"]) or inner(**given)
    )

    def full(*changes, now):
        raise StorageFull("full")

    monkeypatch.setattr(world.storage, "commit", full)
    reads = world.storage.reads
    for _ in range(2):
        passes(process(world))
    assert begun == [world.now] * 2
    assert world.storage.reads == reads  # clients wait until there is room
    assert caplog.records == []


def test_no_thread_runs_before_a_request(sqlite):
    before = {thread.name for thread in threading.enumerate()}
    purge = process(sqlite)
    assert {thread.name for thread in threading.enumerate()} == before
    child = os.fork()
    if child == 0:
        try:
            expired(sqlite, 1)
            purge.look()
            purge.worker.join(30)
            os._exit(len(sqlite.all(Session)))
        except BaseException:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
