"""Races of threads and processes: exactly one commit wins, and the losers change nothing."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier, Event
from typing import TypeVar

import pytest

from oauthprov.records import Account, AuthorizationCode, Client, RefreshToken
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Revoke,
    State,
    Storage,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, gone, read
from oauthprov.storage.testing.samples import NOW

T = TypeVar("T")

THREADS = 16
PROCESSES = 4
ROUNDS = 8
PATIENCE = 60.0

Commit = tuple[Change, ...]
WON = "won"


def race(runs: Sequence[Callable[[], T]]) -> list[T]:
    """Run all at the same time, each in a thread; return their results."""
    barrier = Barrier(len(runs))

    def run(one: Callable[[], T]) -> T:
        barrier.wait(PATIENCE)
        return one()

    with ThreadPoolExecutor(len(runs)) as threads:
        return list(threads.map(run, runs))


def outcome(storage: Storage, commit: Commit) -> str:
    """Commit; return ``won``, or the state of the conflict."""
    try:
        storage.commit(*commit, now=NOW)
    except Conflict as lost:
        return lost.state
    return WON


class Contest:
    """One record that only one of several commits can change; each commit also adds a token.

    The tokens are in the record's slot, so only the winner's may be stored afterwards.
    """

    def __init__(self, storage: Storage, change: str, racers: int) -> None:
        slot = samples.unique()
        self.tokens = [replace(samples.access(slot), grant_id=None) for _ in range(racers)]
        self.lost: State
        if change == "claim":
            code = samples.code(slot)
            add(storage, code)
            self.lost = "claimed"
            firsts: list[Change] = [Claim(AuthorizationCode, code.key)] * racers
        elif change == "add":
            self.lost = "exists"
            firsts = [Add(samples.account(f"{slot}.x", name=str(n))) for n in range(racers)]
        else:
            client = samples.client(f"{slot}.x")
            add(storage, client)
            seen = read(storage, client)
            self.lost = "changed"
            firsts = [Replace(replace(client, name=str(n)), seen) for n in range(racers)]
        self.record = (Account if change == "add" else Client, f"{slot}.x")
        # Half of the commits add the token first: they must undo it when they lose.
        self.commits: list[Commit] = [
            (Add(token), first) if number % 2 else (first, Add(token))
            for number, (first, token) in enumerate(zip(firsts, self.tokens, strict=True))
        ]

    def check(self, storage: Storage, outcomes: list[str]) -> None:
        """Expect one winner, all its changes in storage, and no change of the others."""
        winner = outcomes.index(WON)
        assert outcomes.count(WON) == 1
        assert outcomes.count(self.lost) == len(outcomes) - 1
        present = [n for n, token in enumerate(self.tokens) if not gone(storage, token)]
        assert present == [winner]
        contested = storage.get(*self.record)
        if contested is not None:
            assert getattr(contested.record, "name", None) == str(winner)


_storage: Storage
_start: Barrier


def _open(reopen: Callable[[], Storage], start: Barrier) -> None:
    """Prepare a process for the races: open a storage there."""
    global _storage, _start
    _storage, _start = reopen(), start


def _run(commits: list[Commit]) -> list[str]:
    """Make one commit of each contest, each at the same time as the other processes."""
    outcomes = []
    for commit in commits:
        _start.wait(PATIENCE)
        outcomes.append(outcome(_storage, commit))
    _storage.close()
    return outcomes


class Racing(Backend):
    """Races for one record."""

    @pytest.mark.parametrize("change", ["claim", "add", "replace"])
    def test_threads(self, storage: Storage, change: str) -> None:
        for _ in range(ROUNDS):
            contest = Contest(storage, change, THREADS)
            outcomes = race([partial(outcome, storage, commit) for commit in contest.commits])
            contest.check(storage, outcomes)

    def test_processes(self, storage: Storage, reopen: Callable[[], Storage]) -> None:
        contests = [
            Contest(storage, change, PROCESSES)
            for change in ("claim", "add", "replace")
            for _ in range(ROUNDS)
        ]
        context = multiprocessing.get_context("spawn")
        start = context.Barrier(PROCESSES)
        parts = [[contest.commits[n] for contest in contests] for n in range(PROCESSES)]
        with ProcessPoolExecutor(PROCESSES, context, _open, (reopen, start)) as processes:
            by_process = list(processes.map(_run, parts))
        for contest, outcomes in zip(contests, zip(*by_process, strict=True), strict=True):
            contest.check(storage, list(outcomes))

    def test_racing_claims_are_judged_one_after_the_other(self, storage: Storage) -> None:
        """Commits that claim the same two records in opposite orders: one of them gets both."""
        for _ in range(ROUNDS):
            slot = samples.unique()
            pair = [samples.code(slot), samples.code(slot)]
            add(storage, *pair)
            claims = tuple(Claim(AuthorizationCode, code.key) for code in pair)
            orders = [claims, claims[::-1]] * 4
            outcomes = race([partial(outcome, storage, order) for order in orders])
            assert sorted(outcomes) == ["claimed"] * 7 + [WON]
            assert [read(storage, code).claimed_at for code in pair] == [NOW, NOW]

    def test_batches_that_overlap_end_everything_beside_rotations(self, storage: Storage) -> None:
        """Several commits end the same grants and codes, each in another order."""
        grants = [samples.grant() for _ in range(60)]
        codes = [samples.code(grant.grant_id) for grant in grants]
        storage.commit(*map(Add, grants), now=NOW)
        storage.commit(*map(Add, codes), now=NOW)
        ended: list[Change] = [Revoke(grant.grant_id) for grant in grants[10:]]
        ended += [Remove(AuthorizationCode, code.key) for code in codes[10:]]
        sweeps = [tuple(ended[first::step]) for first, step in ((0, 1), (99, -1), (20, 1), (1, 2))]
        additions = [(Add(samples.access(grant.grant_id)),) for grant in grants[:20:5]]
        commits: list[Commit] = [*sweeps, *additions]
        assert race([partial(outcome, storage, one) for one in commits]) == [WON] * len(commits)
        revoked = [read(storage, grant).revoked_at for grant in grants]
        assert revoked == [None] * 10 + [NOW] * 50
        assert [gone(storage, code) for code in codes] == [False] * 10 + [True] * 50

    def test_reading_what_another_writes(
        self, storage: Storage, reopen: Callable[[], Storage]
    ) -> None:
        client = samples.client(name="0")
        add(storage, client)
        other, written = reopen(), [0]

        def write() -> bool:
            for number in range(1, 200):
                named = replace(client, name=str(number))
                other.commit(Replace(named, expecting=read(other, client)), now=NOW)
                written.append(number)
            return True

        def follow() -> bool:
            while (least := written[-1]) < 199:
                assert int(read(storage, client).record.name) >= least
            return True

        assert all(race([write, *[follow] * 4]))
        assert int(read(storage, client).record.name) == 199
        other.close()

    def test_no_token_lives_once_revoke_returned(self, storage: Storage) -> None:
        for _ in range(ROUNDS):
            family = Family(storage)
            runs: list[Callable[[], str]] = [family.revoke]
            runs += [partial(family.rotate, token) for token in family.born]
            outcomes = race(runs)
            assert set(outcomes) <= {"revoked", WON}
            family.expect_dead()


class Family:
    """The refresh tokens of one grant, rotated repeatedly until the grant is revoked."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.grant = storage, samples.grant()
        self.born = [samples.refresh(self.grant.grant_id) for _ in range(THREADS - 1)]
        self.over = Event()
        storage.commit(Add(self.grant), *map(Add, self.born), now=NOW)

    def rotate(self, token: RefreshToken) -> str:
        for _ in range(100):
            late = self.over.is_set()
            successor = samples.refresh(self.grant.grant_id)
            self.born.append(successor)
            lost = outcome(self.storage, (Claim(RefreshToken, token.key), Add(successor)))
            if lost != WON:
                return lost
            assert not late, "a rotation won although Revoke had returned"
            token = successor
        return WON

    def revoke(self) -> str:
        self.storage.commit(Revoke(self.grant.grant_id), now=NOW)
        self.over.set()
        self.expect_dead()
        return "revoked"

    def expect_dead(self) -> None:
        for token in tuple(self.born):
            stored = self.storage.get(RefreshToken, token.key)
            assert stored is None or stored.state(NOW) == "revoked"
