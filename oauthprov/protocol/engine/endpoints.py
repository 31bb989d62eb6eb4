"""Our assembly of oauthlib's grants and endpoints: only those of OAuth 2.1, built once per app.

oauthlib's ``Server`` is never used: it includes the implicit and the password grant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import (
    ImplicitGrant,
    IntrospectEndpoint,
    RevocationEndpoint,
)
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    UnsupportedResponseTypeError,
)
from oauthlib.oauth2.rfc6749.utils import scope_to_list

from oauthprov.events import Reason, asked_for
from oauthprov.protocol.authentication.client import is_anonymous
from oauthprov.protocol.clients import response_types
from oauthprov.protocol.clients.grant_types import GRANT_TYPES
from oauthprov.protocol.engine.client_endpoint import ClientEndpoint, Document, answered
from oauthprov.protocol.engine.request import EngineRequest
from oauthprov.protocol.engine.token_grants import TOKEN_GRANTS, CodeGrant, NoGrant, presented
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Answer, Call, SignedBody
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.context import Context, current
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.token import signed_introspection, tokens
from oauthprov.settings import Settings

Checks = Callable[[Context, Authorizing], CheckedRequest]
"""The rules of an authorization request that oauthlib lacks. Raises OAuth2Error."""


class IdTokenGrant(ImplicitGrant):
    """The rules of a request for an ID token; the response isn't oauthlib's."""

    response_types = ["id_token", "token"]  # noqa: RUF012


_TOKEN = ClientEndpoint("token", params.TOKEN, presented(), binds=True)
_INTROSPECT = ClientEndpoint("introspect", params.ABOUT_TOKEN, tokens.PRESENTED)
_REVOKE = ClientEndpoint("revoke", params.ABOUT_TOKEN, tokens.PRESENTED)


class Engine:
    """The four endpoints over one validator.

    oauthlib's grants and endpoints validate each request. Its responses aren't used: the
    validator makes tokens and codes, and one place here writes every response.
    """

    def __init__(self, validator: Validator, settings: Settings, checks: Checks) -> None:
        self._validator = validator
        check = _check_parameters(checks)
        # Any, since the stubs lack methods.
        self._grants: Mapping[str | None, Any] = {
            name: row.validation(validator)
            for name, row in TOKEN_GRANTS.items()
            if GRANT_TYPES[name].is_on(settings)
        }
        self._no_grant: Any = NoGrant(validator)
        self._code_grant = CodeGrant(validator, pre_auth=[check])
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
        known = [pair for pair in pairs if pair[0] in params.CODE_REQUEST]
        request = EngineRequest("GET", known)
        request.scopes = scope_to_list(request.scope)
        grant = self._responses.get(request.response_type, self._code_grant)
        try:
            grant.validate_authorization_request(request)
        except UnsupportedResponseTypeError:
            current().refuse(Reason.RESPONSE_TYPE_UNSUPPORTED, request.response_type or "")
            raise
        return request

    def token(self, call: Call) -> Answer:
        """Answer the token endpoint (RFC 6749 section 3.2). Raises StorageError."""
        return answered(_TOKEN, self._validator, call, self._issue)

    def introspect(self, call: Call, *, signed: bool = False) -> Answer:
        """Answer the introspection endpoint (RFC 7662), ``signed`` as a JWT (RFC 9701).

        Raises StorageError, SigningKeySealed.
        """
        respond = self._introspect_signed if signed else self._introspect
        return answered(_INTROSPECT, self._validator, call, respond)

    def revoke(self, call: Call) -> Answer:
        """Answer the revocation endpoint (RFC 7009). Raises StorageError."""
        return answered(_REVOKE, self._validator, call, self._revoke)

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

    def _introspect_signed(self, request: EngineRequest) -> SignedBody:
        try:
            members = self._introspect(request)
        except InvalidClientError as error:
            if is_anonymous(request):
                error.status_code = 400  # RFC 9701 section 5; RFC 7662 has 401
            raise
        return signed_introspection.signed(current(), members)

    def _revoke(self, request: EngineRequest) -> None:
        self._revocation.validate_revocation_request(request)
        self._validator.revoke_token(str(request.token), request.token_type_hint, request)


def _check_parameters(checks: Checks) -> Callable[[Request], dict[str, object]]:
    def check(request: Request) -> dict[str, object]:
        """Run the checks; their errors may go to the client, whose redirect URI is proven now."""
        context = current()
        if isinstance(authorizing := context.operation, Authorizing):
            authorizing.redirect_uri = request.redirect_uri
            authorizing.found = checks(context, authorizing)
        return {}

    return check
