"""Authorization requests (RFC 6749 section 4.1.1): read, resolved and proven."""

from __future__ import annotations

from dataclasses import dataclass

from oauthlib.oauth2.rfc6749.errors import FatalClientError, OAuth2Error

from oauthprov.protocol.authorize import consents, request_objects
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.authorize.response import ResponseReady, error_response, refusal
from oauthprov.protocol.engine.endpoints import Engine
from oauthprov.protocol.request import params, resources, scopes
from oauthprov.protocol.request.answers import Call, Refusal
from oauthprov.protocol.request.authentication_request import AuthenticationRequest
from oauthprov.protocol.request.context import Context, required
from oauthprov.protocol.request.params import Pairs, Parsed
from oauthprov.records import Client


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client, redirect URI and parameters are proven."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    pairs: Pairs
    authentication: AuthenticationRequest

    @property
    def asked(self) -> consents.Asking:
        """What a person is asked for: scopes, those of single claims too, and resources."""
        return scopes.union(self.scopes, self.authentication.claims.scopes), self.resources


class AuthorizationRequests:
    """Proves requests, over one engine. Methods raise :class:`ResponseReady`."""

    def __init__(self, engine: Engine, request_uris: RequestURIs) -> None:
        self._engine = engine
        self._request_uris = request_uris

    def new(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        """Return the request of these parameters, out of its request object if it has one."""
        resolved = request_objects.resolve(context, self._request_uris, parsed)
        if resolved.size > params.QUERY_LIMIT:
            raise ResponseReady(Refusal("invalid_request", "The request is too long."))
        return self._proven(context, resolved)

    def stored(self, context: Context, pairs: Pairs) -> AuthorizationRequest:
        """Return a request that was stored, proven anew: what it relies on may have changed."""
        return self._proven(context, Parsed(pairs))

    def _proven(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        context.parsed = parsed
        if parsed.refused is not None and parsed.get("redirect_uri") is None:
            raise ResponseReady(refusal(parsed.refused))
        critical = {"client_id", "redirect_uri"}.intersection(parsed.repeated)
        if critical:
            raise ResponseReady(
                Refusal("invalid_request", f"Duplicate {critical.pop()} parameter.")
            )
        uri = params.uri_with(parsed.pairs)
        try:
            found, info = self._engine.authorization.validate_authorization_request(uri)
            asked = required(context.authentication)
            wanted = [scope for scope in found if scope not in asked.dropped]
            granted = resources.scopes_for(context.settings, wanted, context.resources)
        except OAuth2Error as error:
            if context.proven is None or isinstance(error, FatalClientError):
                raise ResponseReady(refusal(error)) from None
            state = () if "state" in parsed.repeated else parsed.pairs
            raise ResponseReady(error_response(context, error, context.proven, state)) from None
        return AuthorizationRequest(
            client=required(context.client),
            redirect_uri=info["redirect_uri"],
            scopes=granted,
            resources=context.resources,
            pairs=_with_defaults(parsed.pairs, info["redirect_uri"], granted),
            authentication=asked,
        )


def read(call: Call) -> Parsed:
    """Return the parameters of a GET or a POST. Raises ResponseReady for malformed ones."""
    try:
        if call.method == "POST":
            return params.from_body(call, params.AUTHORIZATION, params.REQUEST_LIMIT)
        known = params.AUTHORIZATION | {"interaction"}
        return params.from_query(call, known, params.REQUEST_LIMIT)
    except OAuth2Error as error:
        raise ResponseReady(refusal(error)) from None


def _with_defaults(pairs: Pairs, redirect_uri: str, granted: tuple[str, ...]) -> Pairs:
    """Write the defaults out: those of the client may change between a question and its answer."""
    given = tuple(pair for pair in pairs if pair[0] not in ("redirect_uri", "scope"))
    return (*given, ("redirect_uri", redirect_uri), ("scope", " ".join(granted)))
