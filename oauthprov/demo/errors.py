"""What can go wrong between the demo and the provider."""

from __future__ import annotations


class ProviderUnavailable(Exception):
    """The provider can't be reached, or its answer can't be used. The text says which."""


class ResponseRefused(Exception):
    """An authorization response that may be forged or foreign; nothing was done with it."""


class TokenRefused(Exception):
    """An ID token, logout token or UserInfo answer that doesn't hold. The text says why."""


class OAuthFailure(Exception):
    """The provider refused with an error code (RFC 6749 sections 4.1.2.1 and 5.2)."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(code)
        self.code = code[:100]
        self.description = description[:300]


class AccessRemoved(Exception):
    """The provider no longer honours the tokens: the person or the provider took them back."""


class AccessExpired(Exception):
    """The access token has expired and there is no refresh token to renew it with."""


class NotConnected(Exception):
    """There are no tokens for this browser: it never connected, or has disconnected since."""
