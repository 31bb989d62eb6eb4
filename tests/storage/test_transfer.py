"""Transfers between two real storages of each pair of engines."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import get_context

import pytest
import redis

from oauthprov.records import (
    TRANSFER,
    Account,
    AuthorizationCode,
    Client,
    Grant,
    RefreshToken,
    Session,
    Transfer,
)
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Claim, Remove, Replace, Revoke, Storage, batches
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import add, conflict, gone, read
from oauthprov.storage.testing.samples import LIFE, NOW
from oauthprov.storage.transfer import MOVED, TransferRefused, begin, compare, copy
from tests.counting import Counting
from tests.servers import fresh
from tests.storage.redis_backend import NewerRedis

ENGINES = ("sqlite", "postgresql", "mariadb", "redis", "redis_cluster")
PAIRS = [(one, other) for one in ENGINES for other in ENGINES if one != other]
MANY = 250
"""Accounts, each with a family of tokens: more than a page of some, less of others."""


def clock() -> int:
    return NOW


@pytest.fixture
def urls() -> list[str]:
    """The URLs of the storages that ``opened`` opened."""
    return []


@pytest.fixture
def opened(request, tmp_path, urls) -> Iterator:
    """Open an empty storage of an engine; a second SQLite file has another name."""
    made: list[Storage] = []

    def open_one(engine: str) -> Storage:
        if engine == "sqlite":
            url = f"sqlite:///{tmp_path}/{len(made)}.sqlite"
        else:
            url = request.getfixturevalue(f"{engine}_url")
        fresh(url)
        storage = open_storage(url, {} if "redis" in engine else {"timeout": "60"})
        urls.append(url)
        made.append(storage)
        return storage

    yield open_one
    for storage in made:
        storage.close()


@pytest.fixture
def source(opened):
    return opened("sqlite")


@pytest.fixture
def target(opened):
    return opened("sqlite")


def fill(storage: Storage) -> None:
    """Store every kind, full and bare, and families of tokens in every state."""
    records = [
        samples.fill(kind, f"{name}.{kind.shape.name}", bare=name == "bare")
        for kind in MOVED
        for name in ("bare", "full")
    ]
    for number in range(MANY):
        slot = f"{number:03}"
        records += [samples.account(f"acc-{slot}"), samples.grant(slot), samples.access(slot)]
        records += [replace(samples.refresh(slot), key=f"{slot}.{name}") for name in "ab"]
        records += [replace(samples.code(slot), key=f"{slot}.code")]
    for some in batches(records):
        storage.commit(*map(Add, some), now=NOW)
    for number in range(0, MANY, 3):
        slot = f"{number:03}"
        claims = Claim(RefreshToken, f"{slot}.a"), Claim(AuthorizationCode, f"{slot}.code")
        storage.commit(*claims, now=NOW)
        if number % 2:
            storage.commit(Revoke(slot), now=NOW)


def run(source: Storage, target: Storage, name: str = "here", clock=clock) -> None:
    """Run a whole transfer, and compare."""
    filled = begin(source, target, name, clock)
    sum(copy(source, filled, clock))
    for _, ours, theirs in compare(source, target, clock):
        assert ours == theirs
    filled.complete()


def held(storage: Storage) -> dict[tuple[str, str], tuple]:
    return {
        (kind.shape.name, one.record.storage_key): (one.record, one.claimed_at, one.revoked_at)
        for kind in MOVED
        for one in storage.walk(kind)
    }


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=map("-".join, PAIRS))
def test_everything_is_there_in_its_state(opened, one, other):
    source, target = opened(one), opened(other)
    fill(source)
    before = held(source)
    assert len(before) == 2 * len(MOVED) + 6 * MANY
    run(source, target)
    assert held(target) == before == held(source)
    conflict(target, Claim(RefreshToken, "000.a"), state="claimed")
    conflict(target, Claim(RefreshToken, "003.b"), state="revoked")
    target.commit(Claim(RefreshToken, "000.b"), now=NOW)
    for kind in MOVED:
        for index in kind.shape.indexes:
            [found] = target.find(kind, **{index: "full"}).items
            assert found.record == samples.fill(kind, f"full.{kind.shape.name}")


class Dying(Counting):
    """A storage at whose call number ``last`` its process is killed: before or after the call."""

    def __init__(self, inner: Storage, last: int) -> None:
        super().__init__(inner)
        self.left = last

    def dying(self, call, *args, **kwargs):
        self.left -= 1
        if self.left == 0 and random.random() < 0.5:  # noqa: S311 (no secret)
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return call(*args, **kwargs)
        finally:
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def get_many(self, pairs):
        return self.dying(super().get_many, pairs)

    def _find(self, kind, index, after, limit):
        return self.dying(super()._find, kind, index, after, limit)

    def _commit(self, changes, now):
        return self.dying(super()._commit, changes, now)

    def _load(self, copies, now):
        return self.dying(super()._load, copies, now)


def run_until(last: int, source_url: str, target_url: str) -> None:
    """Run a transfer in this process, which dies at its call number ``last`` to the target."""
    source, target = open_storage(source_url), Dying(open_storage(target_url), last)
    sum(copy(source, begin(source, target, "here", clock), clock))


@pytest.mark.parametrize("engine", ["sqlite", "redis"])
def test_a_run_that_is_killed_at_any_point_is_run_again(source, opened, engine, urls):
    target = opened(engine)
    fill(source)
    # The first run looks whether each kind is absent, and then marks the target; each later one
    # looks at the mark, and at each kind.
    kinds = len(MOVED)
    first = random.sample(range(kinds + 5, kinds + 45), 1)
    for last in first + random.sample(range(2, kinds + 3), 5):
        child = get_context("spawn").Process(target=run_until, args=(last, *urls))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
    with pytest.raises(TransferRefused, match="an incomplete transfer from here"):
        begin(source, target, "there", clock)
    run(source, target)
    assert held(target) == held(source)


@pytest.mark.parametrize("engine", ["postgresql", "redis"])
def test_a_later_run_takes_over_what_has_changed(opened, source, engine):
    target = opened(engine)
    fill(source)
    filled = begin(source, target, "here", clock)
    sum(copy(source, filled, clock))
    alice = samples.account("acc-001")
    source.commit(
        Replace(replace(alice, name="bob"), expecting=read(source, alice)),
        Claim(RefreshToken, "001.a"),
        Revoke("002"),
        Remove(Account, "acc-003"),
        Add(samples.account("acc-zzz")),
        now=NOW,
    )
    run(source, target)
    assert held(target) == held(source)
    assert gone(target, samples.account("acc-003"))
    assert read(target, samples.grant("002")).revoked_at == NOW


def test_what_has_expired_is_left_out_and_takes_no_part_in_the_comparison(source, target):
    over = samples.fill(Session, "over", bare=True)
    kept = replace(samples.fill(Session, "kept", bare=True), expires_at=NOW + 2 * LIFE)
    add(source, over, kept)
    tombstone = samples.code("slot")
    add(source, samples.grant("slot"), tombstone)
    late = NOW + LIFE
    run(source, target, clock=lambda: late)
    assert gone(target, over)
    assert read(target, kept).record == kept
    assert read(target, tombstone).state(late) == "expired"


def test_a_storage_that_holds_anything_is_no_target(source, target):
    for kind in MOVED:
        record = samples.fill(kind, "slot.key")
        add(target, record)
        with pytest.raises(TransferRefused, match=f"isn't empty.*{kind.shape.name}"):
            begin(source, target, "here", clock)
        target.commit(Remove(kind, "slot.key"), now=NOW)
    begin(source, target, "here", clock)


def test_a_target_belongs_to_one_source_until_it_is_complete(source, target):
    begin(source, target, "here", clock)
    with pytest.raises(TransferRefused, match="an incomplete transfer from here, not from there"):
        begin(source, target, "there", clock)
    add(source, samples.account("one"))
    run(source, target)
    with pytest.raises(TransferRefused, match="isn't empty"):
        begin(source, target, "here", clock)


def test_of_two_runs_the_older_one_stops(source, target):
    fill(source)
    first = begin(source, target, "here", clock)
    steps = copy(source, first, clock)
    next(steps)
    run(source, target)
    add(target, samples.account("new"))
    with pytest.raises(TransferRefused, match="Another run"):
        sum(steps)
    with pytest.raises(TransferRefused, match="Another run"):
        first.complete()
    assert read(target, samples.account("new")).state(NOW) == "live"


def test_a_half_filled_storage_is_no_source(source, target, opened):
    fill(source)
    filled = begin(source, target, "here", clock)
    steps = copy(source, filled, clock)
    next(steps)
    with pytest.raises(TransferRefused, match="only a part of here"):
        begin(target, opened("sqlite"), "target", clock)
    sum(steps)
    run(target, back := opened("sqlite"), "target")
    assert held(back) == held(source)
    assert back.get(Transfer, TRANSFER) is None


def test_a_comparison_finds_what_was_written_meanwhile(source, target):
    fill(source)
    filled = begin(source, target, "here", clock)
    sum(copy(source, filled, clock))
    source.commit(Claim(RefreshToken, "001.a"), Add(samples.client("late")), now=NOW)
    target.commit(Remove(Grant, "004"), now=NOW)
    different = {
        kind: (ours.count, theirs.count)
        for kind, ours, theirs in compare(source, target, clock)
        if ours != theirs
    }
    assert different == {
        RefreshToken: (2 * MANY + 2,) * 2,
        Client: (3, 2),
        Grant: (MANY + 2, MANY + 1),
    }


def test_fields_of_a_newer_version_are_refused_rather_than_lost(opened, target, redis_url):
    source = opened("redis")
    alice = samples.account("one")
    add(source, alice)
    with redis.Redis.from_url(redis_url) as client:
        NewerRedis(client).plant(Account, "one", "later", "field")
    with pytest.raises(TransferRefused, match="newer version"):
        sum(copy(source, begin(source, target, "here", clock), clock))
