"""The authorization endpoint: from a request to a code, over sign-in and consent.

Nothing is redirected before the client and its redirect URI are proven; every answer to a client
carries ``iss`` (RFC 9207).
"""

from __future__ import annotations

from dataclasses import dataclass

from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, FatalClientError, OAuth2Error

from oauthprov.accounts import SignedIn
from oauthprov.protocol import consents, interactions, params, redirects, resources
from oauthprov.protocol.answers import Call, ConsentQuestion, Interact, Redirect, Refusal
from oauthprov.protocol.context import Context, required
from oauthprov.protocol.engine import Engine
from oauthprov.protocol.params import Pairs, Parsed
from oauthprov.records import Client, Consent, Digest, Interaction, consent_key
from oauthprov.storage.interface import Change, Claim, Conflict, Stored

_RACES = 3

UNKNOWN_INTERACTION = Refusal(
    "invalid_request", "This request has expired, was answered, or began in another browser."
)


class Answered(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Redirect | Refusal) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client, redirect URI and parameters are proven."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    pairs: Pairs

    @property
    def asked(self) -> consents.Asking:
        """What a person is asked for: scopes and resources."""
        return self.scopes, self.resources


class Authorization:
    """The endpoint and the steps of a person, over one engine. Methods raise :class:`Answered`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self, context: Context, call: Call, person: SignedIn | None, browser: Digest
    ) -> Redirect | Interact:
        """Answer a GET: a new request, or ``interaction=<id>`` alone to go on with one."""
        parsed = _read(call)
        interaction_id = parsed.get("interaction")
        if interaction_id is None:
            request = self._validated(context, parsed)
            return self._next(context, request, person, browser, None)
        stored = interactions.adopt(context, interaction_id, browser)
        if stored is None or len(parsed.pairs) > 1:
            raise Answered(UNKNOWN_INTERACTION)
        request = self._validated(context, Parsed(stored.record.params))
        return self._next(context, request, person, browser, (interaction_id, stored))

    def park(self, context: Context, call: Call) -> str:
        """Store a request that was posted, for whichever browser comes back with its id."""
        request = self._validated(context, _read(call))
        return interactions.store(context, request.client.client_id, request.pairs, None)

    def question(
        self, context: Context, interaction_id: str, person: SignedIn, browser: Digest
    ) -> ConsentQuestion:
        """Return what a person is asked."""
        _, request = self._resumed(context, interaction_id, browser)
        stored = _consent(context, person, request.client)
        before = stored.record if stored else None
        scopes, targets = consents.known(before, request.asked)
        return ConsentQuestion(
            interaction_id=interaction_id,
            client=request.client,
            scopes=consents.scopes_in_words(context.settings, request.scopes, scopes),
            resources=consents.resources_in_words(context.settings, request.resources, targets),
            destination=redirects.destination(request.redirect_uri),
            redirect_uri=request.redirect_uri,
            granted_before=before.updated_at if before else None,
        )

    def allow(
        self, context: Context, interaction_id: str, person: SignedIn, browser: Digest
    ) -> Redirect:
        """Remember the consent and issue a code, in one commit."""
        interaction, request = self._resumed(context, interaction_id, browser)
        claim = Claim(Interaction, interaction.record.key)
        for _ in range(_RACES):
            stored = _consent(context, person, request.client)
            consent = consents.remembered(
                context.now, person.account_id, request.client, request.asked, stored
            )
            try:
                return self._code(context, request, person, consent, claim)
            except Conflict as lost:
                if isinstance(lost.change, Claim):
                    raise Answered(UNKNOWN_INTERACTION) from None
        raise Answered(Refusal("temporarily_unavailable", "Please try again.", 503))

    def deny(self, context: Context, interaction_id: str, browser: Digest) -> Redirect:
        """Tell the client that the person said no."""
        interaction, request = self._resumed(context, interaction_id, browser)
        try:
            context.commit(Claim(Interaction, interaction.record.key))
        except Conflict:
            raise Answered(UNKNOWN_INTERACTION) from None
        return _error(context, AccessDeniedError(), request.redirect_uri, request.pairs)

    def _next(
        self,
        context: Context,
        request: AuthorizationRequest,
        person: SignedIn | None,
        browser: Digest,
        pending: tuple[str, Stored[Interaction]] | None,
    ) -> Redirect | Interact:
        if person is not None:
            stored = _consent(context, person, request.client)
            consent = stored.record if stored else None
            if not consents.needed(request.client, request.redirect_uri, request.asked, consent):
                claims = (Claim(Interaction, pending[1].record.key),) if pending else ()
                try:
                    return self._code(context, request, person, *claims)
                except Conflict:
                    raise Answered(UNKNOWN_INTERACTION) from None
        interaction_id = (
            pending[0]
            if pending
            else interactions.store(context, request.client.client_id, request.pairs, browser)
        )
        return Interact("login" if person is None else "consent", interaction_id)

    def _resumed(
        self, context: Context, interaction_id: str, browser: Digest
    ) -> tuple[Stored[Interaction], AuthorizationRequest]:
        stored = interactions.load(context, interaction_id, browser)
        if stored is None:
            raise Answered(UNKNOWN_INTERACTION)
        return stored, self._validated(context, Parsed(stored.record.params))

    def _validated(self, context: Context, parsed: Parsed) -> AuthorizationRequest:
        context.repeated = parsed.repeated
        critical = {"client_id", "redirect_uri"}.intersection(parsed.repeated)
        if critical:
            raise Answered(Refusal("invalid_request", f"Duplicate {critical.pop()} parameter."))
        uri = params.uri_with(parsed.pairs)
        try:
            found, info = self._engine.authorization.validate_authorization_request(uri)
            granted = resources.scopes_for(context.settings, found, context.resources)
        except OAuth2Error as error:
            if context.proven is None or isinstance(error, FatalClientError):
                raise Answered(_refusal(error)) from None
            state = () if "state" in parsed.repeated else parsed.pairs
            raise Answered(_error(context, error, context.proven, state)) from None
        return AuthorizationRequest(
            client=required(context.client),
            redirect_uri=info["redirect_uri"],
            scopes=granted,
            resources=context.resources,
            pairs=_resolved(parsed.pairs, info["redirect_uri"], granted),
        )

    def _code(
        self, context: Context, request: AuthorizationRequest, person: SignedIn, *changes: Change
    ) -> Redirect:
        context.changes = changes
        self._engine.authorization.create_authorization_response(
            params.uri_with(request.pairs),
            scopes=list(request.scopes),
            credentials={"user": person},
        )
        code = ("code", required(context.issued))
        return _redirect(context, request.redirect_uri, (code,), request.pairs)


def _read(call: Call) -> Parsed:
    try:
        if call.method == "POST":
            return params.from_body(call, params.AUTHORIZATION, params.QUERY_LIMIT)
        return params.from_query(call, params.AUTHORIZATION | {"interaction"})
    except OAuth2Error as error:
        raise Answered(_refusal(error)) from None


def _resolved(pairs: Pairs, redirect_uri: str, granted: tuple[str, ...]) -> Pairs:
    """Write the defaults out: those of the client may change between a question and its answer."""
    given = tuple(pair for pair in pairs if pair[0] not in ("redirect_uri", "scope"))
    return (*given, ("redirect_uri", redirect_uri), ("scope", " ".join(granted)))


def _consent(context: Context, person: SignedIn, client: Client) -> Stored[Consent] | None:
    return context.storage.get(Consent, consent_key(person.account_id, client.client_id))


def _refusal(error: OAuth2Error) -> Refusal:
    return Refusal(
        error.error or "invalid_request", error.description or "The request can't be used."
    )


def _error(context: Context, error: OAuth2Error, redirect_uri: str, pairs: Pairs) -> Redirect:
    told = [("error", error.error or "invalid_request")]
    if error.description:
        told.append(("error_description", error.description))
    return _redirect(context, redirect_uri, tuple(told), pairs)


def _redirect(context: Context, redirect_uri: str, told: Pairs, pairs: Pairs) -> Redirect:
    state = tuple(pair for pair in pairs if pair[0] == "state")
    return Redirect(redirect_uri, (*told, *state, ("iss", context.settings.issuer)))
