"""Detects storage servers that don't answer, and limits the requests that wait for them.

A web server has few threads. When a database or Redis stops answering, all of them would wait
until their deadline, and none would be left to answer ``/healthz``. Hence each wait for a server
is divided into slices, and after each slice without a reply the waiting call is judged:

* **Mute**: for MUTE slices no call got a reply, and neither did a ping on a separate connection.
  Only the oldest call keeps waiting, until its deadline. The others fail, and new calls fail at
  once. When the oldest call has failed too, no call is sent for PAUSE seconds; then one call
  tries. The first reply admits all calls again.
* **Stuck**: for STUCK slices no call got a reply, although a ping may have got one. Requests may
  keep waiting in all threads but one, and at least FEW may wait; the others fail.

A healthy but slow server isn't treated this way. A reply to any call, or a statement that the
server itself cancelled, resets the count. A lock on a row, a slow statement or a slow fsync delays
the calls that need it, but not a ping, so the server isn't mute, and a few requests may wait.
Slices are counted, not seconds, and a slice counts only after the socket was found empty: a
process that was itself suspended first reads the replies that arrived meanwhile. A longer
``timeout`` makes longer slices, for slower machines.

A call that fails here before it was sent has changed nothing. A call that was sent has an unknown
outcome, as with any lost reply.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from types import TracebackType
from typing import Self, TypeVar

from oauthprov import deadline
from oauthprov.storage.interface import StorageError
from oauthprov.storage.unreachable import LATE

T = TypeVar("T")

SHORTEST = 0.1
PARTS = 50
"""A slice is the timeout divided by PARTS, but at least SHORTEST seconds."""
ASK, STUCK, MUTE = 2, 5, 7
"""Slices without a reply until a ping is sent, and until the server counts as stuck or mute."""
LOCKED = 2 * STUCK
"""Slices until a file counts as stuck: processes that write take turns, but don't queue."""
PAUSE = 1.0
"""Seconds during which no call is sent to a mute server."""
FEW = 3
"""The least number of requests that may wait for a stuck server."""


class Unanswered(StorageError):
    """The server didn't answer in time, or the call wasn't sent because it answers no call."""

    explained = True


def current() -> Call | None:
    """Return the call that this thread is making, None if no time limit applies."""
    found = deadline.innermost()
    while found is not None and not isinstance(found, Call):
        found = found.outer
    return found


class Watch:
    """Watches one server. Safe to use from many threads, and after a fork.

    ``pid`` is the process that last entered a call. ``name`` says in messages which server it is.

    ``timeout`` is in seconds. ``ping`` raises unless the server answers on a separate connection;
    it is None for a server that always answers either all calls or none. ``remote=False`` is for a
    file, which is never mute.
    """

    def __init__(
        self,
        timeout: float,
        *,
        ping: Callable[[], object] | None = None,
        remote: bool = True,
        name: str = "the storage",
    ) -> None:
        self.timeout = timeout
        self.name = name
        self.slice = max(SHORTEST, timeout / PARTS)
        self._ping = ping
        self._remote = remote
        self._patience = STUCK if remote else LOCKED
        self._probe: Call | None = None
        self._calls: dict[Call, None] = {}  # the oldest first
        self._waiting = self._most = 0
        self._begin()

    def call(self) -> Call:
        """Return a call to the server, to be used in a ``with`` statement.

        Entering it raises Unanswered if no call may be sent to the server now.
        """
        return Call(self)

    def heard(self) -> None:
        """Record a reply to a call."""
        self.replies += 1
        self.signs += 1
        self._stuck = False
        if self._mute:
            self._revive()

    def enter(self, call: Call) -> None:
        """Let ``call`` wait for the server, or raise Unanswered."""
        if self.pid != os.getpid():
            self._begin()
        if call.began >= call.ends:
            raise Unanswered("the request's storage deadline has passed")
        with self._lock:
            if self._mute:
                if self._probe is not None or call.began < self._again_at:
                    raise Unanswered(f"{self.name} isn't called: it answers nobody")
                self._probe = call
            elif call.of_request and self._stuck and self._waiting >= self._allowed():
                raise Unanswered(f"{self.name} isn't called: too many requests wait for it")
            self._calls[call] = None
            if call.of_request:
                self._waiting += 1
                if self._waiting > self._most:
                    self._most = self._waiting

    def leave(self, call: Call, *, answered: bool) -> None:
        """Record the end of ``call``; ``answered`` is whether the server replied."""
        if answered:
            self.heard()
        with self._lock:
            if self._calls.pop(call, call) is None and call.of_request:
                self._waiting -= 1
            if self._probe is call:
                self._probe = None

    def gave_up(self, call: Call) -> None:
        """Record that ``call`` reached its deadline: if the server is mute, begin a pause."""
        with self._lock:
            if self._remote and (self._probe is call or call.silent >= MUTE):
                self._mute = True
                self._again_at = time.monotonic() + PAUSE

    def judge(self, call: Call) -> None:
        """Raise Unanswered if ``call`` should not wait for another slice."""
        if self._ping is not None and call.unanswered >= ASK:
            self._ask(self._ping)
        with self._lock:
            if call not in self._calls:
                return
            if self._remote and call.silent >= MUTE and not self._mute:
                self._mute = True
                self._probe = next(iter(self._calls))
            if self._mute and call is not self._probe:
                raise Unanswered(f"{self.name} answers nobody")
            if call.of_request and call.unanswered >= self._patience:
                self._stuck = True
                older = [other for other in self._calls if other.of_request]
                if older.index(call) >= self._allowed():
                    raise Unanswered(
                        f"{self.name} answers too slowly, and too many requests wait for it"
                    )

    def _begin(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._calls = {}
        # Background work, such as delivering logouts, uses none of the web server's threads.
        self._waiting = self._most = 0
        self.replies = self.signs = 0
        self._mute = self._stuck = self._asking = False
        self._probe = None
        self._again_at = 0.0

    def _revive(self) -> None:
        with self._lock:
            self._mute = False
            self._probe = None

    def _allowed(self) -> int:
        # The number of threads isn't known; the most calls that ever waited at once estimate it.
        return max(FEW, self._most - 1)

    def _ask(self, ping: Callable[[], object]) -> None:
        with self._lock:
            if self._asking:
                return
            self._asking = True
        try:
            threading.Thread(target=self._listen, args=(ping,), daemon=True).start()
        except RuntimeError:  # no thread could be started; the next slice tries again
            self._asking = False

    def _listen(self, ping: Callable[[], object]) -> None:
        call = Call(self, counted=False)
        try:
            with call, contextlib.suppress(Exception):
                ping()
        finally:
            self._asking = False
        if not call.late:
            # Even an error is an answer.
            self.signs += 1
            if self._mute:
                self._revive()


class Call(deadline.within):
    """One call to a server, with its time limit; made by :meth:`Watch.call`."""

    __slots__ = (
        "_counted", "_replies", "_signs", "_watch", "late", "silent", "unanswered",
    )  # fmt: skip

    def __init__(self, watch: Watch, *, counted: bool = True) -> None:
        self.seconds = watch.timeout
        self._watch = watch
        self._counted = counted
        self._replies = self._signs = -1
        self.late = False
        self.unanswered = self.silent = 0

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            if self._counted:
                self._watch.enter(self)
        except BaseException as error:
            super().__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._counted:
            # Any other failure is a reply of the server, or of the system about it.
            answered = error is None or not isinstance(error, Unanswered)
            self._watch.leave(self, answered=answered)
        super().__exit__(kind, error, trace)

    def heard(self) -> None:
        """Record that data arrived from the server."""
        if self._counted:
            self._watch.heard()

    @property
    def left(self) -> float:
        """Seconds until the deadline of the call, at least 0."""
        return max(0.0, self.ends - time.monotonic())

    @property
    def slice(self) -> float:
        """Seconds to wait before the call is judged again."""
        left = self.ends - time.monotonic()
        whole = self._watch.slice
        return whole if left >= whole else left if left > 0 else 0.0

    def nothing_came(self, ends: float | None = None) -> None:
        """Count a slice without data. Raises Unanswered if the call should not wait any longer.

        ``ends`` is an earlier deadline than the call's, if any.
        """
        watch = self._watch
        if time.monotonic() >= min(self.ends, self.ends if ends is None else ends):
            self.late = True
            if self._counted:
                watch.gave_up(self)
            raise Unanswered(f"{watch.name} {LATE}")
        self.unanswered = self.unanswered + 1 if self._replies == watch.replies else 0
        self.silent = self.silent + 1 if self._signs == watch.signs else 0
        self._replies, self._signs = watch.replies, watch.signs
        if self._counted:
            watch.judge(self)


def apart(work: Callable[[], T], drop: Callable[[T], object], seconds: float | None = None) -> T:
    """Run ``work`` in a separate thread and return its result.

    For work that can't be interrupted, such as resolving a host name. Raises Unanswered after
    ``seconds``, at the end of the call, or if no thread can be started. A result that comes too
    late is passed to ``drop``. Outside a call ``work`` runs in this thread.
    """
    call = current()
    if call is None:
        return work()
    future: Future[T] = Future()

    def run() -> None:
        try:
            made = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(made)

    try:
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError as error:
        raise Unanswered("no thread is free to call the storage", error) from error
    ends = call.ends if seconds is None else min(call.ends, time.monotonic() + seconds)
    try:
        while not wait([future], max(0.0, min(call.slice, ends - time.monotonic()))).done:
            call.nothing_came(ends)
    except Unanswered:
        future.add_done_callback(lambda late: late.exception() is None and drop(late.result()))
        raise
    call.heard()
    return future.result()
