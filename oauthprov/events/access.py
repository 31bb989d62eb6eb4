"""Events of consents, grants and tokens, and refused requests."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from oauthprov.events.event import Event
from oauthprov.events.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestNoted(Event):
    """A fact about a request that an operator should know; the request wasn't refused for it.

    ``endpoint`` is one of :data:`oauthprov.protocol.request.refusals.Endpoint`, ``compared`` the
    values that differed. ``client_id`` may be what the request names as its client.
    """

    name: ClassVar[str] = "request.noted"
    words: ClassVar[str] = "noted"

    endpoint: str | None = None
    reason: Reason | None = None
    compared: str | None = None

    @property
    def severity(self) -> int:
        """The log level of this event, by its reason."""
        return logging.INFO if self.reason is None else self.reason.level


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused(RequestNoted):
    """A request was refused. ``error`` is the registered code that was sent.

    ``description`` is the one that was sent; it is empty where ``reason`` says more.
    """

    name: ClassVar[str] = "request.refused"
    words: ClassVar[str] = "refused"

    error: str = ""
    description: str = ""

    @property
    def sentence(self) -> str:
        """What has happened, in words."""
        return f"refused: {self.description}" if self.description else self.words


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecided(Event):
    """Somebody has allowed or denied what a client asked for. ``how``: ``allowed``, ``denied``."""

    name: ClassVar[str] = "consent.decided"
    words: ClassVar[str] = "a consent was decided"

    how: str = ""
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A client's access to an account was withdrawn, with all its grants."""

    name: ClassVar[str] = "consent.withdrawn"
    words: ClassVar[str] = "the access of a client was withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationGranted(Event):
    """An authorization code was issued, or tokens by the authorization endpoint."""

    name: ClassVar[str] = "authorization.granted"
    words: ClassVar[str] = "an authorization was granted"
    level: ClassVar[int] = logging.DEBUG

    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensIssued(Event):
    """Tokens were issued. ``how`` is the grant type."""

    name: ClassVar[str] = "tokens.issued"
    words: ClassVar[str] = "tokens were issued"
    level: ClassVar[int] = logging.DEBUG

    how: str = ""
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRevoked(Event):
    """A grant was revoked, with all its tokens.

    ``how`` is ``client`` (RFC 7009), ``replay`` (a code or refresh token was used twice),
    ``person`` or ``operator``.
    """

    name: ClassVar[str] = "grant.revoked"
    words: ClassVar[str] = "a grant was revoked"

    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """A single access token was revoked."""

    name: ClassVar[str] = "token.revoked"
    words: ClassVar[str] = "a token was revoked"
