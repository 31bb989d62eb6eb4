"""Client authentication by ``private_key_jwt``: a JWT that the client signs (RFC 7523 2.2, 3).

OpenID Connect Core section 9 defines the same method. Accepted audiences:

* The issuer, as RFC 7523bis requires; the token endpoint, as OpenID Connect says and most
  libraries sign; and the endpoint that is called.
* Only the issuer for a JWT of the type that RFC 7523bis defines. The operator of another server
  can publish our token endpoint as their own, but not our issuer.
* A list may contain no other audience: each member could present the JWT to the others.
* Under a FAPI 2.0 profile only the issuer, and as a string (Security Profile 5.3.2.1).

A JWT is valid once. It may live for an hour, as common libraries sign it: its ``jti`` is kept for
as long, so a long life allows no second use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    TemporarilyUnavailableError,
)

from oauthprov.credentials import replay_key
from oauthprov.errors import FetchBusy, JoseError
from oauthprov.events import Reason
from oauthprov.protocol.authentication.method import FAILED, Authentication, Sent, Why
from oauthprov.protocol.clients import methods
from oauthprov.protocol.keys import jose
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.protocol.request.proofs import Proof
from oauthprov.records import Client, ReplayMark
from oauthprov.storage.interface import Add

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_LIMIT = 3600
"""Seconds from now to the ``exp`` of an assertion, at most."""

_METHOD = methods.METHODS["private_key_jwt"]
_OWN_TYPE = "client-authentication+jwt"
_REQUIRED = ("iss", "sub", "aud", "exp", "jti")


def _read(sent: Sent) -> Presented:
    client_id, assertion = sent["client_id"], sent["client_assertion"]
    if sent["client_assertion_type"] is None or assertion is None:
        raise InvalidRequestError(
            "client_assertion and client_assertion_type must be sent together."
        )
    try:
        if sent["client_assertion_type"] != TYPE:
            raise JoseError("the client_assertion_type isn't supported")
        about = _subject(assertion)
        if client_id is not None and client_id != about:
            raise JoseError("the client_assertion and client_id name different clients")
    except JoseError as wrong:
        raise InvalidClientError(FAILED) from wrong
    return Presented(_METHOD.name, about, assertion)


def _subject(assertion: str) -> str:
    """Return the unverified ``sub`` of an assertion, its ``client_id``. Raises JoseError."""
    client_id = jose.unverified_claims(assertion).get("sub")
    if not isinstance(client_id, str):
        raise JoseError("the token's sub isn't a string")
    return client_id


def _refused(context: Context, client: Client, found: Presented) -> Why | None:
    """Return why the assertion doesn't authenticate the client, None when it does.

    Raises TemporarilyUnavailableError when too many fetches are waiting to fetch the client's
    keys.
    """
    try:
        mark = _verified(context, client, found.proof)
    except FetchBusy as busy:
        context.note(Reason.CLIENT_KEYS_BUSY, client_id=client.client_id, compared=str(busy))
        raise TemporarilyUnavailableError("Please try again.", status_code=503) from busy
    except JoseError as wrong:
        return Reason.CLIENT_ASSERTION_REFUSED, wrong.reason
    used_up = Proof(Add(mark), _failed, Reason.CLIENT_ASSERTION_REPLAYED)
    context.proofs = (*context.proofs, used_up)
    return None


def _failed() -> InvalidClientError:
    return InvalidClientError(FAILED)


def _verified(context: Context, client: Client, assertion: str) -> ReplayMark:
    """Return the mark to store, which makes the assertion usable only once.

    Until it is stored the client isn't authenticated: a JWT that was used before passes here.
    Raises JoseError.
    """
    bound = client.token_endpoint_auth_signing_alg
    verified = context.client_keys.verify(
        client,
        assertion,
        algorithms=[alg for alg in context.settings.client_algorithms if bound in (None, alg)],
        types=(None, "JWT", _OWN_TYPE),
        now=context.now,
        required=_REQUIRED,
    )
    claims = verified.claims
    if claims["iss"] != client.client_id or claims["sub"] != client.client_id:
        raise JoseError("the token's iss and sub must both be the client_id")
    _check_audience(context, claims["aud"], verified.header)
    if claims["exp"] > context.now + LIFETIME_LIMIT + jose.LEEWAY:
        raise JoseError("the token's lifetime is too long")
    return _seen(client, claims)


def _check_audience(context: Context, aud: object, header: Mapping[str, Any]) -> None:
    if context.settings.fapi:
        if aud != context.settings.issuer:
            raise JoseError("the token's aud isn't the issuer, as a string")
        return
    named = [aud] if isinstance(aud, str) else aud
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise JoseError("the token's aud is neither a string nor a list of strings")
    ours = {context.settings.issuer}
    if jose.type_of(header) != _OWN_TYPE:
        ours |= set(context.audiences)
    if not named or not ours.issuperset(named):
        raise JoseError("the token's aud isn't this server alone")


def _seen(client: Client, claims: Mapping[str, Any]) -> ReplayMark:
    jti = claims["jti"]
    if not isinstance(jti, str) or not jti:
        raise JoseError("the token's jti isn't a string")
    # Another node, whose clock is behind, might still accept it.
    expires_at = math.ceil(claims["exp"]) + 2 * jose.LEEWAY
    return ReplayMark(replay_key(f"client_assertion {client.client_id}", jti), expires_at)


ROW = Authentication(
    _METHOD,
    _refused,
    shown_by=("client_assertion", "client_assertion_type"),
    reads=_read,
)
