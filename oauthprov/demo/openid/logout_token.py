"""Validating a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from oauthprov.demo.errors import TokenRefused
from oauthprov.demo.openid.keys import ProviderKeys
from oauthprov.demo.openid.metadata import OpenIDMetadata
from oauthprov.demo.openid.signed_jwt import LEEWAY, OLDEST, text, verified

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SEEN_LIMIT = 10_000
# A provider should, but need not, use logout+jwt (section 2.4). An ID token may have the same
# type, but has no events, and usually a nonce.
_TYPES = (None, "jwt", "logout+jwt")


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """A validated logout token: for session ``sid``, or without one all sessions of ``sub``."""

    sub: str | None
    sid: str | None


class SeenTokens:
    """The ``jti`` of accepted logout tokens, stored as long as a replay would be accepted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: OrderedDict[str, int] = OrderedDict()

    def add(self, jti: str, now: int) -> None:
        """Store ``jti``. Raises ``TokenRefused`` if it is already stored."""
        with self._lock:
            while self._until and next(iter(self._until.values())) < now:
                self._until.popitem(last=False)
            if jti in self._until:
                raise TokenRefused("It has been used before (jti).")
            if len(self._until) >= SEEN_LIMIT:
                raise TokenRefused("There are too many logouts right now.")
            # The iat may be in the future by LEEWAY; OLDEST after it the token is refused.
            self._until[jti] = now + OLDEST + LEEWAY


def validated(
    token: str,
    keys: ProviderKeys,
    metadata: OpenIDMetadata,
    seen: SeenTokens,
    *,
    client_id: str,
    now: int,
) -> LogoutToken:
    """Validate and return the logout ``token``; each one is accepted once.

    Raises ``TokenRefused``, and ``ProviderUnavailable`` if the provider's keys can't be fetched.
    """
    claims = verified(token, keys, metadata, types=_TYPES, client_id=client_id, now=now).claims
    sub, sid, jti = (text(claims, name) for name in ("sub", "sid", "jti"))
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise TokenRefused("It doesn't report a logout (events).")
    if "nonce" in claims:
        raise TokenRefused("It may have no nonce.")
    if sub is None and sid is None:
        raise TokenRefused("It names neither a person nor a session (sub, sid).")
    if jti is None:
        raise TokenRefused("It has no identifier (jti).")
    seen.add(jti, now)
    return LogoutToken(sub, sid)
