"""The authorization endpoint: from a request to a code, over sign-in and consent.

Nothing is redirected before the client and its redirect URI are proven.
"""

from __future__ import annotations

from collections.abc import Mapping

from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import (
    AccountSelectionRequired,
    ConsentRequired,
    LoginRequired,
)

from oauthprov.accounts import SignedIn
from oauthprov.protocol.authorize import consents, implicit, interactions, signing_in
from oauthprov.protocol.authorize.request import AuthorizationRequest, AuthorizationRequests, read
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.authorize.response import ResponseReady, error_response, response
from oauthprov.protocol.clients import redirects
from oauthprov.protocol.engine.endpoints import Engine
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import (
    Call,
    ConsentQuestion,
    InteractionRequired,
    Pending,
    Redirect,
    Refusal,
    Step,
)
from oauthprov.protocol.request.context import Context, required
from oauthprov.records import Digest, Interaction
from oauthprov.storage.interface import Change, Claim, Conflict, Stored

_RACES = 3
_WITHOUT_A_PAGE: Mapping[Step, type[OAuth2Error]] = {
    "consent": ConsentRequired,
    "select_account": AccountSelectionRequired,
}
"""What a client is told that wants no page (Core section 3.1.2.6), if not ``login_required``."""

UNKNOWN_INTERACTION = Refusal(
    "invalid_request", "This request has expired, was answered, or began in another browser."
)


class Authorization:
    """The endpoint and the steps of a person, over one engine. Methods raise ResponseReady."""

    def __init__(self, engine: Engine, request_uris: RequestURIs) -> None:
        self._engine = engine
        self._requests = AuthorizationRequests(engine, request_uris)

    def begin(
        self, context: Context, call: Call, person: SignedIn | None, browser: Digest
    ) -> Redirect | InteractionRequired:
        """Answer a GET: a new request, or ``interaction=<id>`` alone to go on with one."""
        parsed = read(call)
        interaction_id = parsed.get("interaction")
        if interaction_id is None:
            request = self._requests.new(context, parsed)
            return self._next(context, request, person, browser, None)
        stored = interactions.adopt(context, interaction_id, person, browser)
        if stored is None or len(parsed.pairs) > 1:
            raise ResponseReady(UNKNOWN_INTERACTION)
        request = self._requests.stored(context, stored.record.params)
        return self._next(context, request, person, browser, (interaction_id, stored))

    def store(self, context: Context, call: Call) -> str:
        """Store a request that was posted, for whichever browser comes back with its id."""
        request = self._requests.new(context, read(call))
        return interactions.store(context, request.client.client_id, request.pairs)

    def pending(
        self, context: Context, interaction_id: str, person: SignedIn | None, browser: Digest
    ) -> Pending:
        """Return what a sign-in page needs to know of the request that waits for it."""
        interaction, request = self._resumed(context, interaction_id, browser)
        who, step = self._sign_in(context, request, person, interaction.record)
        expected = signing_in.expected_name(request.authentication, who)
        wished = request.authentication.ui_locales
        return Pending(request.client, expected, step is not None, wished)

    def choose(
        self, context: Context, interaction_id: str, person: SignedIn, browser: Digest
    ) -> None:
        """Take ``person``, who is signed in in this browser, for the request."""
        interaction, request = self._resumed(context, interaction_id, browser)
        if signing_in.is_somebody_else(request.authentication, person):
            raise ResponseReady(self._ended(context, request, interaction, LoginRequired()))
        try:
            interactions.choose(context, interaction, signing_in.mark_of(person))
        except Conflict:
            raise ResponseReady(UNKNOWN_INTERACTION) from None

    def decline(self, context: Context, interaction_id: str, browser: Digest) -> Redirect:
        """Tell the client that the sign-in which it wants can't be had here."""
        interaction, request = self._resumed(context, interaction_id, browser)
        return self._ended(context, request, interaction, LoginRequired())

    def question(
        self, context: Context, interaction_id: str, person: SignedIn | None, browser: Digest
    ) -> ConsentQuestion | InteractionRequired:
        """Return what a person is asked, unless they have to sign in first."""
        interaction, request = self._resumed(context, interaction_id, browser)
        who, step = self._sign_in(context, request, person, interaction.record)
        if (person := who.person) is None or step is not None:
            return InteractionRequired(step or "login", interaction_id)
        before = consents.standing(consents.load(context, person.account_id, request.client))
        before_scopes, targets = consents.known(before, request.asked)
        return ConsentQuestion(
            interaction_id=interaction_id,
            person=person,
            client=request.client,
            scopes=consents.scopes_in_words(context.settings, request.asked[0], before_scopes),
            resources=consents.resources_in_words(context.settings, request.resources, targets),
            destination=redirects.destination(request.redirect_uri),
            redirect_uri=request.redirect_uri,
            granted_before=before.updated_at if before else None,
            ui_locales=request.authentication.ui_locales,
        )

    def allow(
        self, context: Context, interaction_id: str, person: SignedIn | None, browser: Digest
    ) -> Redirect | InteractionRequired:
        """Remember the consent and issue a code, in one commit."""
        interaction, request = self._resumed(context, interaction_id, browser)
        who, step = self._sign_in(context, request, person, interaction.record)
        if (person := who.person) is None or step is not None:
            return InteractionRequired(step or "login", interaction_id)
        claim = Claim(Interaction, interaction.record.key)
        for _ in range(_RACES):
            stored = consents.load(context, person.account_id, request.client)
            consent = consents.remembered(
                context.now, person.account_id, request.client, request.asked, stored
            )
            try:
                return self._answer(context, request, person, consent, claim)
            except Conflict as lost:
                if isinstance(lost.change, Claim):
                    raise ResponseReady(UNKNOWN_INTERACTION) from None
        raise ResponseReady(Refusal("temporarily_unavailable", "Please try again.", 503))

    def deny(self, context: Context, interaction_id: str, browser: Digest) -> Redirect:
        """Tell the client that the person said no."""
        interaction, request = self._resumed(context, interaction_id, browser)
        return self._ended(context, request, interaction, AccessDeniedError())

    def _next(
        self,
        context: Context,
        request: AuthorizationRequest,
        active: SignedIn | None,
        browser: Digest,
        pending: tuple[str, Stored[Interaction]] | None,
    ) -> Redirect | InteractionRequired:
        began = pending[1].record if pending else None
        person, step = self._step(context, request, active, began)
        if step is None and person is not None:
            claims = (Claim(Interaction, pending[1].record.key),) if pending else ()
            try:
                return self._answer(context, request, person, *claims)
            except Conflict:
                raise ResponseReady(UNKNOWN_INTERACTION) from None
        step = step or "login"
        if "none" in request.authentication.prompt:
            error = _WITHOUT_A_PAGE.get(step, LoginRequired)()
            return self._ended(context, request, pending[1] if pending else None, error)
        if pending is not None:
            return InteractionRequired(step, pending[0])
        client_id = request.client.client_id
        return InteractionRequired(
            step, interactions.store(context, client_id, request.pairs, active, browser)
        )

    def _step(
        self,
        context: Context,
        request: AuthorizationRequest,
        person: SignedIn | None,
        began: Interaction | None,
    ) -> tuple[SignedIn | None, Step | None]:
        who, step = self._sign_in(context, request, person, began)
        if step is not None or who.person is None:
            return who.person, step
        return who.person, "consent" if _must_ask(context, request, who.person) else None

    def _sign_in(
        self,
        context: Context,
        request: AuthorizationRequest,
        person: SignedIn | None,
        began: Interaction | None,
    ) -> tuple[signing_in.Served, signing_in.Step | None]:
        """Return whose session serves the request, and what they have to do first."""
        asked, others = request.authentication, context.others
        who = signing_in.served(asked, person, others, began)
        try:
            return who, signing_in.step(asked, who, others, context.now)
        except OAuth2Error as error:
            raise ResponseReady(
                error_response(context, error, request.redirect_uri, request.pairs)
            ) from None

    def _ended(
        self,
        context: Context,
        request: AuthorizationRequest,
        interaction: Stored[Interaction] | None,
        error: OAuth2Error,
    ) -> Redirect:
        """End the request with an error, once."""
        if interaction is not None:
            try:
                context.commit(Claim(Interaction, interaction.record.key))
            except Conflict:
                raise ResponseReady(UNKNOWN_INTERACTION) from None
        return error_response(context, error, request.redirect_uri, request.pairs)

    def _resumed(
        self, context: Context, interaction_id: str, browser: Digest
    ) -> tuple[Stored[Interaction], AuthorizationRequest]:
        stored = interactions.load(context, interaction_id, browser)
        if stored is None:
            raise ResponseReady(UNKNOWN_INTERACTION)
        return stored, self._requests.stored(context, stored.record.params)

    def _answer(
        self, context: Context, request: AuthorizationRequest, person: SignedIn, *changes: Change
    ) -> Redirect:
        context.changes = changes
        if "code" not in request.authentication.response_type:
            try:
                told = implicit.issue(context, request.authentication, person, request.scopes)
            except OAuth2Error as error:
                return error_response(context, error, request.redirect_uri, request.pairs)
            return response(context, request.redirect_uri, told, request.pairs)
        self._engine.authorization.create_authorization_response(
            params.uri_with(request.pairs),
            scopes=list(request.scopes),
            credentials={"user": person},
        )
        code = ("code", required(context.issued))
        return response(context, request.redirect_uri, (code,), request.pairs)


def _must_ask(context: Context, request: AuthorizationRequest, person: SignedIn) -> bool:
    if "consent" in request.authentication.prompt:
        return True
    consent = consents.standing(consents.load(context, person.account_id, request.client))
    return consents.needed(request.client, request.redirect_uri, request.asked, consent)
