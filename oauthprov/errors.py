"""Errors of our own: a wrong configuration, and the registered codes that oauthlib lacks."""

from __future__ import annotations

from collections.abc import Sequence

from oauthlib.oauth2.rfc6749.errors import OAuth2Error, ServerError

from oauthprov.storage.interface import StorageError, UpgradeNeeded

__all__ = [
    "ConfigurationError",
    "InvalidTargetError",
    "MailError",
    "OAuth2Error",
    "StorageError",
    "UpgradeNeeded",
]


class ConfigurationError(Exception):
    """The settings can't be used; ``problems`` lists every one found, a sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(("oauthprov can't start:", *(f"  - {p}" for p in problems))))


class InvalidTargetError(OAuth2Error):
    """The resource is missing, unknown, malformed or not allowed (RFC 8707 section 2)."""

    error = "invalid_target"


class UnmetAuthenticationRequirementsError(OAuth2Error):
    """Nobody can sign in here as strongly as the client demands (OpenID Connect Core 5.5.1.1).

    The code is that of the extension of the same name.
    """

    error = "unmet_authentication_requirements"


class InvalidRedirectURIError(OAuth2Error):
    """A redirect URI can't be registered (RFC 7591 section 3.2.2)."""

    error = "invalid_redirect_uri"


class InvalidClientMetadataError(OAuth2Error):
    """The client metadata is invalid (RFC 7591 section 3.2.2)."""

    error = "invalid_client_metadata"


class SigningKeySealed(ServerError):
    """No ``oauthprov.secret`` opens the key that signs; ``alg`` is its algorithm.

    The secret was changed, and the former one isn't kept behind it. Storage is well.
    """

    status_code = 500
    description = "The server can't sign tokens."

    def __init__(self, alg: str) -> None:
        super().__init__()
        self.alg = alg

    @property
    def problem(self) -> str:
        """What is wrong, for the operator; no secret is in it."""
        return f"no signing key for {self.alg} can be decrypted with oauthprov.secret"

    @property
    def remedy(self) -> str:
        """What an operator can do."""
        return (
            "append the former secret to oauthprov.secret, or make a key that signs at once "
            "with 'oauthprov keys rotate'"
        )


class JoseError(Exception):
    """A token or a key set was refused; ``reason`` is for the log, not for whoever sent it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownKey(JoseError):
    """The token names a key that the set lacks: a set that was fetched may be out of date."""


class FetchError(Exception):
    """What a client's URL names couldn't be had; the message says why, for the log.

    It isn't for the client: it would tell a stranger what answers inside our network.
    """


class FetchBusy(FetchError):
    """Nothing was asked for: too many requests wait for clients' servers. It may work in a moment.

    It says nothing about the client: answer 503, and never as if the client were wrong.
    """


class MailError(Exception):
    """A mail couldn't be sent; the message says why, for the log.

    It names neither the recipient nor what the mail server said: that may repeat anything.
    """
