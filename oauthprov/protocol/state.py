"""What an operator watches: the work that is queued, and the age of the signing keys."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.protocol.keys.rotation import newest, next_at
from oauthprov.protocol.logout.backchannel import QUEUE
from oauthprov.protocol.provider import Provider
from oauthprov.records import SWEEP_QUEUE, LogoutDelivery, SigningKey, Sweep

COUNTED = 1000
"""Queued records that are counted, at most."""
_KEYS = 100


@dataclass(frozen=True, slots=True)
class KeyState:
    """The newest signing key of an algorithm: its age, and the seconds until the next one signs.

    ``remaining`` is negative if the rotation is overdue, None if keys aren't rotated.
    """

    alg: str
    age: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class State:
    """The queued records, of which at most COUNTED are counted, and the keys."""

    deliveries: int
    sweeps: int
    keys: tuple[KeyState, ...]


def state(provider: Provider) -> State:
    """Read the state: three trips, whatever is queued. Raises StorageError."""
    storage, now = provider.storage, provider.clock()
    deliveries = storage.find(LogoutDelivery, limit=COUNTED, queue=QUEUE)
    sweeps = storage.find(Sweep, limit=COUNTED, queue=SWEEP_QUEUE)
    stored = [one.record for one in storage.find(SigningKey, limit=_KEYS).items]
    keys = []
    for alg in provider.settings.keys_algorithms:
        key = newest(stored, alg)
        if key is not None:
            at = next_at(key, provider.settings)
            remaining = None if at is None else at - now
            keys.append(KeyState(alg, now - key.created_at, remaining))
    return State(len(deliveries.items), len(sweeps.items), tuple(keys))
