"""Who goes on waiting for a server that answers nobody, and who doesn't."""

from __future__ import annotations

import threading
from contextvars import copy_context

import pytest

from oauthprov import deadline
from oauthprov.storage import outage
from oauthprov.storage.interface import StorageError
from oauthprov.storage.outage import ASK, FEW, MUTE, PAUSE, STUCK, Unanswered, Watch
from tests.servers.run import until
from tests.test_deadline import Time


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(deadline, "time", time)
    monkeypatch.setattr(outage, "time", time)
    return time


@pytest.fixture
def watch(time: Time) -> Watch:
    return Watch(5)


class Caller:
    """One thread's call, begun at once; ``of_request`` when a request makes it."""

    def __init__(self, watch: Watch, *, of_request: bool = False) -> None:
        self._context = copy_context()
        if of_request:
            self._context.run(deadline.begin)
        self.call = watch.call()
        self._context.run(self.call.__enter__)

    def wait(self, slices: int) -> None:
        """Wait in vain."""
        for _ in range(slices):
            self._context.run(self.call.nothing_came)

    def end(self, error: Exception | None = None) -> None:
        kind = None if error is None else type(error)
        self._context.run(self.call.__exit__, kind, error, None)

    def fail(self, slices: int) -> None:
        """Wait in vain until that is refused."""
        with pytest.raises(Unanswered) as refused:
            self.wait(slices)
        self.end(refused.value)


def expect_refused(watch: Watch, words: str = "answers nobody") -> None:
    with pytest.raises(StorageError, match=words):
        Caller(watch)


def test_only_the_oldest_waits_for_a_mute_server(watch: Watch) -> None:
    oldest, other = Caller(watch), Caller(watch)
    other.wait(MUTE)
    other.fail(1)
    oldest.wait(10 * MUTE)
    expect_refused(watch)


def test_one_that_is_alone_waits_to_the_end_and_others_fail_at_once(watch: Watch) -> None:
    alone = Caller(watch)
    alone.wait(MUTE + 1)
    expect_refused(watch)
    alone.wait(MUTE)


def test_a_reply_to_the_oldest_lets_everybody_in(watch: Watch) -> None:
    oldest = Caller(watch)
    oldest.wait(MUTE + 1)
    expect_refused(watch)
    oldest.call.heard()
    Caller(watch).wait(MUTE)


def test_a_reply_to_anybody_starts_the_count_anew(watch: Watch) -> None:
    oldest, other = Caller(watch), Caller(watch)
    for _ in range(3):
        other.wait(MUTE)
        oldest.call.heard()
    Caller(watch).end()
    other.wait(MUTE)


def test_after_the_deadline_nobody_asks_for_a_while_and_then_one_does(
    watch: Watch, time: Time
) -> None:
    alone = Caller(watch)
    alone.wait(MUTE + 1)
    time.now += 5
    alone.fail(1)
    time.now += PAUSE / 2
    expect_refused(watch)
    time.now += PAUSE
    probe = Caller(watch)
    expect_refused(watch)
    time.now += 5
    probe.fail(1)
    expect_refused(watch)
    time.now += PAUSE
    Caller(watch).end()
    Caller(watch).end()
    Caller(watch)


@pytest.mark.parametrize("error", [StorageError("a lock wasn't free in time"), OSError("refused")])
def test_what_the_server_or_the_system_refuses_is_no_outage(
    watch: Watch, error: Exception
) -> None:
    oldest, other = Caller(watch), Caller(watch)
    oldest.wait(MUTE + 1)
    oldest.end(error)
    Caller(watch)
    other.end()


def test_a_deadline_that_came_early_says_nothing_of_the_server(watch: Watch, time: Time) -> None:
    hasty = Caller(watch)
    hasty.wait(MUTE - 1)
    time.now += 5
    hasty.fail(1)
    Caller(watch)


def test_a_request_without_time_sends_nothing(watch: Watch, time: Time) -> None:
    token = deadline.begin()
    with watch.call():
        time.now += 6
    with pytest.raises(StorageError, match="deadline has passed"), watch.call():
        pytest.fail("it was let through")
    deadline.end(token)


def test_a_server_that_answers_a_ping_is_not_mute(time: Time) -> None:
    """All may wait for one row; the server is well."""
    watch = Watch(5, ping=lambda: None)
    callers = [Caller(watch) for _ in range(20)]
    for _ in range(3):
        signs = watch.signs
        callers[-1].wait(MUTE - 1)
        until(lambda signs=signs: expect_more(watch, signs))
    callers[0].wait(1)
    Caller(watch)


def expect_more(watch: Watch, signs: int) -> None:
    assert watch.signs > signs


def test_a_ping_that_is_refused_is_an_answer(time: Time) -> None:
    def too_many() -> None:
        raise OSError("too many connections")

    watch = Watch(5, ping=too_many)
    Caller(watch).wait(ASK + 1)
    until(lambda: expect_more(watch, 0))


def test_a_ping_without_an_answer_is_none(time: Time) -> None:
    never = threading.Event()
    watch = Watch(5, ping=never.wait)
    oldest, other = Caller(watch), Caller(watch)
    other.wait(MUTE)
    other.fail(1)
    oldest.wait(1)
    never.set()


def no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_without_a_thread_to_ping_the_next_slice_tries_again(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(5, ping=lambda: None)
    caller = Caller(watch)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        caller.wait(ASK + 1)
    caller.wait(1)
    until(lambda: expect_more(watch, 0))


def test_without_a_thread_to_connect_nobody_waits(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(StorageError, match="no thread"), watch.call():
        outage.apart(lambda: None, print)


def test_when_a_server_is_stuck_one_thread_is_left_free(time: Time) -> None:
    """Four threads, as waitress has them: the fourth is for /healthz."""
    watch = Watch(5, remote=False)
    callers = [Caller(watch, of_request=True) for _ in range(FEW + 1)]
    callers[-1].wait(STUCK)
    callers[-1].fail(1)
    for caller in callers[:-1]:
        caller.wait(10 * STUCK)
    with pytest.raises(StorageError, match="too many requests wait"):
        Caller(watch, of_request=True)
    callers[0].end()
    Caller(watch, of_request=True).wait(STUCK)


def test_threads_seen_before_may_wait_too(time: Time) -> None:
    watch = Watch(5, remote=False)
    for caller in [Caller(watch, of_request=True) for _ in range(8)]:
        caller.end()
    callers = [Caller(watch, of_request=True) for _ in range(7)]
    for caller in callers:
        caller.wait(STUCK + 1)
    with pytest.raises(StorageError, match="too many requests wait"):
        Caller(watch, of_request=True)


def test_who_takes_no_thread_of_the_web_server_may_wait(time: Time) -> None:
    watch = Watch(5, remote=False)
    for _ in range(20):
        Caller(watch).wait(10 * STUCK)


def test_what_comes_too_late_is_cleared_away(watch: Watch, time: Time) -> None:
    may_come, dropped = threading.Event(), threading.Event()

    def come() -> str:
        may_come.wait()
        return "late"

    def drop(what: str) -> None:
        assert what == "late"
        dropped.set()

    with watch.call() as call:
        call.ends = time.now
        with pytest.raises(Unanswered):
            outage.apart(come, drop)
    may_come.set()
    assert dropped.wait(60)


def test_an_error_comes_from_apart_as_it_was(watch: Watch) -> None:
    def refuse() -> None:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"), watch.call():
        outage.apart(refuse, print)
    assert watch.replies > 0
