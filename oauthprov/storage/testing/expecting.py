"""Functions that most tests use: add records, read one, expect a conflict."""

from __future__ import annotations

from typing import TypeVar

import pytest

from oauthprov.records import Record
from oauthprov.storage.interface import Add, Change, Conflict, State, Storage, Stored
from oauthprov.storage.testing.samples import NOW

R = TypeVar("R", bound=Record)


def add(storage: Storage, *records: Record, now: int = NOW) -> None:
    """Add each of the records, each in a separate commit."""
    for record in records:
        storage.commit(Add(record), now=now)


def read(storage: Storage, record: R) -> Stored[R]:
    """Return the record stored under the key of ``record``; it must exist."""
    stored = storage.get(type(record), record.storage_key)
    assert stored is not None
    return stored


def gone(storage: Storage, record: Record) -> bool:
    """Return whether no record is stored under the key of ``record``."""
    return storage.get(type(record), record.storage_key) is None


def conflict(
    storage: Storage, *changes: Change, state: State, now: int = NOW, at: int = 0
) -> Stored[Record] | None:
    """Expect a conflict with change number ``at``; return the record that it found."""
    with pytest.raises(Conflict) as caught:
        storage.commit(*changes, now=now)
    assert caught.value.state == state
    assert caught.value.change == changes[at]
    return caught.value.stored
