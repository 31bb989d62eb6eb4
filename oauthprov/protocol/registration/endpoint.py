"""Clients that register themselves (RFC 7591) and manage their registration (RFC 7592).

The registration access token of a client never changes: a new one in a response that gets lost
would lock the client out. Storage holds only its digest, as of the client secret, so a response
repeats the token that was presented, and the secret is sent only once, at registration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidTokenError,
    OAuth2Error,
    TemporarilyUnavailableError,
)

from oauthprov import credentials, logs
from oauthprov.errors import FetchBusy, InvalidClientMetadataError
from oauthprov.events import RegistrationTokenChanged, RequestNoted, on_commit
from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.clients.logo_worker import LOGO_PATIENCE, LogoWorker
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.clients.registrar import (
    ChangedMeanwhile,
    Registrar,
    StoredClient,
    UnknownClient,
    edition,
    has_secret,
)
from oauthprov.protocol.clients.telling import registered
from oauthprov.protocol.clients.wire.document import document_of, read_document
from oauthprov.protocol.engine.client_endpoint import NO_STORE
from oauthprov.protocol.registration import http, initial_access
from oauthprov.protocol.request import refusals
from oauthprov.protocol.request.answers import Answer, Call
from oauthprov.records import Client, InitialAccessToken
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add, Contended, Storage, Stored, persistently

log = logs.logger(__name__)

AddressOf = Callable[[str], str]
"""Returns the URL at which the client of this id manages its registration."""

_RACES = 3
_SIGNED_WITH = "_signed_response_alg"
_OURS = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


class DynamicRegistration:
    """Both endpoints. ``address_of`` returns the URL at which a client manages its registration.

    Every method may raise StorageError, and any exception of the callables passed to it.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        clock: Callable[[], int],
        registrar: Registrar,
        logos: LogoWorker,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._logos = logos
        self._registrar = registrar

    def register(self, call: Call, address_of: AddressOf, make_room: Callable[[], None]) -> Answer:
        """Register a client (RFC 7591 section 3).

        ``make_room`` is called before a client is stored, and raises when there is no room.
        """
        return self._answer(None, lambda: self._register(call, address_of, make_room))

    def read(self, call: Call, client_id: str, address_of: AddressOf) -> Answer:
        """Return the registered metadata (RFC 7592 section 2.1)."""

        def work() -> Answer:
            stored, token = self._managed(call, client_id)
            return self._information(200, stored.record, token, address_of)

        return self._answer(client_id, work)

    def update(self, call: Call, client_id: str, address_of: AddressOf) -> Answer:
        """Replace all registered metadata: absent members are deleted (RFC 7592 section 2.2)."""

        def update() -> Answer:
            stored, token = self._managed(call, client_id)
            client, secret = self._update(stored, http.parsed(call))
            self._logos.want(client, LOGO_PATIENCE)
            return self._information(200, client, token, address_of, secret)

        lost = ChangedMeanwhile, UnknownClient
        return self._answer(client_id, lambda: persistently(update, lost, _RACES))

    def remove(self, call: Call, client_id: str) -> Answer:
        """Remove a client; its tokens are invalid at once (RFC 7592 section 2.3)."""

        def remove() -> None:
            self._managed(call, client_id)
            self._registrar.remove(client_id)

        def work() -> Answer:
            persistently(remove, (ChangedMeanwhile, UnknownClient), _RACES)
            return Answer(204, None, NO_STORE)

        return self._answer(client_id, work)

    def _register(
        self, call: Call, address_of: AddressOf, make_room: Callable[[], None]
    ) -> Answer:
        trusted = self._presented(call) is not None
        document = http.parsed(call)
        kind, metadata = read_document(document, self._settings, trusted=trusted)
        client, secret = self._registrar.prepare(type=kind, **metadata)
        token, digest = credentials.mint(credentials.REGISTRATION_TOKEN)
        client = replace(client, registration_token=digest)
        make_room()
        self._store(call, client)
        self._logos.want(client, LOGO_PATIENCE)
        return self._information(201, client, token, address_of, secret)

    def _store(self, call: Call, client: Client) -> None:
        def store() -> None:
            presented = self._presented(call)
            spent = () if presented is None else initial_access.spend(presented)
            on_commit(registered(client))
            if presented is not None:
                token_id = presented.record.token_id
                on_commit(RegistrationTokenChanged(named=token_id, how="used"))
            self._storage.commit(*spent, Add(client), now=self._clock())

        persistently(store, races=_RACES)

    def _presented(self, call: Call) -> Stored[InitialAccessToken] | None:
        """Return the initial access token of a request, None if the request needs none.

        A token that is presented must be valid in any case. Raises InvalidTokenError.
        """
        if self._settings.registration == "open" and "authorization" not in call.headers:
            return None
        token = http.bearer(call)
        stored = initial_access.present(self._storage, token, self._clock())
        if stored is None:
            raise InvalidTokenError("The initial access token is not valid.")
        return stored

    def _managed(self, call: Call, client_id: str) -> tuple[StoredClient, str]:
        """Return the client and the registration access token that authenticates it."""
        token = http.bearer(call)
        wrong = InvalidTokenError("The registration access token is not valid.")
        try:
            stored = self._registrar.get(client_id)
        except UnknownClient:
            raise wrong from None
        digest = stored.record.registration_token
        if digest is None or not credentials.matches(token, digest):
            raise wrong
        if stored.record.disabled_at is not None:
            raise AccessDeniedError("The client is disabled.", status_code=403)
        return stored, token

    def _update(
        self, stored: StoredClient, document: Mapping[str, Any]
    ) -> tuple[Client, str | None]:
        """Return the updated client, and its secret if it got a new one."""
        client = stored.record
        _check_identity(client, document)
        _, metadata = read_document(document, self._settings, client)
        client = self._registrar.edit(
            client.client_id, seen=edition(client), by_client=True, **metadata
        )
        if has_secret(client) and not client.secrets:
            return self._registrar.rotate_secret(client.client_id)
        return client, None

    def _answer(self, client_id: str | None, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except InvalidMetadata as invalid:
            error: OAuth2Error = http.as_registered(invalid)
        except FetchBusy as busy:
            log.warning("a client's document can't be fetched now: %s", busy)
            error = TemporarilyUnavailableError("Please try again.", status_code=503)
        except Contended:
            error = TemporarilyUnavailableError("Please try again.", status_code=503)
        except OAuth2Error as refused:
            error = refused
        named = None if client_id is None else refusals.cut(client_id)
        noted = RequestNoted(endpoint="register", client_id=named)
        refusals.refused(noted, error.error or "", error.description)
        return http.refusal(error, self._settings.issuer)

    def _information(
        self,
        status: int,
        client: Client,
        token: str,
        address_of: AddressOf,
        secret: str | None = None,
    ) -> Answer:
        """Return the client information response (RFC 7591 section 3.2.1, RFC 7592 section 3)."""
        body = document_of(client) | {
            "registration_client_uri": address_of(client.client_id),
            "registration_access_token": token,
        }
        for name, alg in body.items():
            if name.endswith(_SIGNED_WITH):  # the default may be one that this server hasn't
                body[name] = signed_responses.supported(self._settings, str(alg))
        if secret is not None:
            body |= {"client_secret": secret, "client_secret_expires_at": 0}
        return Answer(status, body, NO_STORE)


def _check_identity(client: Client, document: Mapping[str, Any]) -> None:
    """Refuse members that an update may not contain (RFC 7592 section 2.2)."""
    if document.get("client_id") != client.client_id:
        raise InvalidClientMetadataError("client_id: It must be the client's own.")
    for member in _OURS:
        if member in document:
            raise InvalidClientMetadataError(f"{member}: An update must not contain it.")
    secret = document.get("client_secret")
    if secret is None:
        return
    known = isinstance(secret, str) and [credentials.matches(secret, s) for s in client.secrets]
    if not known or not any(known):
        raise InvalidClientMetadataError("client_secret: Clients can't choose their secret.")
