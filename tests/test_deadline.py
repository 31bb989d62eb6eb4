"""How the time that a request may wait for storage is shared out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oauthprov import deadline


class Time:
    """Stands for the module ``time``: seconds pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(deadline, "time", time)
    return time


@pytest.fixture
def request_begun(time: Time) -> Iterator[None]:
    token = deadline.begin()
    yield
    deadline.end(token)


def left(time: Time, seconds: float = 5) -> float:
    with deadline.within(seconds) as limit:
        return limit.ends - time.now


def test_outside_of_a_request_each_call_has_its_full_time(time: Time) -> None:
    with deadline.within(5):
        time.now += 4
    assert left(time) == 5


@pytest.mark.usefixtures("request_begun")
def test_the_calls_of_a_request_share_one_deadline(time: Time) -> None:
    with deadline.within(5):
        time.now += 3
    assert left(time) == 2
    with deadline.within(5):
        time.now += 3
    assert left(time) < 0


@pytest.mark.usefixtures("request_begun")
def test_a_call_that_failed_has_used_its_time_too(time: Time) -> None:
    def fail() -> None:
        with deadline.within(5):
            time.now += 3
            raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        fail()
    assert left(time) == 2


@pytest.mark.usefixtures("request_begun")
def test_time_spent_outside_storage_does_not_shorten_the_deadline(time: Time) -> None:
    time.now += 60
    assert left(time) == 5


@pytest.mark.usefixtures("request_begun")
def test_a_nested_call_ends_with_its_outer_call_and_counts_once(time: Time) -> None:
    with deadline.within(5):
        time.now += 1
        assert left(time) == 4
        assert left(time, seconds=3) == 3
        with deadline.within(5):
            time.now += 1
    assert left(time) == 3


def test_the_next_request_has_its_own_deadline(time: Time) -> None:
    for _ in range(2):
        token = deadline.begin()
        with deadline.within(5) as call:
            assert call.of_request
            time.now += 5
        assert left(time) == 0
        deadline.end(token)
    with deadline.within(5) as call:
        assert not call.of_request


def test_long_work_renews_the_time_of_its_request(time: Time, request_begun: None) -> None:
    for _ in range(3):
        assert left(time) == 5
        with deadline.within(5):
            time.now += 4
        assert left(time) == 1
        deadline.renew()


def test_outside_a_request_there_is_nothing_to_renew(time: Time) -> None:
    deadline.renew()
    assert left(time) == 5
