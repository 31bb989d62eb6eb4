"""Clients, looked up through a cache of a few seconds."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from oauthprov.records import Client
from oauthprov.storage.interface import Storage, Stored

CACHE_SIZE = 4096

# No dot, and short enough for the key of a consent: an account id of 200 characters, a dot, this.
_CLIENT_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,54}")


class Clients:
    """Client records by ``client_id``.

    Found ones are kept for ``lifetime`` seconds; what isn't found is never kept, so a new client
    works at once. A change made in this process calls :meth:`evict`; one made elsewhere is seen
    when the entry is old, or when an authentication fails.
    """

    def __init__(self, storage: Storage, clock: Callable[[], int], lifetime: int) -> None:
        self._storage = storage
        self._clock = clock
        self._lifetime = lifetime
        self._entries: dict[str, tuple[Stored[Client], int]] = {}
        self._lock = threading.Lock()

    def get(self, client_id: str) -> Client | None:
        """Return the client, None when there is none or it is disabled. May raise StorageError."""
        if not _CLIENT_ID.fullmatch(client_id):
            return None
        entry = self._entries.get(client_id)
        if entry is not None and 0 <= self._clock() - entry[1] < self._lifetime:
            return _enabled(entry[0].record)
        return self._read(client_id)

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
            self._entries.pop(client_id, None)

    def _read(self, client_id: str) -> Client | None:
        self.evict(client_id)
        read_at = self._clock()
        stored = self._storage.get(Client, client_id)
        if stored is None:
            return None
        with self._lock:
            if len(self._entries) >= CACHE_SIZE:
                del self._entries[next(iter(self._entries))]
            self._entries[client_id] = (stored, read_at)
        return _enabled(stored.record)


def _enabled(client: Client) -> Client | None:
    return client if client.disabled_at is None else None
