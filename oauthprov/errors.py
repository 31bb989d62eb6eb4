"""Our exceptions, including registered error codes that oauthlib lacks."""

from __future__ import annotations

from oauthlib.oauth2.rfc6749.errors import InvalidClientError, OAuth2Error, ServerError

from oauthprov.failures import (
    ConfigurationError,
    FetchBusy,
    FetchError,
    JoseError,
    UnknownKey,
)
from oauthprov.messages import N_
from oauthprov.storage.interface import StorageError, StorageReadOnly, UpgradeNeeded

__all__ = [
    "ConfigurationError",
    "FetchBusy",
    "FetchError",
    "InvalidTargetError",
    "JoseError",
    "MailError",
    "OAuth2Error",
    "StorageError",
    "StorageReadOnly",
    "UnknownKey",
    "UpgradeNeeded",
]


class InvalidTargetError(OAuth2Error):
    """The resource is missing, unknown, malformed or not allowed (RFC 8707 section 2)."""

    error = "invalid_target"


class InvalidDPoPProofError(OAuth2Error):
    """The DPoP proof is missing, can't be verified, or was used before (RFC 9449 section 5)."""

    error = "invalid_dpop_proof"
    description = (
        "The DPoP proof is missing or malformed, too old, used before, or for another request."
    )


class UseDPoPNonceError(OAuth2Error):
    """The DPoP proof has no nonce of the server's, or an old one (RFC 9449 section 8)."""

    error = "use_dpop_nonce"
    description = "Make a DPoP proof with the nonce of the DPoP-Nonce header."


class UnmetAuthenticationRequirementsError(OAuth2Error):
    """No sign-in here has the ``acr`` that the client requires (OpenID Connect Core 5.5.1.1).

    The error code is from the OpenID Connect extension of the same name.
    """

    error = "unmet_authentication_requirements"


class ClientDocumentError(InvalidClientError):
    """The client is the URL of a document that can't be fetched or used.

    The description is one of a few fixed sentences: the document and its server are a stranger's.
    """


class InvalidRedirectURIError(OAuth2Error):
    """A redirect URI is invalid (RFC 7591 section 3.2.2)."""

    error = "invalid_redirect_uri"


class InvalidClientMetadataError(OAuth2Error):
    """The client metadata is invalid (RFC 7591 section 3.2.2)."""

    error = "invalid_client_metadata"


class SigningKeySealed(ServerError):
    """No ``oauthprov.secret`` opens the signing key; ``alg`` is its algorithm.

    The secret was changed without keeping the old one behind it. Storage works.
    """

    status_code = 500
    description = N_("The server can't sign tokens.")

    def __init__(self, alg: str) -> None:
        super().__init__()
        self.alg = alg

    @property
    def problem(self) -> str:
        """The problem, for the operator; contains no secret."""
        return f"no signing key for {self.alg} can be decrypted with oauthprov.secret"

    @property
    def remedy(self) -> str:
        """What the operator can do about it."""
        return (
            "append the former secret to oauthprov.secret, or make a key that signs at once "
            "with 'oauthprov keys rotate'"
        )


class MailError(Exception):
    """A mail couldn't be sent; the message gives the reason, for the log.

    It contains neither the recipient nor text from the mail server, which may repeat anything.
    """
