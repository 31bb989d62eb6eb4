"""The RequestValidator: all of oauthlib's hooks, implemented in one place.

It works with any of oauthlib's endpoints, in any framework::

    with validator.request():
        headers, body, status = endpoint.create_token_response(uri, "POST", body, headers)

Outside of ``request()`` every hook raises RuntimeError. Whatever the endpoints around it allow, it
refuses plain and absent PKCE, implicit, password and public introspection. Tokens and codes are
minted here and replace those of the endpoints. Catch ``OAuth2Error`` around the whole block: the
saving hooks and the end of the request raise it. Create an authorization with
``credentials={"user": signed_in}``, an ``accounts.SignedIn``. ``keys`` sign JWT access tokens and,
with ``openid``, ID tokens; only the provider's endpoints check authentication requests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, cast

from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator
from oauthlib.oauth2.rfc6749.errors import UnsupportedGrantTypeError, UnsupportedResponseTypeError

from oauthprov.events import Reason
from oauthprov.fetch import Fetcher
from oauthprov.protocol.authentication.client import authenticate, presented_by
from oauthprov.protocol.clients import grant_types, methods, response_types
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.keys import ClientKeys
from oauthprov.protocol.engine.token_grants import TOKEN_GRANTS
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.protocol.request import redirect_uris, refusals, resources
from oauthprov.protocol.request.context import Context, OpenID, current
from oauthprov.protocol.request.operations import Authorizing, ForItself, Redeeming, Refreshing
from oauthprov.protocol.request.scopes import defaults
from oauthprov.protocol.token import (
    codes,
    introspection,
    pkce,
    refresh,
    revocation,
    tokens,
)
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage


class Validator(RequestValidator):
    """Implements oauthlib's hooks with the settings, the clients and the storage."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        clients: Clients,
        clock: Callable[[], int],
        openid: OpenID | None = None,
        client_keys: ClientKeys | None = None,
        keys: SigningKeys | None = None,
        keeps_accounts: bool = False,
    ) -> None:
        if settings.jwt_resources and keys is None:
            raise ValueError("JWT access tokens need signing keys")
        self._settings = settings
        self._clock = clock
        self._context = partial(
            Context,
            settings=settings,
            storage=storage,
            clients=clients,
            client_keys=client_keys or ClientKeys.of(settings, Fetcher.of(settings), clock),
            openid=openid,
            keeps_accounts=keeps_accounts,
            keys=keys,
        )

    def request(
        self,
        endpoint: refusals.Endpoint | None = None,
        audiences: Collection[str] = (),
        host_request: object = None,
    ) -> Context:
        """Bracket one request; ``endpoint`` names its endpoint, if the caller knows it.

        ``audiences`` are the URLs that a client assertion may name besides the issuer.
        ``host_request`` is for the account source. Raises InvalidClientError at the end when an
        assertion was used before, and so for other proofs.
        """
        return self._context(
            now=self._clock(), endpoint=endpoint, audiences=audiences, host_request=host_request
        )

    # Clients

    def client_authentication_required(self, request: Request, *_: Any, **__: Any) -> bool:
        """Tell whether the client must authenticate: all but a public one without a secret."""
        context = current()
        found = presented_by(context, request)
        if found.method != methods.NONE or context.endpoint == "introspect":
            return True
        client = context.find_client(found.client_id)
        return client is None or methods.is_confidential(client)

    def authenticate_client(self, request: Request, *_: Any, **__: Any) -> bool:
        """Authenticate a confidential client."""
        client = authenticate(current(), request)
        request.client = client
        return client is not None and methods.is_confidential(client)

    def authenticate_client_id(self, client_id: str, request: Request, *_: Any, **__: Any) -> bool:
        """Identify a public client."""
        request.client = authenticate(current(), request)
        return request.client is not None

    def validate_client_id(self, client_id: str, request: Request, *_: Any, **__: Any) -> bool:
        """Tell whether the client of an authorization request exists."""
        context = current()
        if context.client is None or context.client.client_id != client_id:
            context.client = context.find_client(client_id)
        request.client = context.client
        if context.operation is None:
            context.operation = Authorizing()
        known, because = context.client is not None, context.clients.why_unusable(client_id)
        return known or context.refuse(Reason.CLIENT_UNKNOWN, client_id, client_id, because)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: object, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Tell whether the authenticated client was registered for the grant type."""
        context = current()
        known = grant_type in TOKEN_GRANTS
        allowed = known and grant_type in context.known_client.grant_types
        return allowed or context.refuse(Reason.GRANT_TYPE_NOT_ALLOWED, grant_type)

    # Authorization

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Tell whether the client registered the redirect URI."""
        return redirect_uris.is_registered(current(), redirect_uri)

    def get_default_redirect_uri(
        self, client_id: str, request: Request, *_: Any, **__: Any
    ) -> str:
        """Return the only registered one; at the token endpoint (OAuth 2.1) the code's."""
        operation = current().operation
        if isinstance(operation, Redeeming):
            return operation.code.record.redirect_uri
        registered = current().known_client.redirect_uris
        return registered[0] if len(registered) == 1 else ""

    def validate_response_type(
        self,
        client_id: str,
        response_type: str,
        client: object,
        request: Request,
        *_: Any,
        **__: Any,
    ) -> bool:
        """Tell whether the client may have a code, or an ID token where the server allows it."""
        context = current()
        asked = context.doing(Authorizing).found
        words = " ".join(sorted(response_type.split(" ")))
        can = response_type == "code"
        if not can:
            if asked is None or not asked.openid or words not in response_types.WITHOUT_CODE:
                raise UnsupportedResponseTypeError(request=request)
            can = response_types.implicit_is_on(context.settings)
        may = words in grant_types.response_types_of(context.known_client)
        return (can and may) or context.refuse(Reason.RESPONSE_TYPE_NOT_ALLOWED, response_type)

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Refuse a challenge that isn't S256, or is required and missing; tell if there is one."""
        context = current()
        if isinstance(context.operation, Redeeming):
            return bool(context.operation.code.record.code_challenge)
        return bool(pkce.challenge(context, context.known_client, request))

    def get_default_scopes(
        self, client_id: str, request: Request, *_: Any, **__: Any
    ) -> list[str]:
        """Return the scopes granted to a client that requests none."""
        return list(defaults(self._settings, current().known_client))

    def validate_scopes(
        self,
        client_id: str,
        scopes: list[str],
        client: object,
        request: Request,
        *_: Any,
        **__: Any,
    ) -> bool:
        """Tell whether the client may request these scopes; refuse unknown resources."""
        context = current()
        sent = request.decoded_body or (), request.uri_query_params
        targets = resources.permitted(context, scopes, *sent)
        if context.operation is None:  # nothing was presented: these are client credentials
            context.operation = ForItself()
        if isinstance(context.operation, Authorizing | ForItself):
            context.operation.resources = targets
        if not isinstance(context.operation, Authorizing) or request.response_type != "code":
            resources.check_one_token(context, targets)
        return True

    def save_authorization_code(
        self, client_id: str, code: object, request: Request, *_: Any, **__: Any
    ) -> None:
        """Store an authorization code of ours and put it into the response."""
        _parameters(code)["code"] = codes.issue_to(current(), request)

    # Authorization codes

    def validate_code(
        self, client_id: str, code: str, client: object, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Load the code that was presented."""
        return codes.present(current(), current().known_client, code, request)

    def get_code_challenge(  # type: ignore[override]  # oauthlib takes None, its stubs don't
        self, code: str, request: Request
    ) -> str | None:
        """Return the challenge that the verifier must meet, None if there was none."""
        context = current()
        challenge = context.doing(Redeeming).code.record.code_challenge
        pkce.check_verifier(context, request, challenge)
        return challenge or None

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        """Return S256."""
        current()
        return pkce.METHOD

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: object,
        request: Request,
        *_: Any,
        **__: Any,
    ) -> bool:
        """Compare with the authorization request's; oauthlib's own error has the wrong code."""
        context = current()
        codes.confirm(context, context.doing(Redeeming), redirect_uri, request)
        return True

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *_: Any, **__: Any
    ) -> None:
        """Do nothing: the commit that stored the tokens used the code up."""
        current()

    # Refresh tokens

    def validate_refresh_token(
        self, refresh_token: str, client: object, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Load the refresh token that was presented."""
        context = current()
        return refresh.present(context, context.known_client, refresh_token, request)

    def get_original_scopes(
        self, refresh_token: str, request: Request, *_: Any, **__: Any
    ) -> list[str]:
        """Return the scopes that a refresh may request."""
        context = current()
        return refresh.original_scopes(context, context.known_client, context.doing(Refreshing))

    def is_within_original_scope(
        self, request_scopes: list[str], refresh_token: str, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Leave out what a grant never has, and refuse what else exceeds it."""
        context = current()
        refresh.leave_out_dropped(context, context.doing(Refreshing), request)
        return True

    def rotate_refresh_token(self, request: Request) -> bool:
        """Return True: every refresh token is used once."""
        current()
        return True

    # Tokens

    def save_bearer_token(self, token: object, request: Request, *_: Any, **__: Any) -> None:
        """Store tokens of ours in one commit, and put them into the response."""
        context, row = current(), TOKEN_GRANTS.get(str(request.grant_type))
        if row is None:
            raise UnsupportedGrantTypeError(request=request)
        made = row.issue(context, context.known_client, request)
        parameters = _parameters(token)
        parameters.clear()
        parameters.update(made)

    def introspect_token(  # type: ignore[override]  # the stubs lack objects such as cnf
        self, token: str, token_type_hint: str | None, request: Request, *_: Any, **__: Any
    ) -> introspection.Described | None:
        """Return the members of a live token if the client may introspect it, else None."""
        context = current()
        return introspection.describe(context, context.known_client, token)

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: Request, *_: Any, **__: Any
    ) -> None:
        """Revoke a token of the authenticated client."""
        revocation.revoke(current(), current().known_client, token)

    def validate_bearer_token(self, token: str, scopes: list[str], request: Request) -> bool:
        """Tell whether an access token is live and has every one of ``scopes``.

        Sets ``request.user`` (the account's id, None for a machine), ``client_id`` and ``scopes``.
        """
        found = tokens.token_info(current(), token or "")
        if found is None or not set(found.scopes).issuperset(scopes or ()):
            return False
        if found.confirmation is not None:  # it is no bearer token, and oauthlib knows no proofs
            return False
        request.user, request.client_id = found.account_id, found.client_id
        request.scopes = list(found.scopes)
        return True

    # Hooks of grants and features not offered here

    def validate_user(self, *_: Any, **__: Any) -> bool:
        """Return False: there is no password grant."""
        current()
        return False

    def is_origin_allowed(self, *_: Any, **__: Any) -> bool:
        """Return False: CORS is handled outside the endpoints."""
        current()
        return False


def _parameters(given: object) -> dict[str, object]:
    """Return oauthlib's response parameters, to which the saving hooks add our tokens."""
    return cast("dict[str, object]", given)
