"""Fetching the documents of clients, storing what they say, and how often that is done.

A client of which nothing is known yet waits for its document. Of a known one, the document fetched
last counts until another one could be fetched and used: a failure changes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from oauthprov.errors import FetchBusy, FetchError
from oauthprov.events import (
    ClientDocumentChanged,
    ClientDocumentFetched,
    ClientDocumentRefused,
    Event,
    on_commit,
    publish,
)
from oauthprov.fetch import Fetched, Fetcher
from oauthprov.fetch.fetcher import PLACE_PATIENCE
from oauthprov.protocol.clients import logos
from oauthprov.protocol.clients.documents import hosts
from oauthprov.protocol.clients.documents.reading import DocumentRefused, read, renewed
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.records import Client
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add, Change, Conflict, Replace, Storage, Stored

LIMIT = 5120
"""Bytes of a document, at most."""
MEDIA_TYPES = ("application/json",)
FRESH = (300, 3600, 86_400)
"""Seconds that a document is fresh: the least, the default without max-age, and the most."""
PAUSE = 30
"""Seconds after a failure in which a document isn't fetched again by this process."""
MEMORY = 1024
"""The most documents whose last failure is remembered."""

Ration = Callable[[bool], bool]
"""Tells whether a document may be fetched now, and counts it; whether its client is new is given.

Its network is that of the request, which the caller knows.
"""


def unrationed(new: bool) -> bool:
    """Return True."""
    return True


class NotNow(Exception):
    """The document isn't fetched now, for want of a place or of a ration; a retry may succeed."""


class DocumentUnreachable(DocumentRefused):
    """The document can't be fetched; the message says why, for the log and the operator."""


@dataclass(slots=True)
class _Failure:
    at: int
    error: DocumentRefused


class ClientDocuments:
    """The documents of clients. ``evict`` is called with the id of each client that changed."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        clock: Callable[[], int],
        fetcher: Fetcher,
        registrar: Registrar,
        evict: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._fetcher = fetcher
        self._registrar = registrar
        self._evict = evict
        self._failures: OrderedDict[str, _Failure] = OrderedDict()
        self._lock = threading.Lock()

    def renew(
        self, client_id: str, stored: Stored[Client] | None, ration: Ration = unrationed
    ) -> None:
        """Fetch the document of a client if it is due, and store what it says.

        ``stored`` is the client's record, if there is one. Raises DocumentRefused and NotNow if
        there is none, and StorageError.
        """
        now = self._clock()
        if stored is not None and not _is_due(stored.record, now):
            return
        try:
            self._check_pause(client_id, now)
            if stored is None:  # a request for a new client waits for its turn
                _spend(ration, new=True)
            with self._fetcher.waiting(client_id, client_id, _patience(stored)):
                self._fetch(client_id, stored, ration)
        except FetchBusy as busy:
            _go_on(stored, NotNow(str(busy)))
        except NotNow as not_tried:
            _go_on(stored, not_tried)
        except _Again as again:  # that is published already
            _go_on(stored, again.failure)
        except FetchError as wrong:
            self._note(client_id, DocumentUnreachable(str(wrong)), stored)
        except DocumentRefused as wrong:
            self._note(client_id, wrong, stored)

    def _fetch(self, client_id: str, stored: Stored[Client] | None, ration: Ration) -> None:
        """Fetch a document and store what it says."""
        if stored is None and self._is_known(client_id):
            return
        if stored is not None:
            _spend(ration, new=False)
        got = self._fetcher.fetch(client_id, media_types=MEDIA_TYPES, limit=LIMIT)
        made = read(client_id, got.content, self._settings, self._registrar)
        with self._lock:
            self._failures.pop(client_id, None)
        self._keep(made, stored, got)

    def _check_pause(self, client_id: str, now: int) -> None:
        failure = self._failures.get(client_id)
        if failure is not None and 0 <= now - failure.at < PAUSE:
            raise _Again(failure.error)

    def _is_known(self, client_id: str) -> bool:
        """Tell whether another request has stored the client meanwhile; one read.

        Raises DocumentRefused if its host is disabled.
        """
        known, *found = self._storage.get_many(hosts.with_client(client_id))
        disabled = hosts.nearest(found)
        if disabled is not None:
            raise DocumentRefused(hosts.explained(disabled))
        return known is not None

    def _note(self, client_id: str, error: DocumentRefused, stored: Stored[Client] | None) -> None:
        """Remember a failure, publish it, and go on with the document fetched before.

        Raises the failure if there is none.
        """
        with self._lock:
            self._failures[client_id] = _Failure(self._clock(), error)
            self._failures.move_to_end(client_id)
            if len(self._failures) > MEMORY:
                self._failures.popitem(last=False)
        how = "none" if stored is None else "kept"
        publish(ClientDocumentRefused(client_id=client_id, how=how, compared=str(error)))
        _go_on(stored, error)

    def _keep(self, made: Client, stored: Stored[Client] | None, got: Fetched) -> None:
        """Store the client. If another process has just stored it, that is what counts."""
        now = self._clock()
        until = now + _fresh_for(got.max_age)
        event: Event
        if stored is None:
            # It may have been known before: consents of then don't count, those of now do.
            client = replace(made, changed_at=now - 1)
            event = ClientDocumentFetched(client_id=made.client_id, how="new")
        else:
            client, changed = renewed(stored.record, made, now)
            if changed:
                event = ClientDocumentChanged(client_id=made.client_id, changed=changed)
            else:
                event = ClientDocumentFetched(client_id=made.client_id, how="same")
        client = replace(client, fetched_at=now, fresh_until=until)
        more: tuple[Change, ...] = ()
        if stored is not None:
            client, more = logos.kept(stored.record, client)
        change = Add(client) if stored is None else Replace(client, expecting=stored)
        on_commit(event)
        try:
            self._storage.commit(change, *more, now=now)
        except Conflict:
            pass
        finally:
            self._evict(made.client_id)


class _Again(Exception):
    """The document couldn't be used a moment ago."""

    def __init__(self, failure: DocumentRefused) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _is_due(client: Client, now: int) -> bool:
    """Tell whether the document is fetched again: not of a client that the operator has stopped.

    A clock that was set back makes it due, too.
    """
    if client.disabled_at is not None or client.removed_at is not None:
        return False
    return not (client.fetched_at or 0) <= now < (client.fresh_until or 0)


def _fresh_for(max_age: int | None) -> int:
    least, usual, most = FRESH
    return usual if max_age is None else min(max(max_age, least), most)


def _spend(ration: Ration, *, new: bool) -> None:
    if not ration(new):
        raise NotNow("too many documents were fetched for this network")


def _patience(stored: Stored[Client] | None) -> float:
    return PLACE_PATIENCE if stored is None else 0


def _go_on(stored: Stored[Client] | None, error: Exception) -> None:
    """Go on with the document fetched before. Raises ``error`` if there is none."""
    if stored is None:
        raise error
