"""Background work: one kind of worker thread, started when it is needed.

:class:`Lanes` uses several threads, for work that waits for other servers.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

from oauthprov import logs
from oauthprov.storage.interface import StorageError
from oauthprov.threads import in_thread

PERIOD = 60
"""Seconds after which :meth:`Worker.look` wakes a worker: another process may have left work."""

AGAIN = 5
"""The same after storage didn't answer: the unfinished work shouldn't wait for long."""

LANES_LIMIT = 1000
"""The most items that wait in lanes."""

T = TypeVar("T")

log = logs.logger(__name__)


class Worker:
    """One thread per process that runs while there is work, and then ends.

    ``work`` does the due work and returns the seconds until more is due, None if no work is left.
    An exception is logged and ends the thread. ``period`` is for :meth:`look`. No thread runs
    before the first call, so a server may fork until then.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], float | None],
        clock: Callable[[], int],
        period: int = PERIOD,
    ) -> None:
        self.period = period
        self._name = name
        self._work = work
        self._clock = clock
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked_at: int | None = None

    def wake(self) -> None:
        """Start the work now, in the worker's thread."""
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
            except RuntimeError:  # no thread could be started; the next call tries again
                self._looked_at = None
                return
            self._thread = thread

    def look(self) -> None:
        """Wake the worker unless it was woken within ``period``: a restart may have left work.

        After a failure of storage the interval is AGAIN.
        """
        looked_at = self._looked_at
        if looked_at is None or not 0 <= self._clock() - looked_at < self.period:
            self.wake()

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, at most ``seconds``."""
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
            log.warning("%s: the storage doesn't answer, so the work waits: %s", self._name, error)
            with self._lock:
                self._looked_at = self._clock() - self.period + AGAIN
        except Exception:
            log.exception("%s: the work failed", self._name)
        return None


class Lanes(Generic[T]):
    """Runs work in a few threads; items with the same key are worked on one at a time, in order.

    Thus a slow key holds up only one thread. Threads start and end with the work. The first error
    that ``work`` raises stops all lanes, and :meth:`join` raises it.
    """

    def __init__(self, work: Callable[[T], None], threads: int) -> None:
        self._work = work
        self._threads = threads
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._active: set[str] = set()
        self._running = 0
        self._error: Exception | None = None

    def put(self, key: str, item: T) -> None:
        """Queue ``item``; block while the queue is full."""
        with self._changed:
            self._changed.wait_for(self._has_room)
            if self._error is None:
                self._waiting.setdefault(key, deque()).append(item)
            if self._next() is None or self._running == self._threads:
                return
            self._running += 1
        if not in_thread("lane", self._run):
            self._run()

    def join(self) -> None:
        """Wait until all items are done. Raises the first error."""
        with self._changed:
            self._changed.wait_for(lambda: self._running == 0)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            with self._changed:
                key = self._next()
                if key is None:
                    self._running -= 1
                    self._changed.notify_all()
                    return
                item = self._take(key)
            error = self._done(item)
            with self._changed:
                self._active.discard(key)
                self._error = self._error or error
                if self._error is not None:
                    self._waiting.clear()
                self._changed.notify_all()

    def _done(self, item: T) -> Exception | None:
        try:
            self._work(item)
        except Exception as error:
            return error
        return None

    def _next(self) -> str | None:
        return next((key for key in self._waiting if key not in self._active), None)

    def _take(self, key: str) -> T:
        items = self._waiting[key]
        item = items.popleft()
        self._active.add(key)
        if items:
            self._waiting.move_to_end(key)
        else:
            del self._waiting[key]
        return item

    def _has_room(self) -> bool:
        return self._running == 0 or sum(map(len, self._waiting.values())) < LANES_LIMIT
