"""The provider: one object with everything the web layer and a host use of the protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from oauthprov.accounts import AccountSource
from oauthprov.background import Worker
from oauthprov.credentials import Keyring
from oauthprov.events import Stream, worker, working
from oauthprov.fetch import Fetcher
from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.protocol.authorize import checks, consents
from oauthprov.protocol.authorize.endpoint import Authorization
from oauthprov.protocol.authorize.pushed import PushedRequests
from oauthprov.protocol.authorize.request import AUTHORIZATION, AuthorizationRequests
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.documents.fetching import ClientDocuments
from oauthprov.protocol.clients.documents.hosts import Hosts
from oauthprov.protocol.clients.keys import ClientKeys
from oauthprov.protocol.clients.logo_worker import LogoWorker
from oauthprov.protocol.clients.logos import Logos
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.device.authorization import DeviceAuthorizations
from oauthprov.protocol.device.decision import DEVICE, DeviceRequests
from oauthprov.protocol.engine.endpoints import Engine
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.keys.dpop import DPoPProof
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.protocol.logout import ending
from oauthprov.protocol.logout.backchannel import BackchannelLogout
from oauthprov.protocol.logout.ending import Endings
from oauthprov.protocol.logout.endpoint import RPLogout
from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.protocol.purging import Purging
from oauthprov.protocol.registration.endpoint import DynamicRegistration
from oauthprov.protocol.request.answers import ConnectedApps
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.context import Context, OpenID
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.request.refusals import SentError
from oauthprov.protocol.token import tokens, userinfo
from oauthprov.records import Client, ReplayMark
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add, Conflict, Health, Storage, Stored


def _check(context: Context, request: Authorizing, accounts: AccountSource[Any]) -> CheckedRequest:
    endpoint: checks.Endpoint = "pushed" if context.endpoint == "par" else "authorize"
    return checks.run(context, request, endpoint=endpoint, accounts=accounts)


def epoch() -> int:
    """Return the current time, in whole epoch seconds."""
    return int(time.time())


class Provider:
    """Built once per app; every method may raise StorageError. ``clock`` returns epoch seconds.

    * ``endpoints``: the token, introspection and revocation endpoints
    * ``authorization``: the authorization endpoint, and the user's steps there
    * ``devices``: the device authorization endpoint; ``device_requests``: what its codes stand for
    * ``pushed_requests``: the endpoint for pushed authorization requests
    * ``logout``: the end session endpoint; ``endings`` ends sessions and consents
    * ``registration``: dynamic client registration; ``registrar``: clients managed by people
    * ``keys``: the keys that sign tokens; ``keyring`` seals and signs for this site only
    * ``logos``: the logos of clients; ``client_hosts``: the hosts whose clients are disabled
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        accounts: AccountSource[Any],
        clock: Callable[[], int] = epoch,
        events: Stream | None = None,
    ) -> None:
        self.settings = settings
        self.storage = storage
        self.clock = clock
        self.events = events or Stream(clock)
        self.keyring = Keyring(settings.secret)
        self.fetcher = Fetcher.of(settings)
        self.keys = SigningKeys(settings, storage, self.keyring, clock)
        self.clients = Clients(storage, clock, settings)
        self.validator = self._validator(accounts)
        self.endpoints = Engine(self.validator, settings, partial(_check, accounts=accounts))
        requests = AuthorizationRequests(self.endpoints, RequestURIs(self.fetcher, clock))
        self.device_requests = DeviceRequests(self.validator, self.keyring, accounts)
        purposes = {AUTHORIZATION: requests.stored, DEVICE: self.device_requests.resumed}
        self.authorization = Authorization(self.validator, requests, purposes)
        self.devices = DeviceAuthorizations(self.validator, self.keyring)
        self.pushed_requests = PushedRequests(self.validator, requests)
        self.logout = RPLogout(self.validator)
        self.logos = Logos(storage, self.fetcher, clock, self.clients.evict)
        self.logo_worker = LogoWorker(self.logos.refresh, clock, self.events)
        self.registrar = Registrar(
            settings, storage, clock, self.clients.evict, self.fetcher, self._end_client
        )
        self.clients.documents = ClientDocuments(
            settings, storage, clock, self.fetcher, self.registrar, self.clients.evict
        )
        self.client_hosts = Hosts(storage, clock, self.clients.evict_host)
        self.registration = DynamicRegistration(
            settings, storage, clock, self.registrar, self.logo_worker
        )
        self._end_and_notify(clock)
        self.purging = Purging(settings, storage, clock, events=self.events)

    def _validator(self, accounts: AccountSource[Any]) -> Validator:
        return Validator(
            self.settings,
            self.storage,
            self.clients,
            self.clock,
            OpenID(accounts) if self.settings.openid else None,
            ClientKeys.of(self.settings, self.fetcher, self.clock),
            self.keys,
            keeps_accounts=accounts.keeps_accounts,
        )

    def _end_and_notify(self, clock: Callable[[], int]) -> None:
        """Set up what ends sessions, consents and clients, and what delivers logout tokens."""
        settings, storage = self.settings, self.storage
        self.backchannel = BackchannelLogout(
            settings, storage, self.keys, self.fetcher, clock, self.events
        )
        self.worker = Worker("logout", self.backchannel.work, clock)
        self.endings = Endings(
            settings,
            storage,
            Sweeps(settings, storage, self.clients, clock),
            clock,
            wake=lambda: self.sweeper.wake(),
            notify=self._notify,
        )
        self.sweeper = Worker("sweeps", self._sweep, clock, ending.PERIOD)

    def _sweep(self) -> float | None:
        with working(self.events, worker("sweeps")):
            return self.endings.work()

    def _end_client(self, stored: Stored[Client]) -> None:
        self.endings.end_client(stored, evict=self.clients.evict)

    def client(self, client_id: str) -> Client | None:
        """Return an enabled client, None when there is none."""
        return self.clients.get(client_id)

    def logo(self, client_id: str, image: str) -> tuple[bytes, str] | None:
        """Return the image of this digest and its media type, None if the client has another."""
        return None if self.client(client_id) is None else self.logos.get(client_id, image)

    def connected(
        self, account_id: str, after: str | None = None, *, grants: int | None = None
    ) -> ConnectedApps:
        """Return a page of the clients with access to an account, the last used first.

        ``after`` is the ``next`` of the page before. Raises ValueError for any other text.
        ``grants`` is how many grants are read at most.
        """
        with self.validator.request() as context:
            return consents.connected(context, account_id, after, grants=grants)

    def has_access(self, account_id: str, client_id: str) -> bool:
        """Tell whether a client has access to an account."""
        with self.validator.request() as context:
            return consents.has_access(context, account_id, client_id)

    def token_info(self, token: str) -> TokenInfo | None:
        """Return the data of an access token, None unless it is live."""
        with self.validator.request("resource") as context:
            found = tokens.token_info(context, token)
            if found is None:
                context.sent_error = SentError("invalid_token")
            return found

    def is_first_use(self, proof: DPoPProof) -> bool:
        """Use a proof of possession up; tell whether nobody has before. Raises StorageError."""
        mark = ReplayMark(proof.replay_key, proof.expires_at)
        try:
            self.storage.commit(Add(mark), now=self.clock())
        except Conflict:
            return False
        return True

    def userinfo(
        self, token: TokenInfo, host_request: object = None
    ) -> dict[str, object] | str | None:
        """Return the claims for a token, None for a token without an account.

        They are a signed JWT if the client registered for one; raises SigningKeySealed when no key
        for it can be opened.
        """
        with self.validator.request(host_request=host_request) as context:
            return userinfo.userinfo(context, token)

    def check_keys(self) -> None:
        """Raise SigningKeySealed if this server issues JWTs but can't sign them."""
        if self.settings.openid or self.settings.jwt_resources:
            self.keys.rotation.check()

    def health(self) -> Health:
        """Return the state of the storage. Raises StorageError when it doesn't respond."""
        return self.storage.health()

    def look(self) -> None:
        """Look occasionally, before a request, for work that another process left undone."""
        self.sweeper.look()
        if self.settings.logout_worker:
            self.worker.look()
        if self.settings.purge_worker:
            self.purging.look()

    def _notify(self) -> None:
        if self.settings.logout_worker:
            self.worker.wake()
