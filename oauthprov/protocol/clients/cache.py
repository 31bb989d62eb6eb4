"""Client records, read through a cache that lasts a few seconds."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from oauthprov import logs
from oauthprov.protocol.clients import subjects
from oauthprov.protocol.clients.documents import hosts, urls
from oauthprov.records import Client, DisabledHost, is_client_url
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage, Stored, Target

if TYPE_CHECKING:
    from oauthprov.protocol.clients.documents.fetching import ClientDocuments

CACHE_SIZE = 4096

log = logs.logger(__name__)

Read = Callable[[Sequence[Target]], Sequence[Stored[Any] | None]]
"""Reads the records of some keys in one trip, None for each that there isn't."""

# No dot, and short enough for a consent's key: account id (200 characters), dot, client id.
_CLIENT_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,54}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record that was read at ``read_at``, in epoch seconds; ``usable`` is None if disabled.

    ``host`` is what disables the client by its host, or by a host above that, if there is one.
    """

    stored: Stored[Client]
    host: DisabledHost | None
    read_at: int
    usable: Client | None


class Clients:
    """Client records by ``client_id``.

    Records are cached for ``oauthprov.client_cache`` seconds. A missing client is never cached, so
    a new client works at once. A change made in this process calls :meth:`evict`; one made
    elsewhere is seen when the entry expires or an authentication fails. A client for which no
    subject can be made (:mod:`oauthprov.protocol.clients.subjects`) counts as disabled, and so
    does one that is known by a URL which isn't accepted any more, or whose host is disabled: that
    is read together with the client. ``documents`` fetches what such clients say about themselves;
    nothing here ever does, so a read waits for storage alone.
    """

    def __init__(self, storage: Storage, clock: Callable[[], int], settings: Settings) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self.documents: ClientDocuments | None = None
        self._entries: dict[str, _Entry] = {}
        self._evictions = 0
        self._lock = threading.Lock()

    def get(self, client_id: str, read: Read | None = None) -> Client | None:
        """Return the client, None when there is none or it is disabled. May raise StorageError.

        If the client isn't cached, ``read`` reads it, in a trip that also reads other records.
        """
        entry = self._fresh(client_id)
        if entry is not None:
            return entry.usable
        return self._read(client_id, read) if self._may_exist(client_id) else None

    def get_many(self, client_ids: Collection[str]) -> dict[str, Client]:
        """Return the enabled ones of these clients by id; one trip for all that aren't cached."""
        entries = {client_id: self._fresh(client_id) for client_id in client_ids}
        found = {name: entry.usable for name, entry in entries.items() if entry is not None}
        missing = [client_id for client_id in client_ids if client_id not in found]
        wanted = [client_id for client_id in missing if self._may_exist(client_id)]
        if wanted:
            evictions, read_at = self._forget(*wanted), self._clock()
            asked = {client_id: hosts.with_client(client_id) for client_id in wanted}
            pairs = list(dict.fromkeys(chain.from_iterable(asked.values())))
            read = dict(zip(pairs, self._storage.get_many(pairs), strict=True))
            for client_id, some in asked.items():
                records = [read[pair] for pair in some]
                found[client_id] = self._held(records, read_at, evictions)
        return {client_id: client for client_id, client in found.items() if client is not None}

    def _may_exist(self, client_id: str) -> bool:
        if is_client_url(client_id):
            return urls.refusal(self._settings, client_id) is None
        return _CLIENT_ID.fullmatch(client_id) is not None

    def cached(self, client_id: str) -> Stored[Client] | None:
        """Return the cached record of a client, None when there is none."""
        entry = self._entries.get(client_id)
        return None if entry is None else entry.stored

    def disabled_host(self, client_id: str) -> DisabledHost | None:
        """Return what disables a cached client by its host, None if nothing does."""
        entry = self._entries.get(client_id)
        return None if entry is None else entry.host

    def why_unusable(self, client_id: str) -> str:
        """Return why :meth:`get` has just returned None for a client that exists, else ""."""
        entry = self._entries.get(client_id)
        if entry is None or entry.usable is not None:
            return ""
        client = entry.stored.record
        if client.removed_at is not None:
            return f"removed at {logs.moment(client.removed_at)}"
        if client.disabled_at is not None:
            return f"disabled at {logs.moment(client.disabled_at)}"
        if entry.host is not None:
            return hosts.explained(entry.host)
        return "it has pairwise subjects, and oauthprov.openid.pairwise_secret is missing"

    def reread(self, client_id: str) -> Client | None:
        """Read the client again and return it, None when it was already read within this second.

        It is for failed authentications: another process may have rotated the secret.
        """
        entry = self._entries.get(client_id)
        if entry is None or entry.read_at == self._clock():
            return None
        return self._read(client_id)

    def evict(self, client_id: str) -> None:
        """Remove a changed client from the cache."""
        with self._lock:
            self._evictions += 1
            self._entries.pop(client_id, None)

    def evict_host(self, host: str) -> None:
        """Remove from the cache what is at a host that was disabled or enabled, or below it."""
        with self._lock:
            self._evictions += 1
            for client_id in [one for one in self._entries if host in one]:
                if (DisabledHost, host) in hosts.targets(client_id):
                    del self._entries[client_id]

    def _fresh(self, client_id: str) -> _Entry | None:
        entry = self._entries.get(client_id)
        if entry is not None and 0 <= self._clock() - entry.read_at < self._settings.client_cache:
            return entry
        return None

    def _read(self, client_id: str, read: Read | None = None) -> Client | None:
        evictions, read_at = self._forget(client_id), self._clock()
        found = (read or self._storage.get_many)(hosts.with_client(client_id))
        return self._held(found, read_at, evictions)

    def _forget(self, *client_ids: str) -> int:
        """Remove clients that are read anew; return the number of evictions before the read."""
        with self._lock:
            for client_id in client_ids:
                self._entries.pop(client_id, None)
            return self._evictions

    def _held(
        self, found: Sequence[Stored[Any] | None], read_at: int, evictions: int
    ) -> Client | None:
        """Cache what was read for :func:`hosts.with_client`; return the client if it is usable."""
        stored: Stored[Client] | None = found[0]
        if stored is None:
            return None
        host = hosts.nearest(found[1:])
        usable = self._usable(stored.record) if host is None else None
        with self._lock:
            # A read that began before a change must not outlive it.
            if self._evictions == evictions:
                self._keep(_Entry(stored, host, read_at, usable))
        if not subjects.can_name(self._settings, stored.record):
            log.error(
                "client %s has pairwise subjects, which need oauthprov.openid.pairwise_secret",
                stored.record.client_id,
            )
        return usable

    def _keep(self, entry: _Entry) -> None:
        """Cache a record, unless another thread has cached a later version meanwhile.

        If that one saw the host in another state, neither is kept.
        """
        client_id = entry.stored.record.client_id
        held = self._entries.get(client_id)
        if held is not None and held.host != entry.host:
            # No version tells which of the two reads was the later one.
            del self._entries[client_id]
            return
        if held is not None and held.stored.version > entry.stored.version:
            return
        if len(self._entries) >= CACHE_SIZE:
            del self._entries[next(iter(self._entries))]
        self._entries[client_id] = entry

    def _usable(self, client: Client) -> Client | None:
        usable = client.disabled_at is None and subjects.can_name(self._settings, client)
        return client if usable else None
