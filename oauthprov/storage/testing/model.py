"""A simple implementation of the contract over a dict, with which a backend is compared.

Only for tests: it works in one thread and has no database.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oauthprov.chance import getrandbits
from oauthprov.records import Grant, Record
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Revoke,
    Stored,
    Target,
)


class Model:
    """The records that a storage should hold after the commits so far."""

    def __init__(self) -> None:
        self.records: dict[Target, Stored[Record]] = {}

    def get(self, kind: type[Record], key: str) -> Stored[Record] | None:
        """Return the stored record with its grant."""
        stored = self.records.get((kind, key))
        if stored is None or not kind.shape.has_grant:
            return stored
        grant: Any = self.records.get((Grant, str(getattr(stored.record, "grant_id", None))))
        return replace(stored, grant=grant)

    def commit(self, *changes: Change, now: int) -> None:
        """Apply all the changes, or none and raise Conflict."""
        before = dict(self.records)
        try:
            for change in changes:
                self._apply(change, now)
        except Conflict:
            self.records = before
            raise

    def taken(self, kind: type[Record], key: str, now: int) -> Stored[Record] | None:
        """Return the record under the key, None if the key is free at ``now``."""
        stored = self.get(kind, key)
        expires_at = getattr(stored and stored.record, "expires_at", None)
        past = expires_at is not None and expires_at + kind.shape.keep <= now
        return None if past else stored

    def _apply(self, change: Change, now: int) -> None:
        at = change.target
        stored = self.taken(*at, now)
        if isinstance(change, Remove):
            self.records.pop(at, None)
        elif isinstance(change, Revoke):
            if stored is not None and stored.revoked_at is None:
                self.records[at] = replace(stored, revoked_at=now)
        else:
            self.records[at] = replace(_changed(change, stored, now), grant=None)


def _changed(
    change: Add | Claim | Replace, stored: Stored[Record] | None, now: int
) -> Stored[Record]:
    """Return the new state of ``stored``, or raise Conflict."""
    if isinstance(change, Add):
        if stored is not None:
            raise Conflict(change, "exists", stored)
        return Stored(change.record, getrandbits(32))
    if stored is None:
        raise Conflict(change, "unknown")
    if isinstance(change, Claim):
        if stored.state(now) != "live":
            raise Conflict(change, stored.state(now), stored)
        return replace(stored, claimed_at=now)
    if marks(stored) != marks(change.expecting):
        raise Conflict(change, "changed", stored)
    return replace(stored, record=change.record, version=stored.version + 1)


def marks(stored: Stored[Record]) -> tuple[int, int | None, int | None]:
    """Return values of which at least one differs after any change of a record."""
    return stored.version, stored.claimed_at, stored.revoked_at
