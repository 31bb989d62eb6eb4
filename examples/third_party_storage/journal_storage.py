"""A third-party storage backend: a dict, and a journal file from which it is rebuilt.

A commit appends one line to the file, so it is atomic even if the machine stops in the middle: an
incomplete line is ignored, and the next commit overwrites it. Many processes may share a file:
each reads the lines of the others, under a lock. The file only grows, so it suits a small site on
one machine: ``oauthprov.storage.url = journal:///var/lib/example/journal``.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from random import getrandbits
from typing import Any, BinaryIO, TypeVar
from urllib.parse import unquote, urlsplit

from oauthprov.records import KINDS, Grant, Record
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Page,
    Purged,
    Remove,
    Revoke,
    Storage,
    StorageError,
    Stored,
)

R = TypeVar("R", bound=Record)
Key = tuple[str, str]
KIND = {kind.shape.name: kind for kind in KINDS}


def open_journal(url: str, options: Mapping[str, str]) -> Storage:
    """Open ``journal:///path``. With the option ``fsync = off`` a power cut may lose commits."""
    return JournalStorage(unquote(urlsplit(url).path), fsync=options.get("fsync") != "off")


class JournalStorage(Storage):
    """Storage with the records in a dict and the changes in a journal file."""

    def __init__(self, path: str, *, fsync: bool = True) -> None:
        self._path, self._fsync, self._lock = path, fsync, threading.Lock()
        self._records: dict[Key, Stored[Any]] = {}
        self._read = 0  # bytes of the journal that are in the dict

    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        with self._journal(fcntl.LOCK_SH):
            return [self._stored((kind.shape.name, key)) for kind, key in pairs]

    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        start = bytes.fromhex(after or "").decode("ascii")
        with self._journal(fcntl.LOCK_SH):
            found = sorted(
                (key, name)
                for (name, key), stored in self._records.items()
                if name == kind.shape.name
                and key > start
                and all(getattr(stored.record, field) == value for field, value in index.items())
            )
            items = [self._stored((name, key)) for key, name in found[:limit]]
        more = found[limit - 1][0].encode().hex() if len(found) > limit else None
        return Page(tuple(stored for stored in items if stored), more)

    def _commit(self, changes: Sequence[Change], now: int) -> None:
        with self._journal(fcntl.LOCK_EX) as journal:
            self._append(journal, {_key(change): self._changed(change, now) for change in changes})

    def _load(self, copies: Sequence[Stored[Record]], now: int) -> None:
        news = {_key(Add(one.record)): replace(one, version=getrandbits(32)) for one in copies}
        with self._journal(fcntl.LOCK_EX) as journal:
            self._append(journal, news)

    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        if after not in (None, "more") or limit < 1:
            raise ValueError("not a cursor of a purge, or no limit")
        with self._journal(fcntl.LOCK_EX) as journal:
            grants = [stored.grant for key in self._records if (stored := self._stored(key))]
            in_use = {_key(Add(grant.record)) for grant in grants if grant}
            over = [k for k, s in self._records.items() if k not in in_use and _past(s, now)]
            self._append(journal, dict.fromkeys(over[:limit]))
        return Purged(len(over[:limit]), "more" if len(over) > limit else None)

    def ping(self) -> None:
        with self._journal(fcntl.LOCK_SH):
            pass

    def upgrade(self) -> None:
        """Do nothing: new fields have defaults, and unknown fields are kept."""

    def describe(self) -> Mapping[str, str]:
        return {"engine": "journal", "path": self._path, "fsync": str(self._fsync)}

    def close(self) -> None:
        """Do nothing: the file is open only while it is used."""

    def _stored(self, key: Key) -> Stored[Any] | None:
        stored = self._records.get(key)
        if stored is None or not stored.record.shape.has_grant:
            return stored
        return replace(stored, grant=self._records.get((Grant.shape.name, stored.record.grant_id)))

    def _changed(self, change: Change, now: int) -> Stored[Any] | None:
        """Return the new state of a change's record, None if removed, or raise Conflict."""
        stored = self._stored(_key(change))
        if stored is not None and _past(stored, now):
            stored = None
        if isinstance(change, Add):
            if stored is not None:
                raise Conflict(change, "exists", stored)
            return Stored(change.record, getrandbits(32))  # not an earlier record's version
        if isinstance(change, Remove) or (isinstance(change, Revoke) and stored is None):
            return None
        if stored is None:
            raise Conflict(change, "unknown")
        if isinstance(change, Revoke):
            return replace(stored, revoked_at=stored.revoked_at or now)
        if isinstance(change, Claim):
            if stored.state(now) != "live":
                raise Conflict(change, stored.state(now), stored)
            return replace(stored, claimed_at=now)
        if _facts(stored) != _facts(change.expecting):
            raise Conflict(change, "changed", stored)
        return replace(stored, record=change.record, version=stored.version + 1)

    @contextmanager
    def _journal(self, lock: int) -> Iterator[BinaryIO]:
        """Lock the file and bring the dict up to date."""
        try:
            with self._lock, open(self._path, "a+b") as journal:
                fcntl.flock(journal, lock)
                journal.seek(self._read)
                self._replay(journal)
                yield journal
        except OSError as error:
            raise StorageError("the journal can't be read or written", error) from error

    def _replay(self, journal: BinaryIO) -> None:
        for line in journal:
            if line.endswith(b"\n"):
                self._read += len(line)
                for name, key, stored in json.loads(line):
                    self._records.pop((name, key), None)
                    if stored is not None:
                        self._records[name, key] = _decoded(KIND[name], stored)

    def _append(self, journal: BinaryIO, news: Mapping[Key, Stored[Any] | None]) -> None:
        """Write one line, which every process, including this one, replays when it reads it."""
        journal.truncate(self._read)
        line = json.dumps([(*key, stored and _encoded(stored)) for key, stored in news.items()])
        journal.write(line.encode() + b"\n")
        journal.flush()
        if self._fsync:
            os.fsync(journal.fileno())


def _key(change: Change) -> Key:
    kind, key = change.target
    return kind.shape.name, key


def _past(stored: Stored[Any], now: int) -> bool:
    expires_at = getattr(stored.record, "expires_at", None)
    return expires_at is not None and expires_at + stored.record.shape.keep <= now


def _facts(stored: Stored[Any]) -> list[int | None]:
    return [stored.version, stored.claimed_at, stored.revoked_at]


def _encoded(stored: Stored[Any]) -> list[Any]:
    return [{**stored.extra, **asdict(stored.record)}, *_facts(stored)]


def _decoded(kind: type[Record], encoded: list[Any]) -> Stored[Record]:
    values, version, claimed_at, revoked_at = encoded
    ours = [field.name for field in fields(kind) if field.name in values]  # type: ignore[arg-type]
    record = kind(**{name: _frozen(values.pop(name)) for name in ours})
    return Stored(record, version, claimed_at, revoked_at, extra=values)


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
