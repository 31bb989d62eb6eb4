"""Clients that register themselves (RFC 7591) and manage what they registered (RFC 7592).

The registration access token of a client stays the same for its life: a new one in a response
that gets lost would lock the client out. Storage has its digest only, as of the client secret, so
an answer repeats the token that was presented, and the secret is told once, at registration.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidTokenError,
    OAuth2Error,
    TemporarilyUnavailableError,
)

from oauthprov import credentials
from oauthprov.errors import InvalidClientMetadataError, InvalidRedirectURIError
from oauthprov.protocol import initial_access, registration_request
from oauthprov.protocol.answers import Answer, Call
from oauthprov.protocol.client_metadata import InvalidMetadata
from oauthprov.protocol.engine import NO_STORE
from oauthprov.protocol.json_object import parse_object
from oauthprov.protocol.registration import (
    ChangedMeanwhile,
    Registrar,
    StoredClient,
    UnknownClient,
)
from oauthprov.records import Client
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add, Conflict, Replace, Storage

log = logging.getLogger(__name__)

BODY_LIMIT = 32 * 1024
DESCRIPTION_LIMIT = 500

_RACES = 3
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_OURS = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


class DynamicRegistration:
    """Both endpoints. ``address_of`` gives the URL at which a client manages itself.

    Every method may raise StorageError, and else what a callable that it was given raises.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        clock: Callable[[], int],
        evict: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._registrar = Registrar(settings, storage, clock, evict)

    def register(
        self, call: Call, address_of: Callable[[str], str], make_room: Callable[[], None]
    ) -> Answer:
        """Register a client (RFC 7591 section 3).

        ``make_room`` is called before a client is stored, and raises when there is none left.
        """
        return self._answer(lambda: self._register(call, address_of, make_room))

    def read(self, call: Call, client_id: str, address_of: Callable[[str], str]) -> Answer:
        """Return what is registered (RFC 7592 section 2.1)."""

        def work() -> Answer:
            stored, token = self._managed(call, client_id)
            return _information(200, stored.record, token, address_of)

        return self._answer(work)

    def update(self, call: Call, client_id: str, address_of: Callable[[str], str]) -> Answer:
        """Replace all that is registered: what is left out is gone (RFC 7592 section 2.2)."""

        def work() -> Answer:
            for _ in range(_RACES):
                stored, token = self._managed(call, client_id)
                try:
                    client = self._update(stored, _parsed(call))
                except (ChangedMeanwhile, UnknownClient):
                    continue
                log.info("client %s changed its registration", client_id)
                return _information(200, client, token, address_of)
            raise TemporarilyUnavailableError("Please try again.", status_code=503)

        return self._answer(work)

    def remove(self, call: Call, client_id: str) -> Answer:
        """Remove a client; its tokens are dead at once (RFC 7592 section 2.3)."""

        def work() -> Answer:
            self._managed(call, client_id)
            try:
                self._registrar.remove(client_id)
            except UnknownClient:
                raise InvalidTokenError("The registration access token is not valid.") from None
            log.info("client %s removed itself", client_id)
            return Answer(204, None, NO_STORE)

        return self._answer(work)

    def _register(
        self, call: Call, address_of: Callable[[str], str], make_room: Callable[[], None]
    ) -> Answer:
        self._spent(call)
        kind, metadata = registration_request.read(_parsed(call), self._settings)
        client, secret = self._registrar.prepare(type=kind, **metadata)
        token, digest = credentials.mint(credentials.REGISTRATION_TOKEN)
        client = replace(client, registration_token=digest)
        make_room()
        self._store(call, client)
        log.info("client %s registered itself", client.client_id)
        answer = _information(201, client, token, address_of)
        if secret is None:
            return answer
        told = {"client_secret": secret, "client_secret_expires_at": 0}
        return replace(answer, body={**(answer.body or {}), **told})

    def _store(self, call: Call, client: Client) -> None:
        for _ in range(_RACES):
            try:
                self._storage.commit(*self._spent(call), Add(client), now=self._clock())
                return
            except Conflict as lost:
                if not isinstance(lost.change, Replace):
                    raise
        raise TemporarilyUnavailableError("Please try again.", status_code=503)

    def _spent(self, call: Call) -> tuple[Replace, ...]:
        """Return what takes a use off the initial access token. Raises InvalidTokenError."""
        if self._settings.registration != "token":
            return ()
        stored = initial_access.present(self._storage, _bearer(call), self._clock())
        if stored is None:
            raise InvalidTokenError("The initial access token is not valid.")
        return initial_access.spend(stored)

    def _managed(self, call: Call, client_id: str) -> tuple[StoredClient, str]:
        """Return the client and the registration access token that proves it."""
        token = _bearer(call)
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

    def _update(self, stored: StoredClient, document: Mapping[str, Any]) -> Client:
        client = stored.record
        _check_identity(client, document)
        _, metadata = registration_request.read(document, self._settings, client)
        return self._registrar.edit(client.client_id, version=stored.version, **metadata)

    def _answer(self, work: Callable[[], Answer]) -> Answer:
        try:
            try:
                return work()
            except InvalidMetadata as invalid:
                raise _registered_error(invalid) from None
        except OAuth2Error as error:
            log.info("registration refused: %s: %s", error.error, error.description)
            return self._error(error)

    def _error(self, error: OAuth2Error) -> Answer:
        headers, body = dict(NO_STORE), dict(error.twotuples)
        if error.status_code == 401:
            said = f'Bearer realm="{self._settings.issuer}"'
            if isinstance(error, _NoToken):
                body = {}
            else:
                said += "".join(f', {name}="{value}"' for name, value in body.items())
            headers["WWW-Authenticate"] = said
        return Answer(error.status_code, body, headers)


class _NoToken(InvalidTokenError):
    """There is no token to be wrong: the challenge names no error (RFC 6750 section 3.1)."""


def _bearer(call: Call) -> str:
    """Return the token of the Authorization header, the only place for it."""
    header = call.headers.get("authorization")
    if header is None:
        raise _NoToken("There is no token.")
    match = _BEARER.fullmatch(header.strip())
    if match is None:
        raise InvalidTokenError("The Authorization header holds no bearer token.")
    return match[1]


def _parsed(call: Call) -> dict[str, Any]:
    kind, _, _ = call.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        raise InvalidClientMetadataError("The body must be application/json.")
    if len(call.body) > BODY_LIMIT:
        raise InvalidClientMetadataError("The body is too large.")
    try:
        return parse_object(call.body)
    except ValueError:
        raise InvalidClientMetadataError(
            "The body must be one JSON object in UTF-8 that has each member once."
        ) from None


def _check_identity(client: Client, document: Mapping[str, Any]) -> None:
    """Refuse what an update may not say (RFC 7592 section 2.2)."""
    if document.get("client_id") != client.client_id:
        raise InvalidClientMetadataError("client_id: It must be that of the client.")
    for member in _OURS:
        if member in document:
            raise InvalidClientMetadataError(f"{member}: An update may not hold it.")
    secret = document.get("client_secret")
    if secret is None:
        return
    known = isinstance(secret, str) and [credentials.matches(secret, s) for s in client.secrets]
    if not known or not any(known):
        raise InvalidClientMetadataError("client_secret: A client doesn't choose its secret.")


def _registered_error(invalid: InvalidMetadata) -> OAuth2Error:
    names = registration_request.MEMBERS
    told = [f"{names.get(name, name)}: {text}" for name, text in invalid.problems.items()]
    # Plain ASCII (section 3.2.2), also because it is logged: a problem may quote what was sent.
    plain = (c if " " <= c <= "~" else "?" for c in " ".join(told)[:DESCRIPTION_LIMIT])
    wrong_uri = "redirect_uris" in invalid.problems
    error = InvalidRedirectURIError if wrong_uri else InvalidClientMetadataError
    return error("".join(plain))


def _information(
    status: int, client: Client, token: str, address_of: Callable[[str], str]
) -> Answer:
    """The client information response (RFC 7591 section 3.2.1, RFC 7592 section 3)."""
    body = registration_request.document(client) | {
        "registration_client_uri": address_of(client.client_id),
        "registration_access_token": token,
    }
    return Answer(status, body, NO_STORE)
