"""Remembers which proofs of possession have been used, for all processes of an API, in Redis."""

from __future__ import annotations

from collections.abc import Callable

from oauthprov import logs
from oauthprov.records import ReplayMark
from oauthprov.resource_server.proofs import Use
from oauthprov.resource_server.unavailable import Unavailable
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Conflict, StorageError

KEY_PREFIX = "oauthprov:proofs"
"""What the names of all keys begin with."""

log = logs.logger(__name__)


class SharedProofs:
    """Remembers proofs at the Redis of ``url``: of all requests with one proof, one is the first.

    ``seconds`` is how long an answer is waited for, ``clock`` returns epoch seconds. It connects
    when the first proof comes. Raises ValueError for a URL that the driver doesn't understand.
    """

    def __init__(self, url: str, seconds: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        limits = {"connect_timeout": str(seconds), "read_timeout": str(seconds)}
        self._storage = open_storage(url, {"key_prefix": KEY_PREFIX} | limits)

    def is_first_use(self, proof: Use) -> bool:
        """Remember a proof; tell whether it wasn't remembered before. Raises Unavailable."""
        mark = ReplayMark(proof.replay_key, proof.expires_at)
        try:
            self._storage.commit(Add(mark), now=int(self._clock()))
        except Conflict:
            return False
        except StorageError as error:
            log.warning("can't remember used proofs of possession: %s", error)
            raise Unavailable("nobody knows whether the proof was used before") from None
        return True
