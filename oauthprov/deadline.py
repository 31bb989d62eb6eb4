"""The time limit for all storage calls of a request together.

:func:`begin` and :func:`end` bracket a request; the storage backends use :class:`within`. Only the
time inside storage calls counts, not a slow request body or a fetched URL. Outside a request, as
in commands and worker threads, each call has the full time.
"""

from __future__ import annotations

import time
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self


class Request:
    """A request, with the seconds that it has spent in storage so far."""

    __slots__ = ("spent",)

    def __init__(self) -> None:
        self.spent = 0.0


_request: ContextVar[Request | None] = ContextVar("oauthprov_request", default=None)
_ends: ContextVar[float | None] = ContextVar("oauthprov_deadline", default=None)


def begin() -> Token[Request | None]:
    """Begin a request in this context; pass the token to :func:`end`."""
    return _request.set(Request())


def end(token: Token[Request | None]) -> None:
    """End the request that began with ``token``."""
    _request.reset(token)


def in_request() -> bool:
    """Return whether this context is in a request."""
    return _request.get() is not None


class within:
    """A storage call of at most ``seconds``, minus the time that the request has already spent.

    ``ends`` is its deadline, by ``time.monotonic()``; a nested call ends no later than the outer.
    """

    __slots__ = ("_began", "_request", "_seconds", "_token", "ends")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        ends = self._began + self._seconds
        self._request = None
        outer = _ends.get()
        if outer is not None:
            ends = min(ends, outer)
        elif (request := _request.get()) is not None:
            ends -= request.spent
            self._request = request
        self.ends = ends
        self._token = _ends.set(ends)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _ends.reset(self._token)
        if self._request is not None:
            self._request.spent += time.monotonic() - self._began
