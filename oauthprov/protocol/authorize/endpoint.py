"""The authorization endpoint: from a request by way of sign-in and consent to its end.

Nothing is redirected before the client and its redirect URI are proven. A stored request goes on
here whatever its purpose is: only the request itself knows how it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Concatenate, ParamSpec, TypeVar

from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import (
    AccountSelectionRequired,
    ConsentRequired,
    LoginRequired,
)

from oauthprov.accounts import SignedIn
from oauthprov.events import Event
from oauthprov.messages import N_
from oauthprov.protocol.authorize import consents, interactions, pushed, signing_in
from oauthprov.protocol.authorize.request import AuthorizationRequests, read
from oauthprov.protocol.authorize.response import ResponseReady
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request.answers import (
    Call,
    ConsentQuestion,
    InteractionRequired,
    Outcome,
    Pending,
    Refusal,
    Step,
    Visitor,
)
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.params import Pairs
from oauthprov.protocol.request.waiting import WaitingRequest
from oauthprov.records import Digest, Interaction
from oauthprov.storage.interface import Claim, Conflict, Contended, Stored, persistently

P = ParamSpec("P")
T = TypeVar("T")
Purposes = Mapping[str, Callable[[Context, Pairs], WaitingRequest]]
"""For each purpose, what makes a waiting request of the parameters of its interaction.

It raises ResponseReady if the request isn't valid any more.
"""

_RACES = 3
_WITHOUT_A_PAGE: Mapping[Step, type[OAuth2Error]] = {
    "consent": ConsentRequired,
    "select_account": AccountSelectionRequired,
}
"""Errors for ``prompt=none`` other than ``login_required`` (Core section 3.1.2.6)."""


class Authorization:
    """The endpoint and the user's steps there. Every method may raise StorageError.

    ``requests`` proves new requests; ``purposes`` are those of the interactions that go on here.
    """

    def __init__(
        self, validator: Validator, requests: AuthorizationRequests, purposes: Purposes
    ) -> None:
        self._validator = validator
        self._requests = requests
        self.purposes = purposes

    def begin(
        self, call: Call, visitor: Callable[[], Visitor], account_id: str | None = None
    ) -> Outcome:
        """Answer a GET of the authorization endpoint (RFC 6749 section 3.1).

        A query of ``interaction=<id>`` alone resumes a stored request. ``visitor`` is called once
        the request is proven or, if it was pushed, found. ``account_id`` is the account that the
        browser's cookie names, if any: nothing proves it, so it only tells which consent is read
        in the session's trip.
        """
        return self._answered(call.host_request, self._begin, call, visitor, account_id)

    def store(self, call: Call) -> str | Outcome:
        """Store a posted request and return its id; the first browser that comes back gets it."""

        def store(context: Context) -> str:
            context.ration = call.ration
            return _stored(context, pushed.proven(context, self._requests, read(call)))

        return self._answered(call.host_request, store)

    def pending(self, interaction_id: str, visitor: Visitor) -> Pending | None:
        """Return the request that waits for a sign-in in this browser, None when none does."""
        with self._validator.request("authorize", host_request=visitor.host_request) as context:
            try:
                interaction, request = self._resumed(context, interaction_id, visitor.browser)
                who, step = self._sign_in(context, request, visitor, interaction.record)
            except ResponseReady:  # the page still works, without a request to go on with
                return None
            asked = request.checked
            again, wanted = signing_in.lacking(asked, who.person, step, context.now)
            return Pending(
                client=request.client,
                login_hint=signing_in.expected_name(asked, who),
                sign_in=step is not None,
                ui_locales=asked.ui_locales,
                person=who.person,
                again=again,
                wanted=wanted,
            )

    def choose(self, interaction_id: str, person: SignedIn, browser: Digest) -> Outcome | None:
        """Choose ``person`` for a waiting request; return None when it can go on.

        The choice counts for this request only and isn't a sign-in (Core section 3.1.2.1). A
        client that requires another account gets an error.
        """

        def choose(context: Context) -> Outcome | None:
            interaction, request = self._resumed(context, interaction_id, browser)
            if signing_in.is_somebody_else(request.checked, person):
                return _ended(context, request, interaction, LoginRequired())
            try:
                interactions.choose(context, interaction, signing_in.mark_of(person))
            except Conflict:
                raise ResponseReady(interactions.over(request.client)) from None
            return None

        return self._answered(None, choose)

    def renewed(
        self, interaction_id: str, before: SignedIn, after: SignedIn, browser: Digest
    ) -> None:
        """Let a user who was chosen for a waiting request go on in the session ``after``."""
        marks = signing_in.mark_of(before), signing_in.mark_of(after)
        with self._validator.request("authorize") as context:
            stored = interactions.load(context, interaction_id, browser, self.purposes)
            if stored is not None:
                interactions.rechoose(context, stored, *marks)

    def close(self, interaction_id: str, browser: Digest) -> None:
        """End a stored request that :attr:`InteractionRequired.otherwise` has answered."""
        with self._validator.request("authorize") as context:
            stored = interactions.load(context, interaction_id, browser, self.purposes)
            if stored is not None:
                interactions.close(context, stored)

    def question(self, interaction_id: str, visitor: Visitor) -> ConsentQuestion | Outcome:
        """Return the question for the user, or that they must sign in first.

        Returns the error when the request has become invalid in the meantime.
        """
        return self._answered(visitor.host_request, self._question, interaction_id, visitor)

    def decide(self, interaction_id: str, visitor: Visitor, *, allow: bool) -> Outcome:
        """Apply the user's decision; each request is decided once."""
        if allow:
            return self._answered(visitor.host_request, self._allow, interaction_id, visitor)

        def deny(context: Context) -> Outcome:
            interaction, request = self._resumed(context, interaction_id, visitor.browser)
            denied = consents.denied(visitor.person, request.client)
            return _ended(context, request, interaction, AccessDeniedError(), denied)

        return self._answered(visitor.host_request, deny)

    def _begin(
        self,
        context: Context,
        call: Call,
        visitor: Callable[[], Visitor],
        account_id: str | None,
    ) -> Outcome:
        parsed = read(call)
        if pushed.is_pushed(context, parsed):
            found = pushed.find(context, parsed)
            if account_id is not None and found.client is not None:
                consents.expect(context, account_id, found.client)
            return self._begin_pushed(context, found, visitor())
        interaction_id = parsed.get("interaction")
        if interaction_id is None:
            context.ration = call.ration
            begun = self._requests.new(context, parsed)
            if account_id is not None:
                consents.expect(context, account_id, begun.client)
            return self._next(context, begun, visitor())
        interactions.expect(context, interaction_id)
        who = visitor()
        stored = interactions.adopt(context, interaction_id, who, self.purposes)
        if stored is None or len(parsed.pairs) > 1:
            raise ResponseReady(interactions.refusal(context, interaction_id, who.browser))
        request = self._request_of(context, stored.record)
        return self._next(context, request, who, interaction_id, stored)

    def _begin_pushed(self, context: Context, found: pushed.Found, who: Visitor) -> Outcome:
        """Begin a pushed request, or go on with it where this browser has begun it before."""
        interaction_id = found.interaction_id(who.browser)
        stored = interactions.load(context, interaction_id, who.browser, self.purposes)
        if stored is None:
            found.check_usable(context)
        request = self._requests.stored(context, found.pairs)
        return self._next(context, request, who, interaction_id, stored)

    def _question(
        self, context: Context, interaction_id: str, visitor: Visitor
    ) -> ConsentQuestion | InteractionRequired:
        interaction, request = self._resumed(context, interaction_id, visitor.browser)
        who, step = self._sign_in(context, request, visitor, interaction.record)
        if (person := who.person) is None or step is not None:
            return _required(step or "login", interaction_id, request)
        before = consents.standing(consents.load(context, person.account_id, request.client))
        before_scopes, targets = consents.known(before, request.asked)
        return ConsentQuestion(
            interaction_id=interaction_id,
            person=person,
            request=request,
            scopes=consents.scopes_in_words(context.settings, request.asked[0], before_scopes),
            resources=consents.resources_in_words(context.settings, request.resources, targets),
            granted_before=before.updated_at if before else None,
        )

    def _allow(self, context: Context, interaction_id: str, visitor: Visitor) -> Outcome:
        """Remember the consent and grant the request, in one commit."""
        interaction, request = self._resumed(context, interaction_id, visitor.browser)
        who, step = self._sign_in(context, request, visitor, interaction.record)
        if (person := who.person) is None or step is not None:
            return _required(step or "login", interaction_id, request)
        claim = Claim(Interaction, interaction.record.key)

        def grant() -> Outcome:
            stored = consents.reload(context, person.account_id, request.client)
            consent = consents.remembered(context.now, person.account_id, request, stored)
            try:
                return request.granted(context, person, consents.epoch(stored), *consent, claim)
            except Conflict as lost:
                if isinstance(lost.change, Claim):
                    raise pushed.lost(context, request.client, lost) from None
                raise

        try:
            return persistently(grant, races=_RACES)
        except Contended:
            busy = Refusal("temporarily_unavailable", N_("Please try again."), 503)
            raise ResponseReady(busy) from None

    def _next(
        self,
        context: Context,
        request: WaitingRequest,
        visitor: Visitor,
        interaction_id: str | None = None,
        pending: Stored[Interaction] | None = None,
    ) -> Outcome:
        """End the request, or return what the user must do first, stored as ``interaction_id``."""
        who, step = self._sign_in(context, request, visitor, pending.record if pending else None)
        person, consent = who.person, None
        if step is None and "consent" in request.checked.prompt:
            step = "consent"
        if step is None and person is not None:
            consent = consents.load(context, person.account_id, request.client)
            step = "consent" if request.must_ask(consents.standing(consent)) else None
        if step is None and person is not None:
            claims = (Claim(Interaction, pending.record.key),) if pending else ()
            try:
                return request.granted(context, person, consents.epoch(consent), *claims)
            except Conflict as lost:
                raise pushed.lost(context, request.client, lost) from None
        step = step or "login"
        if "none" in request.checked.prompt:
            error = _WITHOUT_A_PAGE.get(step, LoginRequired)()
            return _ended(context, request, pending, error)
        if pending is None or interaction_id is None:
            interaction_id = _stored(context, request, visitor, interaction_id)
        return _required(step, interaction_id, request)

    def _sign_in(
        self,
        context: Context,
        request: WaitingRequest,
        visitor: Visitor,
        began: Interaction | None,
    ) -> tuple[signing_in.Served, Step | None]:
        """Return the session that serves the request, and what its user must do first."""
        asked = request.checked
        who = signing_in.served(asked, visitor, began)
        try:
            return who, signing_in.step(asked, who, visitor.others, context.now)
        except OAuth2Error as error:
            raise ResponseReady(request.error(error)) from None

    def _resumed(
        self, context: Context, interaction_id: str, browser: Digest
    ) -> tuple[Stored[Interaction], WaitingRequest]:
        stored = interactions.load(context, interaction_id, browser, self.purposes)
        if stored is None:
            raise ResponseReady(interactions.refusal(context, interaction_id, browser))
        return stored, self._request_of(context, stored.record)

    def _request_of(self, context: Context, interaction: Interaction) -> WaitingRequest:
        return self.purposes[interaction.purpose](context, interaction.params)

    def _answered(
        self,
        host_request: object,
        step: Callable[Concatenate[Context, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | Outcome:
        """Run a step of a request; return its result, or the outcome that ends the request."""
        with self._validator.request("authorize", host_request=host_request) as context:
            try:
                return context.answered(step(context, *args, **kwargs))
            except ResponseReady as ready:
                return context.answered(ready.answer)


def _stored(
    context: Context,
    request: WaitingRequest,
    visitor: Visitor | None = None,
    interaction_id: str | None = None,
) -> str:
    client_id = request.client.client_id
    return interactions.store(
        context, request.purpose, client_id, request.pairs, visitor, interaction_id
    )


def _required(step: Step, pending: str, request: WaitingRequest) -> InteractionRequired:
    return InteractionRequired(step, pending, request.error(LoginRequired()))


def _ended(
    context: Context,
    request: WaitingRequest,
    interaction: Stored[Interaction] | None,
    error: OAuth2Error,
    event: Event | None = None,
) -> Outcome:
    """End the request with an error; it can be ended only once."""
    claims = () if interaction is None else (Claim(Interaction, interaction.record.key),)
    try:
        return request.denied(context, error, *claims, event=event)
    except Conflict as lost:
        raise pushed.lost(context, request.client, lost) from None
