"""The provider: one object for all that the web layer and a host may ask of the protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.background import Worker
from oauthprov.credentials import Keyring
from oauthprov.fetch import Fetcher
from oauthprov.protocol.authorize import checks, consents
from oauthprov.protocol.authorize.endpoint import Authorization
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.authorize.response import ResponseReady
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.keys import ClientKeys
from oauthprov.protocol.clients.logo_worker import LogoWorker
from oauthprov.protocol.clients.logos import Logos
from oauthprov.protocol.engine.endpoints import Engine
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.protocol.logout import ending, endpoint
from oauthprov.protocol.logout.backchannel import BackchannelLogout
from oauthprov.protocol.logout.ending import Endings
from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.protocol.purging import Purging
from oauthprov.protocol.registration.endpoint import DynamicRegistration
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import (
    Answer,
    Call,
    ConnectedApp,
    ConsentQuestion,
    InteractionRequired,
    LogoutQuestion,
    LogoutRedirect,
    Others,
    Pending,
    Redirect,
    Refusal,
    TokenInfo,
    nobody_else,
)
from oauthprov.protocol.request.context import Context, OpenID
from oauthprov.protocol.request.events import SentError
from oauthprov.protocol.token import tokens, userinfo
from oauthprov.records import Client, Digest, Sweep
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage

P = ParamSpec("P")
T = TypeVar("T")


def epoch() -> int:
    """Return the time, in whole epoch seconds."""
    return int(time.time())


class Provider:
    """Built once an app. Every method may raise StorageError, and none but these anything else:
    :meth:`userinfo` and :meth:`check_keys` SigningKeySealed.

    ``clock`` gives epoch seconds. ``browser`` is the digest of the secret that names a browser,
    ``person`` the active account there, ``others`` gives who else is signed in.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        accounts: AccountSource[Any],
        clock: Callable[[], int] = epoch,
    ) -> None:
        self.settings = settings
        self.storage = storage
        self.accounts = accounts
        self.clock = clock
        self.keyring = Keyring(settings.secret)
        self.fetcher = Fetcher.of(settings)
        self.client_keys = ClientKeys(self.fetcher, clock)
        self.keys = SigningKeys(settings, storage, self.keyring, clock)
        self.clients = Clients(storage, clock, settings)
        self._openid = OpenID(self.keys, accounts) if settings.openid else None
        self.validator = Validator(
            settings, storage, self.clients, clock, self._openid, self.client_keys
        )
        self.logos = Logos(storage, self.fetcher, clock, self.clients.evict)
        self.logo_worker = LogoWorker(self.logos.refresh, clock)
        self.registration = DynamicRegistration(
            settings, storage, clock, self.clients.evict, self.fetcher, self.logo_worker
        )
        self._engine = Engine(self.validator, settings, partial(checks.run, endpoint="authorize"))
        self._authorization = Authorization(self._engine, RequestURIs(self.fetcher, clock))
        self.backchannel = BackchannelLogout(settings, storage, self.keys, self.fetcher, clock)
        self.worker = Worker("logout", self.backchannel.work, clock)
        self.endings = Endings(
            settings,
            storage,
            Sweeps(settings, storage, self.clients, clock),
            clock,
            wake=lambda: self.sweeper.wake(),
            notify=self._notify,
        )
        self.sweeper = Worker("sweeps", self.endings.work, clock, ending.PERIOD)
        self.purging = Purging(settings, storage, clock)

    def token(self, call: Call) -> Answer:
        """Answer the token endpoint (RFC 6749 section 3.2)."""
        with self.validator.request("token", call.audiences) as context:
            return context.answered(self._engine.token(call))

    def introspect(self, call: Call) -> Answer:
        """Answer the introspection endpoint (RFC 7662)."""
        with self.validator.request("introspect", call.audiences) as context:
            return context.answered(self._engine.introspect(call))

    def revoke(self, call: Call) -> Answer:
        """Answer the revocation endpoint (RFC 7009)."""
        with self.validator.request("revoke", call.audiences) as context:
            return context.answered(self._engine.revoke(call))

    def authorize(
        self,
        call: Call,
        person: SignedIn | None,
        browser: Digest,
        *,
        others: Others = nobody_else,
    ) -> Redirect | InteractionRequired | Refusal:
        """Answer a GET of the authorization endpoint (RFC 6749 section 3.1).

        A query of ``interaction=<id>`` alone goes on with a stored request.
        """
        return self._answered(others, self._authorization.begin, call, person, browser)

    def store_request(self, call: Call) -> str | Redirect | Refusal:
        """Store a request that was posted to the authorization endpoint; return its id."""
        return self._answered(nobody_else, self._authorization.store, call)

    def pending(
        self,
        interaction_id: str,
        person: SignedIn | None,
        browser: Digest,
        *,
        others: Others = nobody_else,
    ) -> Pending | None:
        """Return the request that waits for this browser to sign in, None when none does."""
        with self.validator.request("authorize") as context:
            context.others = others
            try:
                return self._authorization.pending(context, interaction_id, person, browser)
            except (
                ResponseReady
            ):  # nobody is told: the sign-in page just has no request to go on with
                return None

    def decline(self, interaction_id: str, browser: Digest) -> Redirect | Refusal:
        """Tell a client that nobody can sign in as it wants."""
        return self._answered(nobody_else, self._authorization.decline, interaction_id, browser)

    def choose(
        self, interaction_id: str, person: SignedIn, browser: Digest
    ) -> Redirect | Refusal | None:
        """Take ``person`` for a request that waits, None when it can go on.

        It counts for this request only, and is no sign-in (Core section 3.1.2.1). A client that
        wants another account is told so.
        """
        return self._answered(
            nobody_else, self._authorization.choose, interaction_id, person, browser
        )

    def question(
        self,
        interaction_id: str,
        person: SignedIn | None,
        browser: Digest,
        *,
        others: Others = nobody_else,
    ) -> ConsentQuestion | InteractionRequired | Redirect | Refusal:
        """Return what to ask a person; a Redirect when the request became invalid meanwhile."""
        return self._answered(
            others, self._authorization.question, interaction_id, person, browser
        )

    def decide(
        self,
        interaction_id: str,
        person: SignedIn | None,
        browser: Digest,
        *,
        allow: bool,
        others: Others = nobody_else,
    ) -> Redirect | InteractionRequired | Refusal:
        """Take a person's decision; each request is decided once."""
        if not allow:
            return self._answered(nobody_else, self._authorization.deny, interaction_id, browser)
        return self._answered(others, self._authorization.allow, interaction_id, person, browser)

    def client(self, client_id: str) -> Client | None:
        """Return a client that isn't disabled, None when there is none."""
        return self.clients.get(client_id)

    def logo(self, client_id: str, image: str) -> tuple[bytes, str] | None:
        """Return the image of this digest and its media type, None when a client has another."""
        return None if self.client(client_id) is None else self.logos.get(client_id, image)

    def connected(self, account_id: str) -> list[ConnectedApp]:
        """Return the clients that an account has let in, the last used first."""
        with self.validator.request() as context:
            return consents.connected(context, account_id)

    def disconnect(self, account_id: str, client_id: str) -> None:
        """Take back what an account has allowed a client: its tokens are dead at once."""
        self.endings.withdraw(account_id, client_id)

    def token_info(self, token: str) -> TokenInfo | None:
        """Return what an access token stands for, None unless it is live."""
        with self.validator.request("resource") as context:
            found = tokens.token_info(context, token)
            if found is None:
                context.sent_error = SentError("invalid_token")
            return found

    def userinfo(self, bearing: TokenInfo) -> dict[str, object] | str | None:
        """Return the claims that a token stands for, None when it stands for no person.

        They are a signed JWT where the client registered for that; SigningKeySealed when there is
        no key for it.
        """
        with self.validator.request() as context:
            return userinfo.userinfo(context, bearing)

    def check_keys(self) -> None:
        """Raise SigningKeySealed when ID tokens can't be signed, on a server that gives them."""
        if self._openid is not None:
            self.keys.rotation.check()

    def log_out(
        self,
        call: Call,
        person: SignedIn | None,
        browser: Digest,
        *,
        others: Others = nobody_else,
    ) -> endpoint.Answer:
        """Answer a GET of the end session endpoint (RP-Initiated Logout 1.0 section 2).

        A query of ``interaction=<id>`` alone goes on with a request that was posted.
        """
        with self.validator.request("logout") as context:
            context.others = others
            return context.answered(endpoint.begin(context, call, person, browser))

    def store_logout_request(self, call: Call) -> params.Pairs | Refusal:
        """Return the query that stands for a request posted to the end session endpoint."""
        with self.validator.request("logout") as context:
            return context.answered(endpoint.store(context, call))

    def logout_question(
        self,
        interaction_id: str | None,
        person: SignedIn | None,
        browser: Digest,
        *,
        others: Others = nobody_else,
    ) -> LogoutQuestion | LogoutRedirect | Refusal:
        """Return what to ask a person who is to be signed out."""
        with self.validator.request("logout") as context:
            context.others = others
            return context.answered(endpoint.question(context, interaction_id, person, browser))

    def confirm_logout(
        self, interaction_id: str | None, person: SignedIn | None, browser: Digest
    ) -> LogoutRedirect | Refusal:
        """Take the word of ``person`` that they want to sign out; a request is confirmed once.

        ``interaction_id`` is that of the :class:`LogoutQuestion`.
        """
        with self.validator.request("logout") as context:
            return context.answered(endpoint.confirm(context, interaction_id, person, browser))

    def end_session(self, key: Digest) -> None:
        """End a session, tell the clients where its person signed in by it, and end their grants.

        The grants with ``offline_access`` stay, but with ``oauthprov.logout.revoke_offline``.
        """
        self.endings.end_session(key)

    def end_host_session(self, person: SignedIn) -> None:
        """Do the same for a session of a host's own, which the host itself ends."""
        if person.sid is not None:
            self.endings.end_host_session(person.account_id, person.sid)

    def finish(self, sweep: Sweep) -> None:
        """Sweep what the account source has just ended: tell clients, and end codes and grants."""
        self.endings.finish(sweep)

    def look(self) -> None:
        """Look now and then, before a request, for work that another process left undone."""
        self.sweeper.look()
        if self.settings.logout_worker:
            self.worker.look()
        if self.settings.purge_worker:
            self.purging.look()

    def _answered(
        self,
        others: Others,
        step: Callable[Concatenate[Context, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | Redirect | Refusal:
        """Take a step of an authorization request; return what it returns, or what ends it."""
        with self.validator.request("authorize") as context:
            context.others = others
            try:
                return context.answered(step(context, *args, **kwargs))
            except ResponseReady as ended:
                return context.answered(ended.answer)

    def _notify(self) -> None:
        if self.settings.logout_worker:
            self.worker.wake()
