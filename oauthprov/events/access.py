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

    ``endpoint`` is one of :data:`oauthprov.protocol.request.refusals.Endpoint`, None for a page
    or if a request was refused before its endpoint read it; ``compared`` are the values that
    differed. ``client_id`` may be what the request names as its client.
    """

    name: ClassVar[str] = "request.noted"
    words: ClassVar[str] = "noted"

    endpoint: str | None = None
    reason: Reason | None = None
    compared: str | None = None

    @property
    def about(self) -> str | None:
        """The client whose request it is, the account if no client is known."""
        return self.client_id or self.account_id

    @property
    def severity(self) -> int:
        """The log level of this event, by its reason."""
        if self.is_routine:
            return logging.DEBUG
        return self.level if self.reason is None else self.reason.level


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

    @property
    def is_routine(self) -> bool:
        """Whether a device asks if somebody has decided yet, as it does every few seconds."""
        return self.error in ("authorization_pending", "slow_down")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorizationRequested(Event):
    """A device has begun to ask for access; nobody has typed its code yet."""

    name: ClassVar[str] = "device_authorization.requested"
    words: ClassVar[str] = "a device asks for access"

    scope: tuple[str, ...] = ()

    @property
    def is_routine(self) -> bool:
        """Always: no user has done anything."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDenied(Event):
    """Somebody has denied a client's request. ``how`` is ``device`` if a device has asked."""

    name: ClassVar[str] = "consent.denied"
    words: ClassVar[str] = "a request was denied by the user"

    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A client's access to an account was withdrawn, with all its grants."""

    name: ClassVar[str] = "consent.withdrawn"
    words: ClassVar[str] = "the access of a client was withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationGranted(Event):
    """An authorization code was issued, or a device may get its tokens.

    ``how`` is ``asked`` if the user has just allowed it, ``remembered`` if that wasn't needed, and
    ``device`` if they have allowed it to a device.
    """

    name: ClassVar[str] = "authorization.granted"
    words: ClassVar[str] = "an authorization was granted"

    how: str = "remembered"
    scope: tuple[str, ...] = ()

    @property
    def is_routine(self) -> bool:
        """Whether nobody was asked: the tokens that follow have an event of their own."""
        return self.how == "remembered"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensIssued(Event):
    """Tokens were issued. ``how`` is the grant type, or ``implicit``."""

    name: ClassVar[str] = "tokens.issued"
    words: ClassVar[str] = "tokens were issued"
    level: ClassVar[int] = logging.DEBUG

    how: str = ""
    scope: tuple[str, ...] = ()

    @property
    def is_routine(self) -> bool:
        """Whether a program has got them for itself, or goes on with a grant that it has."""
        return self.how in ("client_credentials", "refresh_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRevoked(Event):
    """A grant was revoked, with all its tokens.

    ``how`` is ``client`` (RFC 7009), ``replay`` (a code or refresh token was used twice),
    ``ended`` (the session or consent ended while the grant was made), ``person`` or ``operator``.
    """

    name: ClassVar[str] = "grant.revoked"
    words: ClassVar[str] = "a grant was revoked"

    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """A single access token was revoked."""

    name: ClassVar[str] = "token.revoked"
    words: ClassVar[str] = "a token was revoked"
