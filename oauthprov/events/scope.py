"""The events of one request: published when they have happened, with a commit or without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Token

from oauthprov import logs
from oauthprov.events.event import Event, Origin, current
from oauthprov.events.log import write
from oauthprov.events.stream import Stream


class Scope:
    """The events of one request. ``with scope:`` makes it the current one of this context.

    ``waiting`` are those of the next commit, ``made`` is the number of the last entry. ``error``
    is the code that the request was refused with, ``grant_type`` what a token request asks for,
    unchecked; both are empty where there is none.
    """

    __slots__ = (
        "_before",
        "actor",
        "address",
        "error",
        "grant_type",
        "made",
        "request_id",
        "stream",
        "waiting",
    )

    def __init__(
        self, stream: Stream, request_id: str, address: str = "", actor: str | None = None
    ) -> None:
        self.stream = stream
        self.request_id = request_id
        self.address = address
        self.actor = actor
        self.waiting: list[Event] = []
        self.made = 0
        self.error = self.grant_type = ""
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
