"""Logos of clients (OpenID Connect Registration section 2): fetched once, stored, served by us.

Pages never link to ``logo_uri`` itself: its owner would learn who signs in where, and could change
what users see. A logo that can't be fetched causes no error: the client then has none.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from oauthprov.credentials import digest
from oauthprov.errors import FetchError
from oauthprov.events import ClientChanged, on_commit
from oauthprov.fetch import Fetcher
from oauthprov.protocol.clients import images
from oauthprov.records import Client, Logo, Record
from oauthprov.storage.interface import Add, Change, Remove, Replace, Storage, Stored, persistently

SIZE_LIMIT = 256 * 1024
"""Bytes of a logo, at most."""

_RACES = 3


def kept(before: Client, after: Client) -> tuple[Client, tuple[Change, ...]]:
    """Return ``after`` and further changes to commit: a new ``logo_uri`` removes the old logo."""
    if before.logo_uri == after.logo_uri:
        return after, ()
    return replace(after, logo=None), (Remove(Logo, after.client_id),)


class Logos:
    """Fetches and stores logos. ``evict`` is called with the id of each client that got one."""

    def __init__(
        self,
        storage: Storage,
        fetcher: Fetcher,
        clock: Callable[[], int],
        evict: Callable[[str], None] = lambda client_id: None,
    ) -> None:
        self._storage = storage
        self._fetcher = fetcher
        self._clock = clock
        self._evict = evict

    def get(self, client_id: str, image: str) -> tuple[bytes, str] | None:
        """Return the image of this digest and its media type, None when the client has another.

        Raises StorageError.
        """
        stored = self._storage.get(Logo, client_id)
        if stored is None or digest(stored.record.image) != image:
            return None
        return base64.b64decode(stored.record.image), stored.record.media_type

    def refresh(self, client_id: str) -> bool:
        """Fetch and store the logo of a client; tell whether it has one at ``logo_uri`` now.

        If that fails, an older logo stays. Raises FetchError with the reason, and StorageError.
        """
        stored = self._storage.get(Client, client_id)
        if stored is None or stored.record.logo_uri is None:
            return False
        logo = self._fetched(client_id, stored.record.logo_uri)
        kept = persistently(lambda: self._keep(logo), races=_RACES)
        if kept:
            self._evict(client_id)
        return kept

    def _fetched(self, client_id: str, uri: str) -> Logo:
        got = self._fetcher.fetch(uri, media_types=images.MEDIA_TYPES, limit=SIZE_LIMIT)
        try:
            media_type = images.recognised(got.content)
        except ValueError as wrong:
            raise FetchError(str(wrong)) from None
        image = base64.b64encode(got.content).decode("ascii")
        return Logo(client_id, uri, media_type, image, self._clock())

    def _keep(self, logo: Logo) -> bool:
        """Store the logo together with the client. Raises Conflict.

        Returns False if the client's ``logo_uri`` has changed meanwhile: that change requests its
        own fetch.
        """
        pairs: list[tuple[type[Record], str]] = [(Client, logo.client_id), (Logo, logo.client_id)]
        found, before = self._storage.get_many(pairs)
        stored = cast("Stored[Client] | None", found)
        if stored is None or stored.record.logo_uri != logo.source:
            return False
        client = replace(stored.record, logo=digest(logo.image))
        kept = Add(logo) if before is None else Replace(logo, expecting=before)
        on_commit(ClientChanged(client_id=logo.client_id, changed=("logo",)))
        self._storage.commit(Replace(client, expecting=stored), kept, now=self._clock())
        return True
