"""The operation of a request: a small state for each kind, filled in by the hooks in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oauthprov.protocol.request.answers import ResponseMode
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.params import Pairs, Parsed
from oauthprov.records import AuthorizationCode, Grant, RefreshToken, slot
from oauthprov.storage.interface import Stored


class Operation:
    """What a request is about. The log and the events name its account and its grant."""

    __slots__ = ()

    @property
    def account_id(self) -> str | None:
        """The account behind what the client presented, None without one."""
        return None

    @property
    def grant_id(self) -> str | None:
        """The grant of what the client presented, or the one it will have; None without one."""
        return None


@dataclass(slots=True)
class Authorizing(Operation):
    """An authorization request that is being validated.

    ``redirect_uri`` is set once it and the client are proven: from then on errors go to the client
    in ``response_mode``, and as a JWT that ``sign`` makes, if it is there. ``found`` is what the
    checks have found, None until they have run.
    """

    parsed: Parsed = field(default_factory=lambda: Parsed(()))
    redirect_uri: str | None = None
    response_mode: ResponseMode = "query"
    sign: Callable[[Pairs], str] | None = None
    found: CheckedRequest | None = None
    resources: tuple[str, ...] = ()

    @property
    def checked(self) -> CheckedRequest:
        """What the checks have found. Raises RuntimeError when none has run."""
        if self.found is None:
            raise RuntimeError("the request was not checked")
        return self.found


@dataclass(slots=True)
class Redeeming(Operation):
    """A code that is being redeemed; ``resources`` are those of its future access token."""

    code: Stored[AuthorizationCode]
    resources: tuple[str, ...] = ()

    @property
    def account_id(self) -> str:
        """The account that granted the code."""
        return self.code.record.account_id

    @property
    def grant_id(self) -> str:
        """The grant that the redemption makes, or has made."""
        return slot(self.code.record.key)


@dataclass(slots=True)
class Refreshing(Operation):
    """A refresh token that is being used, and its grant.

    ``repeated`` is the response of an earlier rotation of the token, sent once more.
    """

    token: Stored[RefreshToken]
    grant: Stored[Grant]
    resources: tuple[str, ...] = ()
    repeated: dict[str, object] | None = None

    @property
    def account_id(self) -> str:
        """The account of the grant."""
        return self.grant.record.account_id

    @property
    def grant_id(self) -> str:
        """The grant of the token."""
        return slot(self.token.record.key)


@dataclass(slots=True)
class ForItself(Operation):
    """A client credentials request (RFC 6749 section 4.4)."""

    resources: tuple[str, ...] = ()
