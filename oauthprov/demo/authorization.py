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
    """What an authorization request asks to learn who is there (OpenID Connect Core 3.1.2.1).

    ``asked_at`` is in epoch seconds, ``max_age`` in seconds before that.
    """

    metadata: OpenIDMetadata
    asked_at: int
    prompt: str | None = None
    max_age: int | None = None
    login_hint: str | None = None
    nonce: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))

    def parameters(self) -> dict[str, str | int | None]:
        """Return the parameters that it adds; None stands for one that is left out."""
        return {
            "nonce": self.nonce,
            "prompt": self.prompt,
            "max_age": self.max_age,
            "login_hint": self.login_hint,
        }


@dataclass(frozen=True, slots=True)
class PendingAuthorization:
    """What the demo remembers between its request and the response, for one use.

    The metadata is kept as it was when the request was sent, so that the code goes to the
    token endpoint that belongs to it (RFC 9700 section 4.4).
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
    """Return the code of the authorization ``response`` that ``pending`` waited for.

    Raises ``ResponseRefused`` if ``iss`` isn't the issuer that was asked, or is missing though
    the provider says that it sends one (RFC 9207 section 2.4), and ``OAuthFailure`` if the
    response is a refusal.
    """
    metadata, issuer = pending.metadata, one(response, "iss")
    if issuer is None and metadata.iss_parameter_supported:
        raise ResponseRefused("The response doesn't say which provider it comes from (iss).")
    if issuer is not None and issuer != metadata.issuer:
        raise ResponseRefused("The response comes from another provider than the one asked (iss).")
    code, error = one(response, "code"), one(response, "error")
    if error is not None:
        raise OAuthFailure(error, one(response, "error_description") or "")
    if code is None:
        raise ResponseRefused("The response holds neither a code nor an error.")
    return code
