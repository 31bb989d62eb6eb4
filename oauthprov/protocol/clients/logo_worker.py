"""A thread that fetches logos while any are waiting, and ends when none are.

Each process fetches the logos that it was asked for. If it ends before that, the next page that
shows the client asks again. A failed fetch is also repeated that way, at growing intervals.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from oauthprov import logs
from oauthprov.background import Worker
from oauthprov.errors import FetchError
from oauthprov.events import Stream, worker, working
from oauthprov.records import Client
from oauthprov.storage.interface import StorageError

LOGO_PATIENCE = 1.0
"""Seconds that a registration or edit waits for the client's logo."""
QUEUE_LIMIT = 64
"""Logos that wait at once; a further one isn't fetched until a page asks for it again."""
PAUSE = 60
"""Seconds between two fetches for one client, doubled at each failure."""
PAUSE_LIMIT = 86_400
MEMORY = 4096
"""Clients whose last fetch is remembered."""

log = logs.logger(__name__)


_Key = tuple[str, str]  # the client id and its logo_uri


class LogoWorker:
    """Fetches logos in one thread per process. ``refresh`` fetches the logo of a client."""

    def __init__(
        self, refresh: Callable[[str], bool], clock: Callable[[], int], events: Stream
    ) -> None:
        self._refresh = refresh
        self._clock = clock
        self._events = events
        self._worker = Worker("logos", self._work, clock)
        self._lock = threading.Lock()
        self._waiting: OrderedDict[_Key, threading.Event] = OrderedDict()
        self._tried: OrderedDict[_Key, tuple[int, int]] = OrderedDict()

    def want(self, client: Client, wait: float = 0) -> None:
        """Fetch the logo of a client in the background, unless that was tried recently.

        ``wait`` is how many seconds the caller waits for it: a logo that arrives in time is on the
        first page.
        """
        if client.logo_uri is None:
            return
        key = client.client_id, client.logo_uri
        with self._lock:
            done = self._waiting.get(key) or self._queued(key)
        if done is None:
            return
        self._worker.wake()
        if wait:
            done.wait(wait)

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, ``seconds`` at most."""
        self._worker.join(seconds)

    def _queued(self, key: _Key) -> threading.Event | None:
        if len(self._waiting) >= QUEUE_LIMIT or not self._is_due(key):
            return None
        done = self._waiting[key] = threading.Event()
        return done

    def _is_due(self, key: _Key) -> bool:
        if key not in self._tried:
            return True
        tried_at, failures = self._tried[key]
        pause = min(PAUSE << min(max(failures - 1, 0), 16), PAUSE_LIMIT)
        return not 0 <= self._clock() - tried_at < pause

    def _work(self) -> None:
        """Fetch every waiting logo."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                key, done = next(iter(self._waiting.items()))
            with working(self._events, worker("logos")):
                failed = not self._fetch(key[0])
            with self._lock:
                del self._waiting[key]
                _, failures = self._tried.pop(key, (0, 0))
                self._tried[key] = self._clock(), failures + 1 if failed else 0
                if len(self._tried) > MEMORY:
                    self._tried.popitem(last=False)
            done.set()

    def _fetch(self, client_id: str) -> bool:
        try:
            return self._refresh(client_id)
        except FetchError as error:
            log.warning("the logo of client %s can't be fetched: %s", client_id, error)
        except StorageError as error:
            log.warning("the logo of client %s can't be stored: %s", client_id, error)
        except Exception:
            log.exception("fetching the logo of client %s failed", client_id)
        return False
