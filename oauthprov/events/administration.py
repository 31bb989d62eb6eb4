"""Events of clients, registration tokens, signing keys and logout deliveries."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from oauthprov.events.event import ClientEvent, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(ClientEvent):
    """A client was registered; ``how`` is ``itself`` (RFC 7591), ``owner`` or ``operator``."""

    name: ClassVar[str] = "client.registered"
    words: ClassVar[str] = "a client was registered"

    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(ClientEvent):
    """The registration of a client has changed; ``changed`` are the members.

    A new secret is the member ``client_secret``, the end of an older one ``previous_secret``.
    """

    name: ClassVar[str] = "client.changed"
    words: ClassVar[str] = "a client changed"

    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRemoved(ClientEvent):
    """A client was removed, with all its grants."""

    name: ClassVar[str] = "client.removed"
    words: ClassVar[str] = "a client was removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTokenChanged(Event):
    """An initial access token was created, used or removed: ``how``. ``named`` is its id."""

    name: ClassVar[str] = "registration_token.changed"
    words: ClassVar[str] = "an initial access token changed"

    how: str = ""
    named: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanged(Event):
    """A signing key changed. ``how``: ``created``, ``retired`` or ``compromised``.

    ``named`` is its ``kid``.
    """

    name: ClassVar[str] = "key.changed"
    words: ClassVar[str] = "a signing key changed"

    how: str = ""
    named: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutDelivered(Event):
    """A client has taken a logout token (OpenID Connect Back-Channel Logout)."""

    name: ClassVar[str] = "logout.delivered"
    words: ClassVar[str] = "a logout token was delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutGivenUp(Event):
    """A client didn't take a logout token, and no further attempt is made."""

    name: ClassVar[str] = "logout.given_up"
    words: ClassVar[str] = "no more attempts to send a logout token"
    level: ClassVar[int] = logging.WARNING
