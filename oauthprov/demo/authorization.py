"""The authorization request and the checks on its response."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from webob.multidict import MultiDict

from oauthprov.demo.errors import OAuthFailure, ResponseRefused
from oauthprov.demo.metadata import ProviderMetadata
from oauthprov.demo.openid.metadata import OpenIDMetadata


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """The OpenID Connect part of an authorization request (OpenID Connect Core 3.1.2.1).

    ``asked_at`` is the time of the request in epoch seconds; ``max_age`` is in seconds.
    """

    metadata: OpenIDMetadata
    asked_at: int
    prompt: str | None = None
    max_age: int | None = None
    login_hint: str | None = None
    nonce: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))

    def parameters(self) -> dict[str, str | int | None]:
        """Return the parameters that it adds; those with None are omitted."""
        return {
            "nonce": self.nonce,
            "prompt": self.prompt,
            "max_age": self.max_age,
            "login_hint": self.login_hint,
        }


@dataclass(frozen=True, slots=True)
class PendingAuthorization:
    """What the demo stores between its request and the response, for one use.

    It includes the metadata at the time of the request, so that the code is sent to the token
    endpoint of the same server (RFC 9700 section 4.4).
    """

    metadata: ProviderMetadata
    scope: str
    sign_in: SignInRequest | None = None
    state: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))
    code_verifier: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(48))


def one(parameters: MultiDict[str, str], name: str) -> str | None:
    """Return the parameter ``name``, or None if absent or empty.

    Raises ``ResponseRefused`` if it is repeated (RFC 6749 section 3.1).
    """
    values = parameters.getall(name)
    if len(values) > 1:
        raise ResponseRefused(f"The parameter {name!r} is repeated.")
    return values[0] or None if values else None


def code_of(response: MultiDict[str, str], pending: PendingAuthorization) -> str:
    """Return the code in the authorization ``response`` to the request ``pending``.

    Raises ``ResponseRefused`` if ``iss`` isn't the issuer of the request, or is missing although
    the metadata promises it (RFC 9207 section 2.4), and ``OAuthFailure`` for an error response.
    """
    metadata, issuer = pending.metadata, one(response, "iss")
    if issuer is None and metadata.iss_parameter_supported:
        raise ResponseRefused("The response doesn't name the provider it comes from (iss).")
    if issuer is not None and issuer != metadata.issuer:
        raise ResponseRefused("The response comes from another provider than the one asked (iss).")
    code, error = one(response, "code"), one(response, "error")
    if error is not None:
        raise OAuthFailure(error, one(response, "error_description") or "")
    if code is None:
        raise ResponseRefused("The response holds neither a code nor an error.")
    return code
