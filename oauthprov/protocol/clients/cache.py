"""Clients, looked up through a cache of a few seconds."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from oauthprov import logs
from oauthprov.protocol.clients import subjects
from oauthprov.records import Client
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage, Stored

CACHE_SIZE = 4096

log = logs.logger(__name__)

Read = Callable[[str], Stored[Client] | None]

# No dot, and short enough for the key of a consent: an account id of 200 characters, a dot, this.
_CLIENT_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,54}")


class Clients:
    """Client records by ``client_id``.

    Found ones are kept for ``oauthprov.client_cache`` seconds; what isn't found is never kept, so
    a new client works at once. A change made in this process calls :meth:`evict`; one made
    elsewhere is seen when the entry is old, or when an authentication fails. A client that nobody
    can be named to (:mod:`oauthprov.protocol.clients.subjects`) is as good as disabled.
    """

    def __init__(self, storage: Storage, clock: Callable[[], int], settings: Settings) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._entries: dict[str, tuple[Stored[Client], int]] = {}
        self._evictions = 0
        self._lock = threading.Lock()

    def get(self, client_id: str, read: Read | None = None) -> Client | None:
        """Return the client, None when there is none or it is disabled. May raise StorageError.

        ``read`` reads the record where it isn't cached: by a trip that brings other things too.
        """
        if not _CLIENT_ID.fullmatch(client_id):
            return None
        entry = self._entries.get(client_id)
        if entry is not None and 0 <= self._clock() - entry[1] < self._settings.client_cache:
            return self._usable(entry[0].record)
        return self._read(client_id, read)

    def cached(self, client_id: str) -> Stored[Client] | None:
        """Return what :meth:`get` found last, as it was stored; None when that is forgotten."""
        entry = self._entries.get(client_id)
        return None if entry is None else entry[0]

    def reread(self, client_id: str) -> Client | None:
        """Return the client as it stands, None when it was read within this second already.

        For an authentication that failed: the secret may have been rotated by another process.
        """
        entry = self._entries.get(client_id)
        if entry is None or entry[1] == self._clock():
            return None
        return self._read(client_id)

    def evict(self, client_id: str) -> None:
        """Forget what is cached of a client that has changed."""
        with self._lock:
            self._evictions += 1
            self._entries.pop(client_id, None)

    def _read(self, client_id: str, read: Read | None = None) -> Client | None:
        with self._lock:
            self._entries.pop(client_id, None)
            evictions = self._evictions
        read_at = self._clock()
        stored = read(client_id) if read else self._storage.get(Client, client_id)
        if stored is None:
            return None
        with self._lock:
            # A read that began before a change must not outlive it.
            if self._evictions == evictions:
                self._keep(stored, read_at)
        if not subjects.can_name(self._settings, stored.record):
            log.error("client %s needs oauthprov.openid.pairwise_secret", client_id)
        return self._usable(stored.record)

    def _keep(self, stored: Stored[Client], read_at: int) -> None:
        """Cache what was read, unless another thread has read a later version meanwhile."""
        client_id = stored.record.client_id
        held = self._entries.get(client_id)
        if held is not None and held[0].version > stored.version:
            return
        if len(self._entries) >= CACHE_SIZE:
            del self._entries[next(iter(self._entries))]
        self._entries[client_id] = (stored, read_at)

    def _usable(self, client: Client) -> Client | None:
        usable = client.disabled_at is None and subjects.can_name(self._settings, client)
        return client if usable else None
