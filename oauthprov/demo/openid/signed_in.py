"""The signed-in user of the demo."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from oauthprov.demo.openid.id_token import IDToken
from oauthprov.demo.openid.logout_token import LogoutToken

_LONGEST = 500
_TIMES = ("exp", "iat", "auth_time", "updated_at")
_LATEST = 253_402_300_799  # the last second of the year 9999

MEANINGS = {
    "iss": "The provider that issued it",
    "sub": "The provider's identifier of the person, which never changes",
    "aud": "The client that it is issued to",
    "exp": "When it expires",
    "iat": "When it was issued",
    "auth_time": "When the person signed in there",
    "nonce": "The value that ties it to the request of the demo",
    "acr": "How strongly the person was authenticated",
    "amr": "How the person was authenticated",
    "sid": "The session at the provider",
    "at_hash": "The hash of the access token that came with it",
}
"""The meanings of the claims of an ID token, for users."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user, from an ID token and UserInfo.

    ``id_token`` is the encoded token, which identifies the session in a logout request.
    """

    proof: IDToken
    id_token: str = field(repr=False)
    userinfo: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The display name of the user."""
        names = (self.userinfo.get(n) for n in ("name", "preferred_username", "email"))
        return next((n[:_LONGEST] for n in names if isinstance(n, str) and n), self.proof.sub)

    @property
    def login_hint(self) -> str | None:
        """The name by which the user probably signs in, if the provider sent one."""
        hint = self.userinfo.get("preferred_username")
        return hint if isinstance(hint, str) and len(hint) <= _LONGEST else None

    @property
    def email(self) -> str | None:
        """The e-mail address, if the provider sent one."""
        email = self.userinfo.get("email")
        return email[:_LONGEST] if isinstance(email, str) else None

    def ends(self, logout: LogoutToken) -> bool:
        """Return whether ``logout`` ends this sign-in (Back-Channel Logout section 2.7)."""
        if logout.sub not in (None, self.proof.sub):
            return False
        return logout.sid in (None, self.proof.sid)


def lines(claims: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each claim for users: its name, value and meaning."""
    for name, value in claims.items():
        yield name, _text(name, value), MEANINGS.get(name, "")


def _text(name: str, value: object) -> str:
    if name in _TIMES and isinstance(value, int | float) and 0 <= value <= _LATEST:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:_LONGEST]
