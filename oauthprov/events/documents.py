"""Events of clients that are described by a document at their URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oauthprov.events.event import ClientEvent, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDocumentFetched(ClientEvent):
    """The document of a client was fetched; ``how`` is ``new``, or ``same`` as before."""

    name: ClassVar[str] = "client_document.fetched"
    words: ClassVar[str] = "the document of a client was fetched"

    how: str = ""

    @property
    def is_routine(self) -> bool:
        """Whether it says what it said before."""
        return self.how == "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDocumentChanged(ClientEvent):
    """The document of a client was fetched, and says something else; ``changed`` are the members.

    ``changed_at`` is among them if users who allowed the client before are asked again.
    """

    name: ClassVar[str] = "client_document.changed"
    words: ClassVar[str] = "the document of a client changed"

    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDocumentRefused(ClientEvent):
    """The document of a client can't be fetched or used.

    ``how`` is ``kept`` if the one fetched before still counts, else ``none``; ``compared`` is why.
    """

    name: ClassVar[str] = "client_document.refused"
    words: ClassVar[str] = "the document of a client can't be used"

    how: str = ""
    compared: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHostChanged(Event):
    """The clients of a host were disabled or enabled: ``how``. ``named`` is the host."""

    name: ClassVar[str] = "client_host.changed"
    words: ClassVar[str] = "the clients of a host were disabled or enabled"

    how: str = ""
    named: str = ""
