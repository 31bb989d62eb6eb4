"""Work that goes on beside the requests: one kind of thread, begun when it is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from oauthprov import logs
from oauthprov.storage.interface import StorageError

PERIOD = 60
"""Seconds after which :meth:`Worker.look` wakes a worker: another node may have left work."""

log = logs.logger(__name__)


class Worker:
    """One thread a process that works while there is something to do, and then ends.

    ``work`` does what is due; it returns the seconds until more will be due, None when nothing is
    left. What it raises is logged and ends the thread. No thread runs before the first call, so
    a server may fork until then.
    """

    def __init__(
        self, name: str, work: Callable[[], float | None], clock: Callable[[], int]
    ) -> None:
        self._name = name
        self._work = work
        self._clock = clock
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked_at: int | None = None

    def wake(self) -> None:
        """Work now, beside whatever goes on."""
        with self._lock:
            self._looked_at = self._clock()
            self._woken.set()
            if self._thread is not None and self._thread.is_alive():
                return
            thread = threading.Thread(
                target=self._run, name=f"oauthprov-{self._name}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # no thread can be had; whoever comes next tries again
                self._looked_at = None
                return
            self._thread = thread

    def look(self) -> None:
        """Wake the worker, unless it was woken within PERIOD: a restart may have left work."""
        looked_at = self._looked_at
        if looked_at is None or not 0 <= self._clock() - looked_at < PERIOD:
            self.wake()

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, ``seconds`` at most."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while True:
            self._woken.clear()
            pause = self._round()
            with self._lock:
                if pause is None and not self._woken.is_set():
                    self._thread = None
                    return
            self._woken.wait(pause)

    def _round(self) -> float | None:
        try:
            return self._work()
        except StorageError as error:
            log.warning("%s: storage doesn't answer, so the work waits: %s", self._name, error)
        except Exception:
            log.exception("%s: the work failed", self._name)
        return None
