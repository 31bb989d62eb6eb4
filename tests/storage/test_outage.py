"""Which calls wait for a server that doesn't answer, and which fail."""

from __future__ import annotations

import threading
from contextvars import copy_context

import pytest

from oauthprov import deadline
from oauthprov.storage import outage
from oauthprov.storage.interface import StorageError
from oauthprov.storage.outage import ASK, FEW, LOCKED, MUTE, PAUSE, Unanswered, Watch
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
        """Wait without a reply."""
        for _ in range(slices):
            self._context.run(self.call.nothing_came)

    def end(self, error: Exception | None = None) -> None:
        kind = None if error is None else type(error)
        self._context.run(self.call.__exit__, kind, error, None)

    def fail(self, slices: int) -> None:
        """Wait without a reply until the call is refused."""
        with pytest.raises(Unanswered) as refused:
            self.wait(slices)
        self.end(refused.value)


def expect_refused(watch: Watch, words: str = "answers nobody") -> None:
    with pytest.raises(StorageError, match=words):
        Caller(watch)


def test_only_the_oldest_call_waits_for_a_mute_server(watch: Watch) -> None:
    oldest, other = Caller(watch), Caller(watch)
    other.wait(MUTE)
    other.fail(1)
    oldest.wait(10 * MUTE)
    expect_refused(watch)


def test_a_single_call_waits_to_its_deadline_and_later_ones_fail_at_once(watch: Watch) -> None:
    alone = Caller(watch)
    alone.wait(MUTE + 1)
    expect_refused(watch)
    alone.wait(MUTE)


def test_a_reply_to_the_oldest_call_admits_all(watch: Watch) -> None:
    oldest = Caller(watch)
    oldest.wait(MUTE + 1)
    expect_refused(watch)
    oldest.call.heard()
    Caller(watch).wait(MUTE)


def test_a_reply_to_any_call_restarts_the_count(watch: Watch) -> None:
    oldest, other = Caller(watch), Caller(watch)
    for _ in range(3):
        other.wait(MUTE)
        oldest.call.heard()
    Caller(watch).end()
    other.wait(MUTE)


def test_after_a_deadline_calls_pause_and_then_one_is_tried(watch: Watch, time: Time) -> None:
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
def test_an_error_from_the_server_or_system_is_no_outage(watch: Watch, error: Exception) -> None:
    oldest, other = Caller(watch), Caller(watch)
    oldest.wait(MUTE + 1)
    oldest.end(error)
    Caller(watch)
    other.end()


def test_a_call_with_an_early_deadline_is_no_sign_of_an_outage(watch: Watch, time: Time) -> None:
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
    """All calls may wait for one row of a healthy server."""
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


def test_a_refused_ping_counts_as_an_answer(time: Time) -> None:
    def too_many() -> None:
        raise OSError("too many connections")

    watch = Watch(5, ping=too_many)
    Caller(watch).wait(ASK + 1)
    until(lambda: expect_more(watch, 0))


def test_an_unanswered_ping_leaves_the_server_mute(time: Time) -> None:
    never = threading.Event()
    watch = Watch(5, ping=never.wait)
    oldest, other = Caller(watch), Caller(watch)
    other.wait(MUTE)
    other.fail(1)
    oldest.wait(1)
    never.set()


def no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_ping_that_gets_no_thread_is_repeated(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(5, ping=lambda: None)
    caller = Caller(watch)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        caller.wait(ASK + 1)
    caller.wait(1)
    until(lambda: expect_more(watch, 0))


def test_a_call_that_gets_no_thread_fails_at_once(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(StorageError, match="no thread"), watch.call():
        outage.apart(lambda: None, print)


def test_a_stuck_server_leaves_one_web_thread_free(time: Time) -> None:
    """Four threads, as waitress has them: the fourth is for /healthz."""
    watch = Watch(5, remote=False)
    callers = [Caller(watch, of_request=True) for _ in range(FEW + 1)]
    callers[-1].wait(LOCKED)
    callers[-1].fail(1)
    for caller in callers[:-1]:
        caller.wait(10 * LOCKED)
    with pytest.raises(StorageError, match="too many requests wait"):
        Caller(watch, of_request=True)
    callers[0].end()
    Caller(watch, of_request=True).wait(LOCKED)


def test_all_known_web_threads_but_one_may_wait(time: Time) -> None:
    watch = Watch(5, remote=False)
    for caller in [Caller(watch, of_request=True) for _ in range(8)]:
        caller.end()
    callers = [Caller(watch, of_request=True) for _ in range(7)]
    for caller in callers:
        caller.wait(LOCKED + 1)
    with pytest.raises(StorageError, match="too many requests wait"):
        Caller(watch, of_request=True)


def test_a_file_that_another_process_locks_refuses_nobody_at_first(time: Time) -> None:
    watch = Watch(5, remote=False)
    for caller in [Caller(watch, of_request=True) for _ in range(2 * FEW)]:
        caller.wait(LOCKED - 1)


def test_calls_outside_the_web_server_may_all_wait(time: Time) -> None:
    watch = Watch(5, remote=False)
    for _ in range(20):
        Caller(watch).wait(10 * LOCKED)


def test_a_result_after_the_deadline_is_dropped(watch: Watch, time: Time) -> None:
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


def test_an_error_in_the_other_thread_is_raised_unchanged(watch: Watch) -> None:
    def refuse() -> None:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"), watch.call():
        outage.apart(refuse, print)
    assert watch.replies > 0
