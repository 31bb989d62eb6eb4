"""Hosts whose documents describe no client here, by the operator's decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from oauthprov.events import ClientHostChanged, on_commit
from oauthprov.protocol.clients.documents import urls
from oauthprov.protocol.clients.telling import changed
from oauthprov.records import Client, DisabledHost, is_client_url
from oauthprov.storage.interface import (
    Add,
    Conflict,
    Remove,
    Replace,
    Storage,
    Stored,
    persistently,
)

_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f:.]*:[0-9a-f:.]*")


class WrongHost(ValueError):
    """The text is no host name in lower case."""


class Hosts:
    """The disabled hosts. ``evict`` is called with the id of each client that changed.

    To disable a host disables every client that a document there describes, or one at a host below
    it, with all their tokens. Every method may raise StorageError.
    """

    def __init__(
        self, storage: Storage, clock: Callable[[], int], evict: Callable[[str], None]
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._evict = evict

    def every(self) -> list[DisabledHost]:
        """Return the disabled hosts by name."""
        found = (stored.record for stored in self._storage.walk(DisabledHost))
        return sorted(found, key=lambda one: one.host)

    def disable(self, host: str) -> int:
        """Disable a host; return how many clients that has disabled. Raises WrongHost."""
        if len(host) > 253 or not _HOST.fullmatch(host) or not urls.is_usual(host):
            raise WrongHost(host)
        record = DisabledHost(host, self._clock())
        on_commit(ClientHostChanged(how="disabled", named=host))
        try:
            self._storage.commit(Add(record), now=record.disabled_at)
        except Conflict:
            found = self._storage.get(DisabledHost, host)
            record = record if found is None else found.record
        stopped = record.disabled_at
        return sum(self._switch(client_id, None, stopped) for client_id in self._clients_at(host))

    def enable(self, host: str) -> int:
        """Enable a host, and the clients that it was disabled with; return how many.

        Those that the operator has disabled one by one stay so, and so do those at a host that is
        disabled too, below this one or above it. Raises LookupError.
        """
        found = self._storage.get(DisabledHost, host)
        if found is None:
            raise LookupError(host)
        since = found.record.disabled_at
        on_commit(ClientHostChanged(how="enabled", named=host))
        self._storage.commit(Remove(DisabledHost, host), now=self._clock())
        others = {one.host: one.disabled_at for one in self.every()}
        enabled = 0
        for client_id in self._clients_at(host):
            # From now on it is disabled with another of its hosts, if there is one.
            still = map(others.get, urls.with_parents(urls.host_of(client_id)))
            after = next((at for at in still if at is not None), None)
            enabled += self._switch(client_id, since, after) and after is None
        return enabled

    def _clients_at(self, host: str) -> Iterator[str]:
        for page in self._storage.pages(Client):
            described = [one.record.client_id for one in page]
            for client_id in filter(is_client_url, described):
                if host in urls.with_parents(urls.host_of(client_id)):
                    yield client_id

    def _switch(self, client_id: str, before: int | None, after: int | None) -> bool:
        """Set ``disabled_at`` of a client if it is ``before``; tell whether it was."""

        def switch() -> bool:
            stored: Stored[Client] | None = self._storage.get(Client, client_id)
            if stored is None or stored.record.disabled_at != before:
                return False
            client = replace(stored.record, disabled_at=after)
            on_commit(changed(stored.record, client))
            self._storage.commit(Replace(client, expecting=stored), now=self._clock())
            return True

        done = persistently(switch)
        self._evict(client_id)
        return done
