"""What every event is: who, which client and grant, when, from where, in which request."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Origin:
    """The request or other work in which an event happens.

    ``at`` is in epoch seconds. ``address`` is the IP address of the request, ``actor`` who acts
    for somebody else: the account of an administrator, or ``operator`` for the command.
    """

    at: int
    request_id: str = ""
    address: str = ""
    actor: str | None = None


class Source(Protocol):
    """Where events come from: it says what they have in common."""

    def origin(self) -> Origin:
        """Return the origin of an event that happens now."""


source: ContextVar[Source | None] = ContextVar("oauthprov_events", default=None)
"""The source of the events of this request."""

_NOWHERE = Origin(0)


def here() -> Origin:
    """Return the origin of an event of this request."""
    current = source.get()
    return _NOWHERE if current is None else current.origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that has happened. It never holds a secret, a code or a token.

    ``name`` is stable: dashboards search for it. ``words`` say what has happened, in the log.
    ``account_id``, ``client_id`` and ``grant_id`` are None where there is none.
    """

    name: ClassVar[str] = ""
    words: ClassVar[str] = ""
    level: ClassVar[int] = logging.INFO

    account_id: str | None = None
    client_id: str | None = None
    grant_id: str | None = None
    origin: Origin = field(default_factory=here)

    @property
    def severity(self) -> int:
        """The log level of this event."""
        return self.level

    @property
    def sentence(self) -> str:
        """What has happened, in words."""
        return self.words

    def details(self) -> Mapping[str, str]:
        """Return what only this kind of event has, by name; what is unknown is left out."""
        found = ((name, getattr(self, name)) for name in _own_fields(type(self)))
        return {name: _text(value) for name, value in found if value not in (None, "", ())}


_COMMON = {one.name for one in fields(Event)}


_own: dict[type[Event], tuple[str, ...]] = {}


def _own_fields(kind: type[Event]) -> tuple[str, ...]:
    known = _own.get(kind)
    if known is None:
        known = tuple(one.name for one in fields(kind) if one.name not in _COMMON)
        _own[kind] = known
    return known


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
