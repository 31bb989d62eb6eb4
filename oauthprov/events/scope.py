"""The events of one request: published when they have happened, with a commit or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Token
from itertools import count

from oauthprov import logs
from oauthprov.events.event import Event, Origin, current
from oauthprov.events.log import write
from oauthprov.events.stream import Stream

_ADDRESS = 100
"""Characters of an address, at most; one of IPv6 with a zone has fewer."""


class Scope:
    """The events of one request. ``with scope:`` makes it the current one of this context.

    ``waiting`` are those of the next commit, ``numbers`` gives each entry its own, from any
    thread. ``error`` is the code that the request was refused with, ``grant_type`` what a token
    request asks for, unchecked; both are empty where there is none. ``address`` is empty, too, if
    what the proxy handed on can't be one. ``is_known`` is whether a user has proven an account, by
    a session or by the first step of a sign-in: the audit has room apart for what strangers cause.
    """

    __slots__ = (
        "_before",
        "actor",
        "address",
        "error",
        "grant_type",
        "is_known",
        "numbers",
        "request_id",
        "stream",
        "waiting",
    )

    def __init__(
        self, stream: Stream, request_id: str, address: str = "", actor: str | None = None
    ) -> None:
        self.stream = stream
        self.request_id = request_id
        self.address = _address(address)
        self.actor = actor
        self.waiting: list[Event] = []
        self.numbers = count(1)
        self.error = self.grant_type = ""
        self.is_known = False
        self._before: Token[Scope | None] | None = None

    def __enter__(self) -> Scope:
        self._before = current.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            current.reset(self._before)

    def origin(self) -> Origin:
        """Return the origin of an event that happens now."""
        return Origin(self.stream.clock(), self.request_id, self.address, self.actor)

    def child(self) -> Scope:
        """Return the scope of work that this request leaves to another thread.

        It has the same origin, but waiting events of its own: no commit of one thread takes those
        of another.
        """
        child = Scope(self.stream, self.request_id, self.address, self.actor)
        child.numbers = self.numbers
        child.is_known = self.is_known
        return child


def _address(sent: str) -> str:
    """Return an address without what no address has: a proxy may pass on anything."""
    return sent if len(sent) <= _ADDRESS and sent.isascii() and sent.isprintable() else ""


def on_commit(event: Event) -> None:
    """Publish ``event`` once the next commit of this request has succeeded.

    The commit stores its entry of the audit too. If the commit fails, the event hasn't happened.
    """
    scope = current.get()
    if scope is not None:
        scope.waiting.append(event)


def publish(event: Event) -> None:
    """Publish ``event``, which has happened without a commit; outside a request, only log it."""
    scope = current.get()
    if scope is None:
        write(event)
    else:
        scope.stream.publish(scope, event)


def refused_with(error: str) -> None:
    """Keep the code that the current request was refused with."""
    scope = current.get()
    if scope is not None:
        scope.error = error


def asked_for(grant_type: str | None) -> None:
    """Keep the grant type that the current request asks for."""
    scope = current.get()
    if scope is not None:
        scope.grant_type = grant_type or ""


def in_background(work: Callable[[], object]) -> Callable[[], object]:
    """Return ``work`` for another thread: its events belong to the current request.

    The thread must run it in a copy of the current context, so that log lines have the request id.
    """
    scope = current.get()
    if scope is None:
        return work
    child = scope.child()

    def run() -> object:
        with child:
            return work()

    return run


@contextmanager
def working(stream: Stream, actor: str | None = None) -> Iterator[Scope]:
    """Publish the events of work without a request; it gets an id like a request's."""
    request_id = logs.new_request_id()
    bound = logs.request_id.set(request_id)
    try:
        with Scope(stream, request_id, actor=actor) as scope:
            yield scope
    finally:
        logs.request_id.reset(bound)
