"""Authorization requests (RFC 6749 section 4.1.1): read, resolved, proven, and how they end.

Whoever proves a request gets an OAuth2Error, and decides who learns of it. At the authorization
endpoint it goes to the client once the redirect URI is proven, and before that to the user.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oauthlib.oauth2.rfc6749.errors import FatalClientError, InvalidRequestError, OAuth2Error

from oauthprov.accounts import SignedIn
from oauthprov.errors import SigningKeySealed
from oauthprov.events import Event
from oauthprov.messages import N_
from oauthprov.protocol.authorize import consents, implicit, interactions, request_objects
from oauthprov.protocol.authorize.checks import PARAMETERS
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.authorize.response import ResponseReady, Target, refusal
from oauthprov.protocol.clients import redirects
from oauthprov.protocol.engine.endpoints import Engine
from oauthprov.protocol.request import client_documents, params, resources
from oauthprov.protocol.request.answers import Call, Outcome, Redirect, Refusal
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.request.params import Pairs, Parsed
from oauthprov.protocol.request.waiting import WaitingRequest
from oauthprov.protocol.token import codes
from oauthprov.records import Consent, slot
from oauthprov.storage.interface import Change

AUTHORIZATION = "authorization"
_IN_A_QUERY = PARAMETERS | {"interaction"}


@dataclass(frozen=True, slots=True)
class AuthorizationRequest(WaitingRequest):
    """A request whose client, redirect URI and parameters (``given``) are proven.

    It ends in a redirect to ``target``, with a code, with tokens or with an error.
    """

    purpose: ClassVar[str] = AUTHORIZATION

    target: Target
    code_challenge: str
    given: Pairs

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
    def _pushed(self) -> str | None:
        return Parsed(self.given).get(params.PUSHED)

    @property
    def destination(self) -> str:
        """The app on this device, or the host of the redirect URI."""
        return redirects.destination(self.redirect_uri)

    def must_ask(self, consent: Consent | None) -> bool:
        """Tell whether the consent, the client or the redirect URI require a question."""
        return consents.needed(self.client, self.redirect_uri, self.asked, consent)

    def granted(
        self, context: Context, person: SignedIn, consent_epoch: int, *changes: Change
    ) -> Redirect:
        """Commit ``changes`` and issue the code or tokens in one commit. Raises Conflict."""
        asked = self.checked
        changes = (*changes, *interactions.used_up(self.given))
        if "code" not in asked.response_type:
            try:
                issued = implicit.issue(
                    context, self, person, *changes, consent_epoch=consent_epoch
                )
            except OAuth2Error as error:
                return self.error(error)
            return self.target.response(*issued)
        authorized = codes.Authorized(
            client_id=self.client.client_id,
            redirect_uri=self.redirect_uri,
            scopes=self.scopes,
            resources=self.resources,
            code_challenge=self.code_challenge,
            claims=asked.claims.dump(),
            nonce=asked.nonce,
            confirmation=asked.confirmation,
        )
        code = codes.issue(
            context,
            authorized,
            person,
            *changes,
            consent_epoch=consent_epoch,
            grant_id=slot(self._pushed) if self._pushed else None,
        )
        return self.target.response(("code", code))

    def denied(
        self, context: Context, error: OAuth2Error, *changes: Change, event: Event | None = None
    ) -> Outcome:
        """Commit ``changes``, use a pushed request up, and return the error. Raises Conflict."""
        used = interactions.used_up(self.given)
        # Not super(): a dataclass with slots is another class than the one that is written here.
        return WaitingRequest.denied(self, context, error, *changes, *used, event=event)

    def error(self, error: OAuth2Error) -> Redirect:
        """Return the error response (RFC 6749 section 4.1.2.1)."""
        return self.target.error(error)


class AuthorizationRequests:
    """Proves requests, using one engine, with the checks that it runs."""

    def __init__(self, engine: Engine, request_uris: RequestURIs) -> None:
        self._engine = engine
        self._request_uris = request_uris

    def new(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        """Return the proven request of the parameters, or of their request object, if any.

        Raises ResponseReady.
        """
        try:
            client_documents.renew(context, parsed.get("client_id"))
        except OAuth2Error as error:
            raise ResponseReady(refusal(error, parsed)) from None
        resolved = request_objects.resolve(context, self._request_uris, parsed)
        if resolved.size > params.QUERY_LIMIT:
            raise ResponseReady(Refusal("invalid_request", N_("The request is too long.")))
        return self._at_the_endpoint(context, resolved)

    def pushed(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        """Return the proven request of pushed parameters, as :meth:`new`. Raises OAuth2Error."""
        resolved = request_objects.resolve(context, self._request_uris, parsed)
        if resolved.refused is not None:
            raise resolved.refused
        if resolved.size > params.QUERY_LIMIT:
            raise params.too_large()
        return self.prove(context, Authorizing(resolved))

    def stored(self, context: Context, pairs: Pairs) -> AuthorizationRequest:
        """Return a stored request, proven again: the client or the settings may have changed.

        Raises ResponseReady.
        """
        return self._at_the_endpoint(context, Parsed(pairs))

    def prove(self, context: Context, request: Authorizing) -> AuthorizationRequest:
        """Return the request of resolved parameters. Raises OAuth2Error.

        The error may go to the client's redirect URI once ``request.redirect_uri`` is set.
        """
        context.operation, parsed = request, request.parsed
        if parsed.refused is not None and parsed.get("redirect_uri") is None:
            raise parsed.refused
        critical = {"client_id", "redirect_uri"}.intersection(parsed.repeated)
        if critical:
            raise InvalidRequestError(N_("Duplicate ${name} parameter.", name=critical.pop()))
        found = self._engine.validate_authorization(parsed.pairs)
        asked = request.checked
        wanted = [scope for scope in found.scopes or () if scope not in asked.dropped]
        return AuthorizationRequest(
            client=context.known_client,
            scopes=resources.scopes_for(context.settings, wanted, request.resources),
            resources=request.resources,
            checked=asked,
            target=_target(context, request, found.redirect_uri or ""),
            code_challenge=parsed.get("code_challenge") or "",
            given=parsed.pairs,
        )

    def _at_the_endpoint(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        request = Authorizing(parsed)
        try:
            return self.prove(context, request)
        except OAuth2Error as error:
            raise ResponseReady(_error(context, request, error)) from None


def _target(context: Context, request: Authorizing, redirect_uri: str) -> Target:
    repeated = "state" in request.parsed.repeated
    state = None if repeated else request.parsed.get("state")
    issuer, mode = context.settings.issuer, request.response_mode
    return Target(issuer, redirect_uri, mode, state, request.sign)


def _error(context: Context, request: Authorizing, error: OAuth2Error) -> Redirect | Refusal:
    """Return the response to an error: to the client, once its redirect URI is proven.

    A client that wants a JWT gets no response that can't be signed.
    """
    fatal = isinstance(error, FatalClientError | SigningKeySealed)
    if request.redirect_uri is None or fatal:
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
