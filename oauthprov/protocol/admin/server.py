"""The state of the server itself: its storage and its queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oauthprov.protocol.logout.backchannel import QUEUE
from oauthprov.records import (
    REMOVAL_QUEUE,
    SWEEP_QUEUE,
    AccountRemoval,
    LogoutDelivery,
    Record,
    Sweep,
)
from oauthprov.storage.interface import Health, Storage

COUNTED = 100
"""The most entries of a queue that are counted: more of them are as bad as many."""

QUEUES: Mapping[str, tuple[type[Record], str]] = {
    "sweeps": (Sweep, SWEEP_QUEUE),
    "logouts": (LogoutDelivery, QUEUE),
    "removals": (AccountRemoval, REMOVAL_QUEUE),
}
"""The queues by name: grants to end, logouts to deliver, deleted accounts to remove."""


@dataclass(frozen=True, slots=True)
class Report:
    """Facts of the storage (``Storage.describe``), its problems, and the length of each queue.

    A length of COUNTED means that many or more.
    """

    facts: Mapping[str, str]
    health: Health
    queues: Mapping[str, int]


def report(storage: Storage) -> Report:
    """Return the state of the server. Five trips. Raises StorageError."""
    return Report(storage.describe(), storage.health(), lengths(storage, COUNTED))


def lengths(storage: Storage, most: int) -> dict[str, int]:
    """Return the length of each queue, ``most`` for that many or more. A trip for each."""
    return {
        name: len(storage.find(kind, queue=queue, limit=most).items)
        for name, (kind, queue) in QUEUES.items()
    }
