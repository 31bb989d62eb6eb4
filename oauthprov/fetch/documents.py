"""A cache of small documents at clients' URLs, which limits how often each is fetched."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from oauthprov import logs
from oauthprov.failures import FetchBusy, FetchError
from oauthprov.fetch.fetcher import PLACE_PATIENCE, Fetcher

ENTRIES = 256
"""The most documents in the cache; the least recently used one is dropped first."""
FRESH = (60, 300, 3600)
"""Seconds that a document is fresh: the least, the default without max-age, and the most."""
STALE = 86_400
"""Seconds that a document may be used while fetching it again fails."""
PATIENCE = 30
"""Seconds between two fetches of one document, doubled after each failure."""
PATIENCE_LIMIT = 900

log = logs.logger(__name__)


@dataclass(slots=True)
class _Entry:
    content: bytes | None = None
    fetched_at: int = 0
    fresh_until: int = 0
    tried_at: int | None = None
    failures: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def may_try(self, now: int) -> bool:
        """Return whether the document may be fetched again."""
        if self.tried_at is None:
            return True
        pause = PATIENCE << min(max(self.failures - 1, 0), 10)
        return not 0 <= now - self.tried_at < min(pause, PATIENCE_LIMIT)

    def serves(self, now: int) -> bytes | None:
        """Return the content if it may still be used while it can't be fetched, else None."""
        return self.content if 0 <= now - self.fetched_at < STALE else None


class Documents:
    """A cache of documents of one kind: at most ``limit`` bytes of one of ``media_types``.

    Each ``owner``, a client, has its own copy, so that the limit on one owner's fetches doesn't
    delay another owner who has just changed the document. Clients can't cause more fetches this
    way than with URLs that differ in their query.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        clock: Callable[[], int],
        *,
        media_types: Collection[str],
        limit: int,
    ) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._media_types = media_types
        self._limit = limit
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, url: str, owner: str = "") -> bytes:
        """Return the document at ``url``, from the cache if it is fresh.

        Raises FetchError, and FetchBusy if too many requests wait for fetches.
        """
        entry, now = self._entry(owner, url), self._clock()
        if entry.content is not None and entry.fetched_at <= now < entry.fresh_until:
            return entry.content
        return self._renewed(url, owner, entry)

    def renew(self, url: str, owner: str = "") -> bytes:
        """Return the document, fetched again unless that was tried in the last 30 seconds.

        For a document that lacks an expected item. Raises the same errors as :meth:`get`.
        """
        return self._renewed(url, owner, self._entry(owner, url))

    def _entry(self, owner: str, url: str) -> _Entry:
        key = owner, url
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > ENTRIES:
                self._entries.popitem(last=False)
            return entry

    def _renewed(self, url: str, owner: str, entry: _Entry) -> bytes:
        """Fetch again if allowed; with an older document, don't wait for a place or a turn."""
        now = self._clock()
        older = entry.serves(now) is not None
        if entry.may_try(now) or entry.turn.locked():
            try:
                with self._fetcher.waiting(url, owner, 0 if older else PLACE_PATIENCE):
                    self._try_in_turn(url, entry, wait=not older)
            except FetchBusy:
                if not older:
                    raise
            except FetchError as error:
                log.warning("can't fetch %r: %s", url, error)
        content = entry.serves(self._clock())
        if content is None:
            raise FetchError("the last fetch failed a moment ago")
        return content

    def _try_in_turn(self, url: str, entry: _Entry, *, wait: bool) -> None:
        if entry.turn.acquire(blocking=wait):
            try:
                if entry.may_try(self._clock()):
                    self._try(url, entry)
            finally:
                entry.turn.release()

    def _try(self, url: str, entry: _Entry) -> None:
        tried_at, entry.tried_at = entry.tried_at, self._clock()
        try:
            got = self._fetcher.fetch(url, media_types=self._media_types, limit=self._limit)
        except FetchBusy:
            entry.tried_at = tried_at  # no request was sent, so the next call may try
            raise
        except FetchError as error:
            entry.failures += 1
            log.warning("can't fetch %r: %s", url, error)
            return
        least, usual, most = FRESH
        kept = usual if got.max_age is None else min(max(got.max_age, least), most)
        now = self._clock()
        entry.content, entry.failures = got.content, 0
        entry.fetched_at, entry.fresh_until = now, now + kept
