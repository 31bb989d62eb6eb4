"""A thread that delivers logout tokens while there are any, and ends when there are none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from oauthprov.protocol.backchannel_logout import Delivered
from oauthprov.storage.interface import StorageError

PERIOD = 60
"""Seconds after which the queue is looked at again: another node may have left something there."""

log = logging.getLogger(__name__)


class LogoutWorker:
    """One thread a process, begun when it is needed: before a server forks there is none."""

    def __init__(self, deliver: Callable[[], Delivered], clock: Callable[[], int]) -> None:
        self._deliver = deliver
        self._clock = clock
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked_at: int | None = None

    def wake(self) -> None:
        """Look at the queue now, beside whatever goes on."""
        with self._lock:
            self._looked_at = self._clock()
            self._woken.set()
            if self._thread is not None and self._thread.is_alive():
                return
            thread = threading.Thread(target=self._run, name="oauthprov-logout", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no thread can be had; whoever comes next tries again
                self._looked_at = None
                return
            self._thread = thread

    def look(self) -> None:
        """Look at the queue, unless that was done lately: for what a restart left behind."""
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
        """Deliver what is due; return the seconds until the next is, None when there is none."""
        try:
            due = self._deliver().next_at
        except StorageError as error:
            log.warning("the queue of logouts can't be read: %s", error)
            return None
        except Exception:
            log.exception("delivering logouts failed")
            return None
        return None if due is None else float(min(max(due - self._clock(), 1), PERIOD))
