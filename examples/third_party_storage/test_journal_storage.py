"""Runs the public storage suite on the backend; no other tests are needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from journal_storage import JournalStorage, open_journal

from oauthprov.records import Account, Record
from oauthprov.storage.interface import Add, Storage
from oauthprov.storage.testing import NewerCode, StorageSuite


@dataclass
class NewerJournal:
    """Writes a field that the current code doesn't know, and reads it back."""

    path: Path

    def plant(self, kind: type[Record], key: str, name: str, value: str) -> None:
        stored = self.last(kind, key)
        stored[0][name] = value
        with self.path.open("a") as journal:
            journal.write(json.dumps([(kind.shape.name, key, stored)]) + "\n")

    def read(self, kind: type[Record], key: str, name: str) -> str | None:
        return self.last(kind, key)[0].get(name)

    def last(self, kind: type[Record], key: str) -> list:
        lines = self.path.read_text().splitlines()
        entries = [entry for line in lines for entry in json.loads(line)]
        return [entry[2] for entry in entries if entry[:2] == [kind.shape.name, key]][-1]


class TestJournalStorage(StorageSuite):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "journal"

    @pytest.fixture
    def reopen(self, path: Path) -> Callable[[], Storage]:
        return partial(open_journal, f"journal://{path}", {"fsync": "off"})

    @pytest.fixture
    def storage(self, reopen: Callable[[], Storage]) -> Storage:
        return reopen()

    @pytest.fixture
    def broken(self, path: Path) -> Storage:
        return JournalStorage(str(path / "no" / "such" / "directory"))

    @pytest.fixture
    def dump(self, path: Path) -> Callable[[], bytes]:
        return path.read_bytes

    @pytest.fixture
    def newer_code(self, path: Path) -> NewerCode:
        return NewerJournal(path)


def test_a_torn_line_is_ignored_and_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    alice, bob = Account("one", "alice", 1), Account("two", "bob", 1)
    JournalStorage(str(path)).commit(Add(alice), now=1)
    whole = path.read_bytes()
    JournalStorage(str(path)).commit(Add(bob), now=1)
    path.write_bytes(path.read_bytes()[:-9])
    assert JournalStorage(str(path)).get(Account, "two") is None
    JournalStorage(str(path)).commit(Add(bob), now=1)
    assert path.read_bytes().startswith(whole)
    found = JournalStorage(str(path)).get_many([(Account, "one"), (Account, "two")])
    assert [stored and stored.record for stored in found] == [alice, bob]
