"""Whether a server of storage answers at all, and who may go on waiting for it.

A web server has few threads. Where a database or Redis falls silent, all of them would wait until
their deadline, and nobody would be left to answer ``/healthz``. So each wait for a server is cut
into slices, and after each slice without a reply the waiting call is judged:

* **Mute**: for MUTE slices nobody got a reply, and neither did a ping on a connection of its own.
  Only the oldest call goes on waiting, until its deadline. The others fail, and new ones fail at
  once. When the oldest has failed too, nobody asks for PAUSE seconds; then one call tries. The
  first reply lets everybody in again.
* **Stuck**: for STUCK slices nobody got a reply, though a ping may do. As many requests go on
  waiting as leave one thread free, FEW at least; the others fail.

A healthy but slow server doesn't come to that. One reply to anybody, or one statement that the
server itself cancelled, starts the count anew. A lock on a row, a slow statement or a slow fsync
holds up those who wait for it, but not a ping, so that the server isn't mute; and a few may wait
that out. Slices are counted, not seconds, and a slice counts only once the socket was looked at
and had nothing: a process that was itself kept from running finds the replies that arrived
meanwhile. A longer ``timeout`` makes longer slices, for slower machines.

What fails here before it was sent has changed nothing. What was sent has an unknown outcome, as
with every lost reply.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import ContextVar
from types import TracebackType
from typing import Self, TypeVar

from oauthprov import deadline
from oauthprov.storage.interface import StorageError

T = TypeVar("T")

SHORTEST = 0.1
PARTS = 50
"""A slice is the timeout divided by PARTS, and SHORTEST seconds at least."""
ASK, STUCK, MUTE = 2, 5, 7
"""Slices without a reply before a ping is sent, and before waiting calls begin to fail."""
PAUSE = 1.0
"""Seconds for which nobody asks a mute server."""
FEW = 3
"""Requests that may wait for a server that is stuck, however few threads have been seen."""

_current: ContextVar[Call | None] = ContextVar("oauthprov_storage_call", default=None)


class Unanswered(StorageError):
    """The server didn't answer in time, or isn't asked because it answers nobody."""


def current() -> Call | None:
    """Return the call that this thread is making; None where no limit applies."""
    return _current.get()


class Watch:
    """What this process knows of one server. Safe to use from many threads, and after a fork.

    ``timeout`` is in seconds. ``ping`` raises unless the server answers on a connection of its
    own; it is None where a server answers all or nobody. With ``remote=False`` there is no server
    that could be mute, but a file.
    """

    def __init__(
        self, timeout: float, *, ping: Callable[[], object] | None = None, remote: bool = True
    ) -> None:
        self.timeout = timeout
        self.slice = max(SHORTEST, timeout / PARTS)
        self._ping = ping
        self._remote = remote
        self._probe: Call | None = None
        self._calls: dict[Call, None] = {}  # the oldest first
        self._most = 0
        self.replies = self.signs = 0
        self._begin()

    def call(self) -> Call:
        """Return a call to the server, to be used in a ``with`` statement.

        Entering it raises Unanswered where the server isn't to be asked now.
        """
        return Call(self)

    def heard(self) -> None:
        """Note a reply to a call."""
        self.replies += 1
        self._alive()
        self._stuck = False

    def enter(self, call: Call) -> None:
        """Let ``call`` wait for the server, or raise Unanswered."""
        if self._pid != os.getpid():
            self._begin()
        now = time.monotonic()
        if now >= call.ends:
            raise Unanswered("the request's storage deadline has passed")
        with self._lock:
            if self._mute and (self._probe is not None or now < self._again_at):
                raise Unanswered("the storage isn't called: it answers nobody")
            if self._mute:
                self._probe = call
            elif call.of_request:
                waiting = len(self._of_requests())
                if self._stuck and waiting >= self._allowed():
                    raise Unanswered("the storage isn't called: too many requests wait for it")
                self._most = max(self._most, waiting + 1)
            self._calls[call] = None

    def leave(self, call: Call) -> None:
        """Note that ``call`` is over, whatever came of it."""
        with self._lock:
            self._calls.pop(call, None)
            if self._probe is call:
                self._probe = None

    def gave_up(self, call: Call) -> None:
        """Note that ``call`` waited to its end: if the server was mute, it gets a pause."""
        with self._lock:
            if self._remote and (self._probe is call or call.silent >= MUTE):
                self._mute = True
                self._again_at = time.monotonic() + PAUSE

    def judge(self, call: Call) -> None:
        """Raise Unanswered when it is no use for ``call`` to wait for another slice."""
        if self._ping is not None and call.unanswered >= ASK:
            self._ask(self._ping)
        with self._lock:
            if call not in self._calls:
                return
            if self._remote and call.silent >= MUTE and not self._mute:
                self._mute = True
                self._probe = next(iter(self._calls))
            if self._mute and call is not self._probe:
                raise Unanswered("the storage answers nobody")
            if call.of_request and call.unanswered >= STUCK:
                self._stuck = True
                if self._of_requests().index(call) >= self._allowed():
                    raise Unanswered(
                        "the storage answers too slowly, and too many requests wait for it"
                    )

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._calls = {}
        self._most = self.replies = self.signs = 0
        self._mute = self._stuck = self._asking = False
        self._probe = None
        self._again_at = 0.0

    def _alive(self) -> None:
        self.signs += 1
        if self._mute:
            with self._lock:
                self._mute = False
                self._probe = None

    def _of_requests(self) -> list[Call]:
        # Other threads, which deliver logouts or purge, take none of the web server's.
        return [call for call in self._calls if call.of_request]

    def _allowed(self) -> int:
        # The most that ever waited at once tell how many threads there are.
        return max(FEW, self._most - 1)

    def _ask(self, ping: Callable[[], object]) -> None:
        with self._lock:
            if self._asking:
                return
            self._asking = True
        try:
            threading.Thread(target=self._listen, args=(ping,), daemon=True).start()
        except RuntimeError:  # no thread can be had; the next slice tries again
            self._asking = False

    def _listen(self, ping: Callable[[], object]) -> None:
        call = Call(self, counted=False)
        try:
            with call, contextlib.suppress(Exception):
                ping()
        finally:
            self._asking = False
        if not call.late:
            # Whatever else went wrong, somebody said so.
            self._alive()


class Call(deadline.within):
    """One call to a server, and what is left of its time; made by :meth:`Watch.call`."""

    __slots__ = (
        "_before", "_counted", "_replies", "_signs", "_watch",
        "late", "of_request", "silent", "unanswered",
    )  # fmt: skip

    def __init__(self, watch: Watch, *, counted: bool = True) -> None:
        super().__init__(watch.timeout)
        self._watch = watch
        self._counted = counted
        self._replies = self._signs = -1
        self.late = False
        self.unanswered = self.silent = 0

    def __enter__(self) -> Self:
        self.of_request = deadline.in_request()
        super().__enter__()
        try:
            if self._counted:
                self._watch.enter(self)
        except BaseException as error:
            super().__exit__(type(error), error, error.__traceback__)
            raise
        self._before = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.reset(self._before)
        if self._counted:
            # Any other failure was told by the server, or by the system in its place.
            if not isinstance(error, Unanswered):
                self._watch.heard()
            self._watch.leave(self)
        super().__exit__(kind, error, trace)

    def heard(self) -> None:
        """Note that something arrived from the server."""
        if self._counted:
            self._watch.heard()

    @property
    def left(self) -> float:
        """Seconds until the call must be over, 0 at least."""
        return max(0.0, self.ends - time.monotonic())

    @property
    def slice(self) -> float:
        """Seconds to wait before the call is to be judged again."""
        left = self.ends - time.monotonic()
        return min(self._watch.slice, left) if left > 0 else 0.0

    def nothing_came(self, ends: float | None = None) -> None:
        """Count a slice that brought nothing. Raises Unanswered when waiting is no use any more.

        ``ends`` is when to give up, where that is before the call's own end.
        """
        watch = self._watch
        if time.monotonic() >= min(self.ends, self.ends if ends is None else ends):
            self.late = True
            if self._counted:
                watch.gave_up(self)
            raise Unanswered("the storage didn't answer in time")
        self.unanswered = self.unanswered + 1 if self._replies == watch.replies else 0
        self.silent = self.silent + 1 if self._signs == watch.signs else 0
        self._replies, self._signs = watch.replies, watch.signs
        if self._counted:
            watch.judge(self)


def apart(work: Callable[[], T], drop: Callable[[T], object], seconds: float | None = None) -> T:
    """Return what ``work`` does in a thread of its own; raise Unanswered when that takes too long.

    For what can't be interrupted, as resolving a host name. At most ``seconds`` are waited. What
    comes too late is handed to ``drop``. Without a call ``work`` is done here and now. Raises
    Unanswered, too, when no thread can be had.
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
