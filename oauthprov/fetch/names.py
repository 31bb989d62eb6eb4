"""Looking up the addresses of a host, within a time limit."""

from __future__ import annotations

import queue
import socket
import threading
from typing import Any

from oauthprov.failures import FetchBusy, FetchError
from oauthprov.fetch.exchange import Deadline, Lookup
from oauthprov.fetch.target import Target
from oauthprov.threads import in_thread

LOOKUPS = 16
"""Name look-ups at a time for fetches, and as many for posts, including abandoned ones."""


def resolved(
    target: Target, deadline: Deadline, lookup: Lookup, places: threading.BoundedSemaphore
) -> list[Any]:
    """Return every address of the host; the resolver has no time limit of its own.

    Raises FetchBusy if no place or thread is free, FetchError for a host without an address, and
    TimeoutError.
    """
    if not places.acquire(blocking=False):
        raise FetchBusy(f"{target.host}: too many host names are being looked up")
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(lookup(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error)
        finally:
            places.release()

    if not in_thread("lookup", look_up):
        places.release()
        raise FetchBusy(f"{target.host}: no thread is free to look it up")
    try:
        found = answer.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError("looking up the host name took too long") from None
    if isinstance(found, Exception):
        raise FetchError(f"{target.host} has no address: {found}") from None
    return list(found)
