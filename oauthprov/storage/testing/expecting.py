"""What the tests say again and again: add these, read that, this must conflict."""

from __future__ import annotations

from typing import TypeVar

import pytest

from oauthprov.records import Record
from oauthprov.storage.interface import Add, Change, Conflict, State, Storage, Stored
from oauthprov.storage.testing.samples import NOW

R = TypeVar("R", bound=Record)


def add(storage: Storage, *records: Record, now: int = NOW) -> None:
    """Store each of the records, by a commit of its own."""
    for record in records:
        storage.commit(Add(record), now=now)


def read(storage: Storage, record: R) -> Stored[R]:
    """Return what is stored under the record's key, which must be there."""
    stored = storage.get(type(record), record.storage_key)
    assert stored is not None
    return stored


def gone(storage: Storage, record: Record) -> bool:
    """Tell whether nothing is stored under the record's key."""
    return storage.get(type(record), record.storage_key) is None


def conflict(
    storage: Storage, *changes: Change, state: State, now: int = NOW, at: int = 0
) -> Stored[Record] | None:
    """Expect the commit to lose by the change number ``at``; return what was found there."""
    with pytest.raises(Conflict) as caught:
        storage.commit(*changes, now=now)
    assert caught.value.state == state
    assert caught.value.change == changes[at]
    return caught.value.stored
