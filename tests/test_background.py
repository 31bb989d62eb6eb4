"""Background work: when it is repeated."""

from __future__ import annotations

from oauthprov.background import AGAIN, PERIOD, Worker
from oauthprov.storage.interface import StorageError
from tests.site import Clock


def test_work_that_storage_refused_is_repeated_at_a_later_request():
    clock, tries = Clock(), []

    def work() -> None:
        tries.append(clock())
        if len(tries) == 1:
            raise StorageError("storage is away")

    def look_after(seconds: int) -> int:
        clock.pass_by(seconds)
        worker.look()
        worker.join(60)
        return len(tries)

    worker = Worker("work", work, clock)
    assert look_after(0) == 1
    assert look_after(AGAIN - 1) == 1
    assert look_after(1) == 2
    assert look_after(PERIOD - 1) == 2
    assert look_after(1) == 3
