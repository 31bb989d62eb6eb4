"""How long one request may wait for storage, all its calls together.

:func:`begin` and :func:`end` bracket a request; the backends of storage ask :class:`within`. Only
the time inside a storage call counts: a slow request body or a fetched URL takes nothing away from
it. Outside a request, as in commands and worker threads, each call has its full time.
"""

from __future__ import annotations

import time
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self


class Request:
    """The seconds that one request has spent in storage so far."""

    __slots__ = ("spent",)

    def __init__(self) -> None:
        self.spent = 0.0


_request: ContextVar[Request | None] = ContextVar("oauthprov_request", default=None)
_ends: ContextVar[float | None] = ContextVar("oauthprov_deadline", default=None)


def begin() -> Token[Request | None]:
    """Begin a request in this context; hand the token to :func:`end`."""
    return _request.set(Request())


def end(token: Token[Request | None]) -> None:
    """End the request that ``token`` stands for."""
    _request.reset(token)


def in_request() -> bool:
    """Tell whether this context is in a request."""
    return _request.get() is not None


class within:
    """A storage call of at most ``seconds``, less what the request has spent already.

    ``ends`` is when it must be over, by ``time.monotonic()``. Inside another one that is no later
    than the other's.
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
