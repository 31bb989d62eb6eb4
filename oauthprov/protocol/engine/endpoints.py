"""Our assembly of oauthlib's endpoints: only the grants of OAuth 2.1, built once per app.

oauthlib's ``Server`` is never used: it includes the implicit and the password grant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from oauthlib.common import Request
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    AuthorizationEndpoint,
    BearerToken,
    ClientCredentialsGrant,
    ImplicitGrant,
    IntrospectEndpoint,
    RefreshTokenGrant,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from oauthprov.protocol.clients import response_types
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Answer, Call
from oauthprov.protocol.request.authentication_request import AuthenticationRequest
from oauthprov.protocol.request.context import Context, current
from oauthprov.protocol.request.events import Endpoint, Reason
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.token import pkce, tokens
from oauthprov.settings import Settings

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

_URI = params.uri_with(())

Respond = Callable[..., tuple[dict[str, str], str | None, int]]
Checks = Callable[[Context, Authorizing], AuthenticationRequest]
"""The rules of an authorization request that oauthlib lacks. Raises OAuth2Error."""

DESCRIPTIONS: Mapping[str, str] = {
    "invalid_client": "Client authentication failed.",
    "invalid_grant": (
        "The authorization code or refresh token is not valid for this request: it may "
        "have expired, been used or revoked, or belong to another client, redirect_uri or "
        "code_verifier."
    ),
    "unauthorized_client": "The client is not registered for this grant_type.",
    "unsupported_grant_type": "The server does not support this grant_type.",
    "invalid_scope": (
        "A requested scope is unknown, or not allowed for this client or this refresh token."
    ),
    "server_error": "The server failed to process the request. Its log has the reason.",
}
"""The descriptions of the token endpoint's errors (RFC 6749 section 5.2).

One fixed sentence for each error. It quotes nothing from the request, and doesn't reveal whether
code, verifier, redirect URI or secret was wrong, which would help someone who tries stolen ones.
The log has the reason (:mod:`oauthprov.protocol.request.events`). Other errors describe
themselves: they are about the form of a request.
"""


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant with S256 only."""

    _code_challenge_methods = {pkce.METHOD: code_challenge_method_s256}  # noqa: RUF012

    def validate_code_challenge(
        self, challenge: str, challenge_method: str, verifier: str
    ) -> bool:
        """Compare as oauthlib does, and note a wrong verifier."""
        right = bool(super().validate_code_challenge(challenge, challenge_method, verifier))
        if not right:
            current().note(Reason.VERIFIER_WRONG)
        return right


class IdTokenGrant(ImplicitGrant):
    """The rules of a request for an ID token; the response isn't oauthlib's."""

    response_types = ["id_token", "token"]  # noqa: RUF012


class NoGrant(GrantTypeBase):
    """Responds to a missing or unknown ``grant_type`` without reading storage."""

    def create_token_response(
        self, request: Request, token_handler: object
    ) -> tuple[dict[str, str], str, int]:
        """Raise the error: InvalidRequestError or UnsupportedGrantTypeError."""
        if not request.grant_type:
            raise InvalidRequestError("Missing grant_type parameter.", request=request)
        raise UnsupportedGrantTypeError(request=request)


class Engine:
    """The four endpoints over one validator."""

    def __init__(self, validator: Validator, settings: Settings, checks: Checks) -> None:
        self._validator = validator
        self._challenge = f'Basic realm="{settings.issuer}", charset="UTF-8"'
        check = _check_parameters(checks)
        code = CodeGrant(validator, pre_auth=[check])
        # The validator mints every token; oauthlib's own are discarded. Any, since the stubs
        # say str where oauthlib takes a token handler.
        bearer: Any = BearerToken(validator, token_generator=lambda request: "")
        grants = {
            "authorization_code": code,
            "refresh_token": RefreshTokenGrant(validator),
            "client_credentials": ClientCredentialsGrant(validator),
            "": NoGrant(validator),
        }
        responses: dict[str, Any] = {"code": code}
        if response_types.implicit_is_on(settings):
            tokens = IdTokenGrant(validator, pre_auth=[check])
            responses |= dict.fromkeys((*response_types.WITHOUT_CODE, "token id_token"), tokens)
        self.authorization = AuthorizationEndpoint("code", bearer, responses)
        self._token = TokenEndpoint("", bearer, grants)
        self._introspection = IntrospectEndpoint(validator)
        self._revocation = RevocationEndpoint(validator)

    def token(self, call: Call) -> Answer:
        """Answer the token endpoint (RFC 6749 section 3.2). Raises StorageError."""
        answer = self._answer("token", call, params.TOKEN, self._token.create_token_response)
        return replace(answer, body=_described(answer.body or {}))

    def introspect(self, call: Call) -> Answer:
        """Answer the introspection endpoint (RFC 7662). Raises StorageError."""
        respond = self._introspection.create_introspect_response
        return self._answer("introspect", call, params.ABOUT_TOKEN, respond)

    def revoke(self, call: Call) -> Answer:
        """Answer the revocation endpoint (RFC 7009). Raises StorageError."""
        respond = self._revocation.create_revocation_response
        return self._answer("revoke", call, params.ABOUT_TOKEN, respond)

    def _answer(
        self, endpoint: Endpoint, call: Call, known: frozenset[str], respond: Respond
    ) -> Answer:
        with self._validator.request(endpoint, call.audiences, call.host_request) as context:
            headers = dict(NO_STORE)
            if call.method != "POST":
                headers["Allow"] = "POST"
            status, document = _settled(context, call, known, respond)
            if document is not None and not document.get("error_description"):
                document = _described(document)
            if status == 401:
                # RFC 6749 section 5.2; oauthlib names the Bearer scheme instead.
                headers["WWW-Authenticate"] = self._challenge
            return context.answered(Answer(status, document, headers))


def _described(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response of the token endpoint; an error gets its description."""
    sentence = DESCRIPTIONS.get(str(document.get("error")))
    return dict(document) if sentence is None else {**document, "error_description": sentence}


def _responded(
    call: Call, known: frozenset[str], respond: Respond
) -> tuple[int, dict[str, Any] | None]:
    if call.method != "POST":
        raise InvalidRequestError("The method must be POST.", status_code=405)
    pairs = params.from_body(call, known).strict()
    tokens.expect(current(), pairs)
    # As text, since oauthlib keeps only the last value of each name from a list of pairs.
    form = urlencode(pairs)
    _, body, status = respond(_URI, "POST", form, _headers(call))
    return status, json.loads(body) if body else None


def _settled(
    context: Context, call: Call, known: frozenset[str], respond: Respond
) -> tuple[int, dict[str, Any] | None]:
    """Return status and document, once the client's proof is used up.

    A client that presents an assertion again gets only the error of a failed authentication.
    """
    try:
        status, document = _responded(call, known, respond)
    except OAuth2Error as error:
        status, document = error.status_code, dict(error.twotuples)
    try:
        context.settle()
    except InvalidClientError as again:
        return again.status_code, dict(again.twotuples)
    return status, document


def _headers(call: Call) -> dict[str, str]:
    given = call.headers.get("authorization")
    return {} if given is None else {"authorization": given}


def _check_parameters(checks: Checks) -> Callable[[Request], dict[str, object]]:
    def check(request: Request) -> dict[str, object]:
        """Run the checks; their errors may go to the client, whose redirect URI is proven now."""
        context = current()
        if isinstance(authorizing := context.operation, Authorizing):
            authorizing.redirect_uri = request.redirect_uri
            authorizing.authentication = checks(context, authorizing)
        return {}

    return check
