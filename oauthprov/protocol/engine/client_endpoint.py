"""What the endpoints have in common that clients post forms to, and get JSON from.

These are the token endpoint (RFC 6749 section 3.2), introspection (RFC 7662), revocation (RFC
7009) and that of pushed authorization requests (RFC 9126). Each is a row that says what it reads,
and a function that makes its response.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from oauthprov.protocol.authentication.client import UncertifiedError, WrongMethodError
from oauthprov.protocol.engine.request import EngineRequest
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Answer, Call, SignedBody
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.refusals import Endpoint
from oauthprov.protocol.token import possession, tokens

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Document = dict[str, Any]
Respond = Callable[[EngineRequest], Document | SignedBody | None]
"""Authenticates the client and returns the body of the response. Raises OAuth2Error."""

DESCRIPTIONS: Mapping[str, str] = {
    "invalid_client": "Client authentication failed.",
    "invalid_grant": (
        "The authorization code or refresh token is not valid for this request: it may "
        "have expired, been used or revoked, or belong to another client, redirect_uri or "
        "code_verifier."
    ),
    "authorization_pending": "Nobody has decided yet. Ask again after the interval.",
    "slow_down": "The requests come too fast. Wait 5 seconds longer between them from now on.",
    "access_denied": "The user has denied the request.",
    "expired_token": "The device code has expired. Begin with a new one.",
    "unauthorized_client": "The client is not registered for this grant_type.",
    "unsupported_grant_type": "The server does not support this grant_type.",
    "unsupported_response_type": "The server does not support this response_type.",
    "server_error": "The server failed to process the request. Its log has the reason.",
}
"""The descriptions of the token endpoint's errors (RFC 6749 section 5.2).

One fixed sentence for each error. It quotes nothing from the request, and doesn't reveal whether
code, verifier, redirect URI or secret was wrong, which would help someone who tries stolen ones.
The log has the reason (:mod:`oauthprov.protocol.request.refusals`). Other errors describe
themselves: they are about the form of a request, or name its scopes.
"""


@dataclass(frozen=True, slots=True)
class ClientEndpoint:
    """An endpoint that clients post forms to.

    ``name`` is its name in the log, ``parameters`` are those that it knows; others are dropped.
    ``presents`` are those that may carry a token or a code, which is read in the same trip as the
    client. ``status`` is that of a response without error. ``binds`` is whether it takes a proof
    of possession of a key.
    """

    name: Endpoint
    parameters: frozenset[str]
    presents: tokens.Presents
    status: int = 200
    binds: bool = False


def answered(
    endpoint: ClientEndpoint, validator: Validator, call: Call, respond: Respond
) -> Answer:
    """Return the response of an endpoint: the body that ``respond`` makes, or an error.

    The proofs of the request are used up in any case. Raises StorageError.
    """
    with validator.request(endpoint.name, call.audiences, call.host_request) as context:
        context.ration = call.ration
        context.certificate = call.certificate
        headers: Mapping[str, str] = NO_STORE
        if endpoint.binds:
            headers = {**NO_STORE, **possession.nonce_header(context.settings, context.now)}
        try:
            body = _settled(context, endpoint, call, respond)
            return context.answered(Answer(endpoint.status, body, headers))
        except OAuth2Error as error:
            return context.answered(_error(context, error, call, headers))


def _settled(
    context: Context, endpoint: ClientEndpoint, call: Call, respond: Respond
) -> Document | SignedBody | None:
    """Return the body of a response, once the request's proofs are used up.

    A client that presents an assertion again gets only the error of a failed authentication.
    """
    try:
        body = _responded(context, endpoint, call, respond)
    except OAuth2Error:
        context.settle()
        raise
    context.settle()
    return body


def _responded(
    context: Context, endpoint: ClientEndpoint, call: Call, respond: Respond
) -> Document | SignedBody | None:
    if call.method != "POST":
        raise InvalidRequestError("The method must be POST.", status_code=405)
    pairs = params.from_body(call, endpoint.parameters).strict()
    if endpoint.binds:
        possession.present(context, call)
    tokens.expect(context, pairs, endpoint.presents)
    return respond(EngineRequest("POST", pairs, call.headers.get("authorization")))


def _error(context: Context, error: OAuth2Error, call: Call, given: Mapping[str, str]) -> Answer:
    document = dict(error.twotuples)
    document.pop("state", None)  # oauthlib's copy of that of a pushed request: not for JSON
    sentence = DESCRIPTIONS.get(str(error.error))
    fixed = context.endpoint == "token" and not isinstance(error, WrongMethodError)
    if sentence is not None and (fixed or not error.description):
        document["error_description"] = sentence
    headers = dict(given)
    if call.method != "POST":
        headers["Allow"] = "POST"
    if error.status_code == 401 and _takes_a_password(context, error, call):
        # RFC 6749 section 5.2; oauthlib names the Bearer scheme instead.
        issuer = context.settings.issuer
        headers["WWW-Authenticate"] = f'Basic realm="{issuer}", charset="UTF-8"'
    return Answer(error.status_code, document, headers)


def _takes_a_password(context: Context, error: OAuth2Error, call: Call) -> bool:
    """Tell whether a client may authenticate by Basic instead: browsers would ask for a password.

    A client that comes with a certificate and without the header doesn't mean to, and under a
    FAPI 2.0 profile none may.
    """
    if isinstance(error, UncertifiedError):
        return False
    meant = call.certificate is None and not context.settings.fapi
    return meant or "authorization" in call.headers
