"""The access token of a request: how it is presented, and where it is valid (RFC 6750)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.schemes import SCHEMES, scheme_in, token_in
from oauthprov.settings.values import Resource


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """The data of a live access token. ``account_id`` is None for a client credentials token.

    ``subject`` is the client's ``sub`` for the account, the only identifier that the client may
    receive. ``claims`` is the granted part of the claims parameter, as JSON. In an app without the
    provider's storage ``account_id`` and ``subject`` are both the ``sub`` of the introspection
    response or of the JWT, and ``grant_id`` and ``claims`` are None. ``confirmation`` is the key
    that the token is bound to (:mod:`oauthprov.protected_resource.bindings`), None for none.
    ``auth_time`` is when the user signed in, ``acr`` how; a refresh doesn't change them.
    """

    account_id: str | None
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int
    grant_id: str | None
    claims: str | None = None
    subject: str | None = None
    confirmation: str | None = None
    auth_time: int | None = None
    acr: str | None = None


@dataclass(frozen=True, slots=True)
class TokenProblem:
    """Why a request is refused (RFC 6750 section 3.1); without a token ``error`` is None.

    ``why`` says more, for the log.
    """

    status: int
    error: str | None = None
    description: str | None = None
    why: str = field(default="", compare=False)


MISSING = TokenProblem(401)
MALFORMED = TokenProblem(400, "invalid_request", "Send exactly one access token, in one place.")
INVALID = TokenProblem(401, "invalid_token", "The access token is unknown, expired or revoked.")
ELSEWHERE = TokenProblem(401, "invalid_token", "The access token is not valid for this resource.")
BOUND = TokenProblem(
    401, "invalid_token", "The access token is bound to a key: send it by DPoP, with a proof."
)
UNBOUND = TokenProblem(
    401, "invalid_token", "The access token isn't bound by DPoP: send it as a bearer token."
)
UNBOUND_HERE = TokenProblem(
    401, "invalid_token", "This resource accepts only access tokens that are bound to a key."
)
UNPROVEN = TokenProblem(
    401,
    "invalid_dpop_proof",
    "The DPoP proof is missing or malformed, too old, used before, or for another request.",
)
NONCE_WRONG = TokenProblem(
    401, "use_dpop_nonce", "Make a DPoP proof with the nonce of the DPoP-Nonce header."
)
UNAUTHENTICATED = TokenProblem(
    401,
    "insufficient_user_authentication",
    "The user must sign in again, or prove more.",
)
UNCERTIFIED = TokenProblem(
    401,
    "invalid_token",
    "The access token is bound to a client certificate: send it over mutual TLS, with that one.",
)
INSUFFICIENT = TokenProblem(403, "insufficient_scope", "The access token lacks a scope.")


def presented(
    authorization: str | None, in_form: str | None, find: Callable[[str], TokenInfo | None]
) -> TokenInfo | TokenProblem:
    """Return the token of a request: that of the header, or ``in_form``, but not both.

    ``find`` returns the data of a live token, None for any other. A token must be sent by the
    scheme of its type: one that is bound to a key by DPoP, any other as a bearer token, which a
    form holds too (RFC 9449 section 7.2). The caller checks the proof or the certificate.
    """
    name = scheme_in(authorization)
    if name is None:
        return MISSING if in_form is None else _sent_by(bindings.BEARER, find(in_form))
    token = token_in(authorization or "")
    if token is None or in_form is not None:
        return MALFORMED
    return _sent_by(SCHEMES[name].name, find(token))


def _sent_by(scheme: str, found: TokenInfo | None) -> TokenInfo | TokenProblem:
    if found is None:
        return INVALID
    if bindings.token_type(found.confirmation) == scheme:
        return found
    return BOUND if bindings.needs_proof(found.confirmation) else UNBOUND


def valid_at(found: TokenInfo | TokenProblem, here: Resource | None) -> TokenInfo | TokenProblem:
    """Return the token if it is valid for the resource ``here``.

    A token for resources (RFC 8707) is valid only for those, a token for none for every one. A
    resource may accept only bound tokens.
    """
    if isinstance(found, TokenProblem):
        return found
    if found.resources and (here is None or here.uri not in found.resources):
        return ELSEWHERE
    if here is not None and here.bound and found.confirmation is None:
        return UNBOUND_HERE
    return found
