"""The tokens that the demo holds for one browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oauthprov.demo.errors import ProviderUnavailable
from oauthprov.demo.scopes import scope_values

_LEEWAY = 5
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token response. ``expires_at`` is in epoch seconds, None if not given."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_type: str
    scopes: tuple[str, ...]
    expires_at: int | None
    refreshes: int = 0
    id_token: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, answer: Mapping[str, Any], *, scope: str, now: int) -> Tokens:
        """Return the tokens in ``answer`` (RFC 6749 section 5.1), a response received at ``now``.

        ``scope`` is the requested scope, which applies if the response has none. Raises
        ``ProviderUnavailable`` if the response has no bearer token.
        """
        access_token, refresh_token = answer.get("access_token"), answer.get("refresh_token")
        token_type, lifetime = answer.get("token_type"), answer.get("expires_in")
        if not isinstance(access_token, str) or not access_token.isascii() or not access_token:
            raise ProviderUnavailable("The token endpoint's answer holds no access token.")
        if not isinstance(token_type, str) or token_type.lower() != "bearer":
            raise ProviderUnavailable("The token endpoint's answer holds no bearer token.")
        granted, id_token = answer.get("scope"), answer.get("id_token")
        return cls(
            access_token=access_token,
            refresh_token=refresh_token if isinstance(refresh_token, str) else None,
            token_type=token_type,
            scopes=scope_values(granted if isinstance(granted, str) else scope),
            expires_at=now + lifetime if isinstance(lifetime, int) else None,
            id_token=id_token if isinstance(id_token, str) else None,
        )

    def expired(self, now: int) -> bool:
        """Return whether the access token has expired, or will within the next five seconds."""
        return self.expires_at is not None and self.expires_at - _LEEWAY <= now


def abbreviated(token: str) -> str:
    """Return the beginning and the length of ``token``: enough to recognise it, not to use it."""
    return f"{token[: min(_SHOWN, len(token) // 4)]}… ({len(token)} characters)"
