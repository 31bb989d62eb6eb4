"""Failures between the demo and the provider."""

from __future__ import annotations


class ProviderUnavailable(Exception):
    """The provider can't be reached, or its response is invalid; the message says which."""


class ResponseRefused(Exception):
    """An authorization response may be forged or for another client; it was ignored."""


class TokenRefused(Exception):
    """An ID token, logout token or UserInfo response is invalid. The message says why."""


class OAuthFailure(Exception):
    """The provider responded with an error code (RFC 6749 sections 4.1.2.1 and 5.2)."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(code)
        self.code = code[:100]
        self.description = description[:300]


class AccessRemoved(Exception):
    """The provider no longer accepts the tokens: the user or the provider revoked them."""


class AccessExpired(Exception):
    """The access token has expired and there is no refresh token to renew it with."""


class NotConnected(Exception):
    """The demo has no tokens for this browser: it isn't connected."""
