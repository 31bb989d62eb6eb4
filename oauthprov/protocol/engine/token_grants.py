"""How the token endpoint answers each grant type: a row for each.

What a grant type is to clients, documents and forms is a row of
:mod:`oauthprov.protocol.clients.grant_types`; a test holds the two tables together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    RequestValidator,
)
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, UnsupportedGrantTypeError
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from oauthprov import credentials
from oauthprov.events import Reason
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.request.context import Context, current
from oauthprov.protocol.token import codes, device_codes, pkce, refresh, tokens
from oauthprov.records import AuthorizationCode, Client, DeviceGrant, Record, RefreshToken


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant with S256 only."""

    _code_challenge_methods = {pkce.METHOD: code_challenge_method_s256}  # noqa: RUF012

    def validate_code_challenge(
        self, challenge: str, challenge_method: str, verifier: str
    ) -> bool:
        """Compare as oauthlib does, and note a wrong verifier."""
        right = bool(super().validate_code_challenge(challenge, challenge_method, verifier))
        if not right:
            compared = pkce.compared(verifier, challenge)
            current().note(Reason.VERIFIER_WRONG, compared=compared)
        return right


class NoGrant(GrantTypeBase):
    """Responds to a missing or unknown ``grant_type`` without reading storage."""

    def validate_token_request(self, request: Request) -> None:
        """Raise the error: InvalidRequestError or UnsupportedGrantTypeError."""
        if not request.grant_type:
            raise InvalidRequestError("Missing grant_type parameter.", request=request)
        current().refuse(Reason.GRANT_TYPE_UNSUPPORTED, request.grant_type)
        raise UnsupportedGrantTypeError(request=request)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a token request presents: the parameter, the prefix of its value, and its record."""

    parameter: str
    prefix: str
    kind: type[Record]


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """How a token request of one grant type is answered.

    * ``validation`` is the class that validates the request, in the order of the specification: it
      calls the hooks of the validator it is made with. A class of ours authenticates the client by
      ``validate_client_authentication`` and then calls ``validate_grant_type``, as oauthlib's do.
    * ``issue`` makes the response of a valid request, by one commit. Raises OAuth2Error.
    * ``presents`` is the credential of the request, which is read in the same trip as the client.
    """

    validation: Callable[[RequestValidator], Any]  # Any, since the stubs lack methods
    issue: Callable[[Context, Client, Request], tokens.Response]
    presents: Credential | None = None


TOKEN_GRANTS: dict[str, TokenGrant] = {
    "authorization_code": TokenGrant(
        CodeGrant,
        codes.redeem,
        Credential("code", credentials.AUTHORIZATION_CODE, AuthorizationCode),
    ),
    "refresh_token": TokenGrant(
        RefreshTokenGrant,
        refresh.use,
        Credential("refresh_token", credentials.REFRESH_TOKEN, RefreshToken),
    ),
    "client_credentials": TokenGrant(ClientCredentialsGrant, tokens.for_client),
    DEVICE_CODE: TokenGrant(
        device_codes.DeviceCodeGrant,
        device_codes.redeem,
        Credential("device_code", credentials.DEVICE_CODE, DeviceGrant),
    ),
}
"""The grant types that the token endpoint answers if they are on, by name."""


def presented() -> tokens.Presents:
    """Return the parameters that carry a credential, with its prefix and its record."""
    known = [row.presents for row in TOKEN_GRANTS.values() if row.presents is not None]
    return {one.parameter: {one.prefix: one.kind} for one in known}
