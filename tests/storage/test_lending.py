"""Each thing is lent to one borrower at a time, and nobody is overtaken for ever."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.storage.lending import Lender
from oauthprov.storage.outage import Unanswered, Watch
from tests.servers.run import until

ALWAYS, NEVER = 0.0, 1e9
"""How long a waiting thread may be overtaken."""


@pytest.fixture
def watch() -> Watch:
    return Watch(60.0, remote=False)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as threads:
        yield threads


def taken(lender: Lender[object], watch: Watch) -> object:
    with watch.call() as call:
        return lender.take(call)


def expect_waiting(lender: Lender[object], number: int) -> None:
    assert lender.waiting == number


def test_who_was_overtaken_for_too_long_is_handed_the_next_thing(watch, threads) -> None:
    lender: Lender[object] = Lender(object, 1, overtaken=NEVER)
    thing = taken(lender, watch)
    waiting = threads.submit(taken, lender, watch)
    until(lambda: expect_waiting(lender, 1))
    lender._overtaken = ALWAYS
    lender.give_back(thing)
    assert list(lender.idle) == []
    assert waiting.result() is thing


def test_those_who_wait_are_served_in_turn(watch, threads) -> None:
    lender: Lender[object] = Lender(object, 1, overtaken=ALWAYS)
    thing, served = taken(lender, watch), []

    def borrow(number: int) -> None:
        got = taken(lender, watch)
        served.append(number)
        lender.give_back(got)

    work = []
    for number in range(8):
        work.append(threads.submit(borrow, number))
        until(lambda number=number: expect_waiting(lender, number + 1))
    lender.give_back(thing)
    for each in work:
        each.result()
    assert served == list(range(8))


def test_a_returned_thing_may_be_taken_again_at_once(watch, threads) -> None:
    """The thread that returned it is running; another would have to wake up first."""
    lender: Lender[object] = Lender(object, 1, overtaken=NEVER)
    taken(lender, watch)
    lender.idle.append(thing := object())
    assert taken(lender, watch) is thing


@pytest.mark.parametrize("overtaken", [ALWAYS, 0.001, NEVER])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_many_threads_share_few_things(threads, overtaken, limit) -> None:
    """Also if some of them give up at the moment when they are handed one."""
    lender: Lender[object] = Lender(object, limit, overtaken)
    patient, hasty = Watch(60.0, remote=False), Watch(0.002, remote=False)
    used: set[object] = set()
    lock, done = threading.Lock(), []

    def borrow(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        for _ in range(200):
            try:
                thing = taken(lender, hasty if dice.random() < 0.2 else patient)
            except Unanswered:
                continue
            with lock:
                assert thing not in used
                used.add(thing)
            for _ in range(dice.randrange(50)):
                pass
            with lock:
                used.remove(thing)
                done.append(seed)
            lender.give_back(thing)

    for work in [threads.submit(borrow, seed) for seed in range(16)]:
        work.result()
    assert {*done} == set(range(16))
    assert lender.waiting == 0
    assert 1 <= len(lender.idle) == len({*lender.idle}) <= limit
