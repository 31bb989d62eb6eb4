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
_innermost: ContextVar[within | None] = ContextVar("oauthprov_deadline", default=None)


def begin() -> Token[Request | None]:
    """Begin a request in this context; pass the token to :func:`end`."""
    return _request.set(Request())


def end(token: Token[Request | None]) -> None:
    """End the request that began with ``token``."""
    _request.reset(token)


def renew() -> None:
    """Give the current request the full time again: for long work that storage does in pages."""
    request = _request.get()
    if request is not None:
        request.spent = 0.0


class within:
    """A storage call of at most ``seconds``, minus the time that the request has already spent.

    ``began`` is its beginning and ``ends`` its deadline, by ``time.monotonic()``; a nested call
    ends no later than ``outer``, the call around it. ``of_request`` is whether a request makes the
    call.
    """

    __slots__ = ("_request", "_token", "began", "ends", "of_request", "outer", "seconds")
    ends: float

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        ends = self.began + self.seconds
        request = _request.get()
        self.of_request = request is not None
        outer = self.outer = _innermost.get()
        if outer is not None:
            # The outer call counts the time.
            request = None
            if outer.ends < ends:
                ends = outer.ends
        elif request is not None:
            ends -= request.spent
        self._request = request
        self.ends = ends
        self._token = _innermost.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _innermost.reset(self._token)
        if self._request is not None:
            self._request.spent += time.monotonic() - self.began


def innermost() -> within | None:
    """Return the innermost storage call that is being made, None outside of all."""
    return _innermost.get()
