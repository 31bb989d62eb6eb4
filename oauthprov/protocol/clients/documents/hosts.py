"""Hosts whose documents describe no client here, by the operator's decision.

Nothing is written about a client there. Whoever reads a client that a document describes reads in
the same trip whether its host is disabled, or one above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from oauthprov import logs
from oauthprov.events import ClientHostChanged, on_commit
from oauthprov.protocol.clients.documents import urls
from oauthprov.records import Client, DisabledHost, Record, is_client_url
from oauthprov.storage.interface import Add, Remove, Storage, Stored, Target, persistently

_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f:.]*:[0-9a-f:.]*")


class WrongHost(ValueError):
    """The text is no host name in lower case."""


def targets(client_id: str) -> list[Target]:
    """Return what would disable a client by its host, the nearest host first.

    That is nothing for a client that no document describes.
    """
    if not is_client_url(client_id):
        return []
    return [(DisabledHost, host) for host in urls.with_parents(urls.host_of(client_id))]


def with_client(client_id: str) -> list[Target]:
    """Return what whoever reads a client reads: itself, and what would disable it by its host."""
    return [(Client, client_id), *targets(client_id)]


def nearest(found: Iterable[Stored[Record] | None]) -> DisabledHost | None:
    """Return the first record that exists, of those that were read for :func:`targets`."""
    for stored in found:
        if stored is not None and isinstance(stored.record, DisabledHost):
            return stored.record
    return None


def explained(disabled: DisabledHost) -> str:
    """Return why a client at a disabled host is refused, as a part of a sentence for the log."""
    return f"its host {disabled.host} is disabled since {logs.moment(disabled.disabled_at)}"


def disabling(storage: Storage, client_ids: Iterable[str]) -> dict[str, DisabledHost]:
    """Return what disables each of these clients that is at a disabled host; one read.

    There is no read if no document describes any of them. Raises StorageError.
    """
    asked = {client_id: targets(client_id) for client_id in client_ids}
    wanted = list(dict.fromkeys(target for some in asked.values() for target in some))
    found = dict(zip(wanted, storage.get_many(wanted), strict=True)) if wanted else {}
    hosts = {name: nearest(map(found.get, some)) for name, some in asked.items()}
    return {name: host for name, host in hosts.items() if host is not None}


class Hosts:
    """Disables hosts. ``evict`` is called with the name of each host that changed.

    A disabled host disables every client that a document there describes, or one at a host below
    it, with all their tokens: at once in this process, in others within ``oauthprov.client_cache``
    seconds. A client that the operator has disabled itself stays so when its host is enabled, and
    so does one at another host that is disabled, below this one or above it. Every method may
    raise StorageError.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Callable[[], int],
        evict: Callable[[str], None] = lambda host: None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._evict = evict

    def disable(self, host: str) -> DisabledHost:
        """Disable a host, unless it is; return since when it is. Raises WrongHost."""
        if len(host) > 253 or not _HOST.fullmatch(host) or not urls.is_usual(host):
            raise WrongHost(host)
        try:
            return persistently(lambda: self._disabled(host))
        finally:
            self._evict(host)

    def _disabled(self, host: str) -> DisabledHost:
        found = self._storage.get(DisabledHost, host)
        if found is not None:
            return found.record
        disabled = DisabledHost(host, self._clock())
        on_commit(ClientHostChanged(how="disabled", named=host))
        self._storage.commit(Add(disabled), now=disabled.disabled_at)
        return disabled

    def enable(self, host: str) -> None:
        """Enable a host. Raises LookupError if it isn't disabled."""
        if self._storage.get(DisabledHost, host) is None:
            raise LookupError(host)
        on_commit(ClientHostChanged(how="enabled", named=host))
        try:
            self._storage.commit(Remove(DisabledHost, host), now=self._clock())
        finally:
            self._evict(host)
