"""OpenID Connect is on when the scope ``openid`` is declared; what it needs beside OAuth."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.accounts import AccountSource
from oauthprov.protocol.keys import SigningKeys
from oauthprov.settings import Settings

SCOPE = "openid"
OFFLINE_ACCESS = "offline_access"


@dataclass(frozen=True, slots=True)
class OpenID:
    """What signs ID tokens, and who says what is in them."""

    keys: SigningKeys
    accounts: AccountSource


def is_on(settings: Settings) -> bool:
    """Tell whether the server speaks OpenID Connect."""
    return any(scope.name == SCOPE for scope in settings.scopes)
