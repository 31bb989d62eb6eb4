"""What every event is: who, which client and grant, when, from where, in which request."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from oauthprov.events.scope import Scope


OPERATOR = "operator"
"""The actor of what the command does."""
_WORKER = "worker:"
_ACCOUNT = "account:"


def worker(name: str) -> str:
    """Return the actor of what a thread of the server does without a request."""
    return _WORKER + name


def admin(account_id: str) -> str:
    """Return the actor of what an administrator does: the account's id.

    The ids of a host's accounts may be any text. One that looks like another kind of actor has
    ``account:`` before it.
    """
    taken = account_id == OPERATOR or account_id.startswith((_WORKER, _ACCOUNT))
    return _ACCOUNT + account_id if taken else account_id


def is_admin(actor: str | None) -> bool:
    """Return whether an actor is the account of an administrator."""
    return actor is not None and actor != OPERATOR and not actor.startswith(_WORKER)


def is_other_admin(actor: str | None, account_id: str | None) -> bool:
    """Return whether an actor is an administrator, and not of the account that the event names.

    The user of the account learns neither who it is nor the address: both are the admin's data.
    """
    return is_admin(actor) and (account_id is None or actor != admin(account_id))


@dataclass(frozen=True, slots=True)
class Origin:
    """The request or other work in which an event happens.

    ``at`` is in epoch seconds. ``address`` is the IP address of the request. ``actor`` is who acts
    for somebody else: the account of an administrator (:func:`admin`), ``operator`` for the
    command, or a thread of the server, such as ``worker:purge``.
    """

    at: int
    request_id: str = ""
    address: str = ""
    actor: str | None = None


current: ContextVar[Scope | None] = ContextVar("oauthprov_events", default=None)
"""The scope of the events of this request."""

_NOWHERE = Origin(0)


def here() -> Origin:
    """Return the origin of an event of this request."""
    scope = current.get()
    return _NOWHERE if scope is None else scope.origin()


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
    def about(self) -> str | None:
        """The account or client for which the audit lists the event."""
        return self.account_id or self.client_id

    @property
    def is_routine(self) -> bool:
        """Whether it happens all the time where all is well: the audit may leave it out."""
        return False

    @property
    def severity(self) -> int:
        """The log level of this event."""
        return logging.DEBUG if self.is_routine else self.level

    @property
    def sentence(self) -> str:
        """What has happened, in words."""
        return self.words

    def details(self) -> dict[str, str]:
        """Return what only this kind of event has, by name; what is unknown is left out."""
        found = {}
        for name in _own.get(type(self)) or _learned(type(self)):
            value = getattr(self, name)
            if value:
                found[name] = " ".join(value) if type(value) is tuple else str(value)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEvent(Event):
    """An event of a client itself; ``account_id`` is its owner, or who caused the event."""

    @property
    def about(self) -> str | None:
        """The client: who asks why it fails must find what has changed."""
        return self.client_id


_COMMON = {one.name for one in fields(Event)}
_own: dict[type[Event], tuple[str, ...]] = {}
"""The members that only a kind of event has, by kind."""


def _learned(kind: type[Event]) -> tuple[str, ...]:
    known = tuple(one.name for one in fields(kind) if one.name not in _COMMON)
    _own[kind] = known
    return known
