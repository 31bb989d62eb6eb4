"""The age of the signing keys."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.protocol.keys.rotation import newest, next_at
from oauthprov.records import SigningKey
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage

_KEYS = 100


@dataclass(frozen=True, slots=True)
class KeyState:
    """The newest signing key of an algorithm: its age, and the seconds until the next one signs.

    ``remaining`` is negative if the rotation is overdue, None if keys aren't rotated.
    """

    alg: str
    age: int
    remaining: int | None


def key_states(storage: Storage, settings: Settings, now: int) -> list[KeyState]:
    """Return the state of each algorithm's keys. One trip. Raises StorageError."""
    stored = [one.record for one in storage.find(SigningKey, limit=_KEYS).items]
    found = []
    for alg in settings.keys_algorithms:
        key = newest(stored, alg)
        if key is not None:
            at = next_at(key, settings)
            remaining = None if at is None else at - now
            found.append(KeyState(alg, now - key.created_at, remaining))
    return found
