"""Our assembly of oauthlib's grants and endpoints: only those of OAuth 2.1, built once per app.

oauthlib's ``Server`` is never used: it includes the implicit and the password grant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    ImplicitGrant,
    IntrospectEndpoint,
    RefreshTokenGrant,
    RevocationEndpoint,
)
from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from oauthlib.oauth2.rfc6749.utils import scope_to_list

from oauthprov.events import Reason, asked_for
from oauthprov.protocol.clients import response_types
from oauthprov.protocol.engine.request import EngineRequest
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Answer, Call
from oauthprov.protocol.request.authentication_request import AuthenticationRequest
from oauthprov.protocol.request.context import Context, current
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.request.refusals import Endpoint
from oauthprov.protocol.token import pkce, tokens
from oauthprov.protocol.token.client_authentication import WrongMethodError
from oauthprov.settings import Settings

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Document = dict[str, Any]
Respond = Callable[[EngineRequest], Document | None]
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
    "server_error": "The server failed to process the request. Its log has the reason.",
}
"""The descriptions of the token endpoint's errors (RFC 6749 section 5.2).

One fixed sentence for each error. It quotes nothing from the request, and doesn't reveal whether
code, verifier, redirect URI or secret was wrong, which would help someone who tries stolen ones.
The log has the reason (:mod:`oauthprov.protocol.request.refusals`). Other errors describe
themselves: they are about the form of a request, or name its scopes.
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

    def validate_token_request(self, request: Request) -> None:
        """Raise the error: InvalidRequestError or UnsupportedGrantTypeError."""
        if not request.grant_type:
            raise InvalidRequestError("Missing grant_type parameter.", request=request)
        raise UnsupportedGrantTypeError(request=request)


class Engine:
    """The four endpoints over one validator.

    oauthlib's grants and endpoints validate each request. Its responses aren't used: the
    validator makes tokens and codes, and one place here writes every response.
    """

    def __init__(self, validator: Validator, settings: Settings, checks: Checks) -> None:
        self._validator = validator
        self._challenge = f'Basic realm="{settings.issuer}", charset="UTF-8"'
        check = _check_parameters(checks)
        code = CodeGrant(validator, pre_auth=[check])
        # Any, since the stubs lack methods.
        self._no_grant = NoGrant(validator)
        self._grants: Mapping[str | None, Any] = {
            "authorization_code": code,
            "refresh_token": RefreshTokenGrant(validator),
            "client_credentials": ClientCredentialsGrant(validator),
        }
        self._code_grant = code
        self._responses: dict[str | None, Any] = {}
        if response_types.implicit_is_on(settings):
            names = (*response_types.WITHOUT_CODE, "token id_token")
            self._responses = dict.fromkeys(names, IdTokenGrant(validator, pre_auth=[check]))
        self._introspection = IntrospectEndpoint(validator)
        self._revocation = RevocationEndpoint(validator)

    def validate_authorization(self, pairs: params.Pairs) -> EngineRequest:
        """Validate an authorization request; return it with its scopes and redirect URI.

        Raises OAuth2Error (RFC 6749 section 4.1.2.1).
        """
        known = [pair for pair in pairs if pair[0] not in params.AUTHENTICATION]
        request = EngineRequest("GET", known)
        request.scopes = scope_to_list(request.scope)
        grant = self._responses.get(request.response_type, self._code_grant)
        grant.validate_authorization_request(request)
        return request

    def token(self, call: Call) -> Answer:
        """Answer the token endpoint (RFC 6749 section 3.2). Raises StorageError."""
        return self._answer("token", call, params.TOKEN, self._issue)

    def introspect(self, call: Call) -> Answer:
        """Answer the introspection endpoint (RFC 7662). Raises StorageError."""
        return self._answer("introspect", call, params.ABOUT_TOKEN, self._introspect)

    def revoke(self, call: Call) -> Answer:
        """Answer the revocation endpoint (RFC 7009). Raises StorageError."""
        return self._answer("revoke", call, params.ABOUT_TOKEN, self._revoke)

    def _issue(self, request: EngineRequest) -> Document:
        asked_for(request.grant_type)
        request.scopes = scope_to_list(request.scope)
        self._grants.get(request.grant_type, self._no_grant).validate_token_request(request)
        made: Document = {}
        self._validator.save_bearer_token(made, request)
        return made

    def _introspect(self, request: EngineRequest) -> Document:
        self._introspection.validate_introspect_request(request)
        token, hint = str(request.token), request.token_type_hint
        members = self._validator.introspect_token(token, hint, request)
        return {"active": False} if members is None else {"active": True, **members}

    def _revoke(self, request: EngineRequest) -> None:
        self._revocation.validate_revocation_request(request)
        self._validator.revoke_token(str(request.token), request.token_type_hint, request)

    def _answer(
        self, endpoint: Endpoint, call: Call, known: frozenset[str], respond: Respond
    ) -> Answer:
        with self._validator.request(endpoint, call.audiences, call.host_request) as context:
            try:
                return context.answered(
                    Answer(200, _settled(context, call, known, respond), NO_STORE)
                )
            except OAuth2Error as error:
                return context.answered(self._error(error, endpoint, call))

    def _error(self, error: OAuth2Error, endpoint: Endpoint, call: Call) -> Answer:
        document = dict(error.twotuples)
        sentence = DESCRIPTIONS.get(str(error.error))
        fixed = endpoint == "token" and not isinstance(error, WrongMethodError)
        if sentence is not None and (fixed or not error.description):
            document["error_description"] = sentence
        headers = dict(NO_STORE)
        if call.method != "POST":
            headers["Allow"] = "POST"
        if error.status_code == 401:
            # RFC 6749 section 5.2; oauthlib names the Bearer scheme instead.
            headers["WWW-Authenticate"] = self._challenge
        return Answer(error.status_code, document, headers)


def _settled(
    context: Context, call: Call, known: frozenset[str], respond: Respond
) -> Document | None:
    """Return the document of a response, once the client's proof is used up.

    A client that presents an assertion again gets only the error of a failed authentication.
    """
    try:
        document = _responded(context, call, known, respond)
    except OAuth2Error:
        context.settle()
        raise
    context.settle()
    return document


def _responded(
    context: Context, call: Call, known: frozenset[str], respond: Respond
) -> Document | None:
    if call.method != "POST":
        raise InvalidRequestError("The method must be POST.", status_code=405)
    pairs = params.from_body(call, known).strict()
    tokens.expect(context, pairs)
    return respond(EngineRequest("POST", pairs, call.headers.get("authorization")))


def _check_parameters(checks: Checks) -> Callable[[Request], dict[str, object]]:
    def check(request: Request) -> dict[str, object]:
        """Run the checks; their errors may go to the client, whose redirect URI is proven now."""
        context = current()
        if isinstance(authorizing := context.operation, Authorizing):
            authorizing.redirect_uri = request.redirect_uri
            authorizing.authentication = checks(context, authorizing)
        return {}

    return check
