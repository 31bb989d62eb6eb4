"""Authorization requests (RFC 6749 section 4.1.1): read, resolved and proven."""

from __future__ import annotations

from dataclasses import dataclass

from oauthlib.oauth2.rfc6749.errors import FatalClientError, OAuth2Error

from oauthprov.messages import N_
from oauthprov.protocol.authorize import consents, request_objects
from oauthprov.protocol.authorize.checks import PARAMETERS
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.authorize.response import ResponseReady, Target, refusal
from oauthprov.protocol.engine.endpoints import Engine
from oauthprov.protocol.request import params, resources, scopes
from oauthprov.protocol.request.answers import Call, Redirect, Refusal
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.request.params import Pairs, Parsed
from oauthprov.records import Client

_IN_A_QUERY = PARAMETERS | {"interaction"}


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client, redirect URI and parameters (``given``) are proven."""

    client: Client
    target: Target
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    code_challenge: str
    given: Pairs
    checked: CheckedRequest

    @property
    def redirect_uri(self) -> str:
        """Where the response goes."""
        return self.target.redirect_uri

    @property
    def pairs(self) -> Pairs:
        """The parameters with the defaults, which may change until the user has answered."""
        rest = tuple(pair for pair in self.given if pair[0] not in ("redirect_uri", "scope"))
        return (*rest, ("redirect_uri", self.redirect_uri), ("scope", " ".join(self.scopes)))

    @property
    def asked(self) -> consents.Asking:
        """The scopes, including those of single claims, and resources that the user must allow."""
        return scopes.union(self.scopes, self.checked.claims.scopes), self.resources


class AuthorizationRequests:
    """Proves requests, using one engine. Methods raise :class:`ResponseReady`."""

    def __init__(self, engine: Engine, request_uris: RequestURIs) -> None:
        self._engine = engine
        self._request_uris = request_uris

    def new(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        """Return the proven request of the parameters, or of their request object, if any."""
        resolved = request_objects.resolve(context, self._request_uris, parsed)
        if resolved.size > params.QUERY_LIMIT:
            raise ResponseReady(Refusal("invalid_request", N_("The request is too long.")))
        return self._proven(context, resolved)

    def stored(self, context: Context, pairs: Pairs) -> AuthorizationRequest:
        """Return a stored request, proven again: the client or the settings may have changed."""
        return self._proven(context, Parsed(pairs))

    def _proven(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        request = context.operation = Authorizing(parsed)
        if parsed.refused is not None and parsed.get("redirect_uri") is None:
            raise ResponseReady(refusal(parsed.refused))
        critical = {"client_id", "redirect_uri"}.intersection(parsed.repeated)
        if critical:
            repeated = N_("Duplicate ${name} parameter.", name=critical.pop())
            raise ResponseReady(Refusal("invalid_request", repeated))
        try:
            found = self._engine.validate_authorization(parsed.pairs)
            asked = request.checked
            wanted = [scope for scope in found.scopes or () if scope not in asked.dropped]
            granted = resources.scopes_for(context.settings, wanted, request.resources)
        except OAuth2Error as error:
            raise ResponseReady(_error(context, request, error)) from None
        return AuthorizationRequest(
            client=context.known_client,
            target=_target(context, request, found.redirect_uri or ""),
            scopes=granted,
            resources=request.resources,
            code_challenge=parsed.get("code_challenge") or "",
            given=parsed.pairs,
            checked=asked,
        )


def _target(context: Context, request: Authorizing, redirect_uri: str) -> Target:
    repeated = "state" in request.parsed.repeated
    state = None if repeated else request.parsed.get("state")
    return Target(context.settings.issuer, redirect_uri, request.response_mode, state)


def _error(context: Context, request: Authorizing, error: OAuth2Error) -> Redirect | Refusal:
    """Return the response to an error: to the client, once its redirect URI is proven."""
    if request.redirect_uri is None or isinstance(error, FatalClientError):
        return refusal(error, request.parsed, context.client)
    return _target(context, request, request.redirect_uri).error(error)


def read(call: Call) -> Parsed:
    """Return the parameters of a GET or a POST. Raises ResponseReady for malformed ones."""
    try:
        if call.method == "POST":
            return params.from_body(call, PARAMETERS, params.REQUEST_LIMIT)
        return params.from_query(call, _IN_A_QUERY, params.REQUEST_LIMIT)
    except OAuth2Error as error:
        raise ResponseReady(refusal(error)) from None
