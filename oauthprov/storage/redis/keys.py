"""The names of Redis keys.

A record is at ``prefix:{slot}:kind:rest``, where ``slot.rest`` is its key; an index is at
``prefix:{value}:kind.field``; the roster of a kind that doesn't expire is in shards at
``prefix:{kind.61}:kind.by-key``. A cluster hashes the part in braces, so records of one slot
share a node.
"""

from __future__ import annotations

from typing import NamedTuple

ROSTER = "by-key"
"""No field has a hyphen in its name, so no index is mistaken for a roster."""

MARKED = ".marked"
"""The suffix of the name of an index's marks: see ``purge``."""

SHARDS = ("", *(f"{byte:02x}" for byte in range(128)))
"""The shards of a roster in the order of keys, one for each possible first byte of a key."""


class RecordName(NamedTuple):
    """The parts of the name of a record."""

    kind: str
    key: str


class IndexName(NamedTuple):
    """The parts of the name of an index or of a shard of a roster."""

    kind: str
    field: str


class Keys:
    """Makes and parses the names with one prefix."""

    def __init__(self, prefix: str) -> None:
        self._start = f"{prefix}:{{"
        self.everything = f"{prefix}:{{*".encode()

    def record(self, kind: str, key: str) -> bytes:
        """Return the name of a record."""
        slot, dot, rest = key.partition(".")
        if not slot or "%" in slot or "}" in slot:
            slot = _escaped(slot)
        tail = f":{rest}" if dot else ""
        return f"{self._start}{slot}}}:{kind}{tail}".encode("utf-8", "surrogatepass")

    def records(self, kind: str) -> bytes:
        """Return a glob that matches every record of ``kind``, and some others."""
        return f"{self.everything.decode()}}}:{kind}*".encode()

    def index(self, kind: str, field: str, value: str) -> bytes:
        """Return the name of the index that lists the records whose ``field`` is ``value``."""
        name = f"{self._start}{_escaped(value)}}}:{kind}.{field}"
        return name.encode("utf-8", "surrogatepass")

    def shard(self, kind: str, shard: str) -> bytes:
        """Return the name of one shard of a kind's roster, one of ``SHARDS``."""
        return self.index(kind, ROSTER, f"{kind}.{shard}")

    def revision(self) -> bytes:
        """Return the name of the number that says to which version the records were brought."""
        return f"{self._start}revision}}".encode()

    def marks(self, index: bytes) -> bytes:
        """Return the name of the marks of an index, in the same slot."""
        return index + MARKED.encode()

    def parse(self, name: bytes) -> RecordName | IndexName | None:
        """Parse ``name``; return None for another prefix, for marks and for the revision."""
        text = name.decode("utf-8", "surrogateescape")
        if not text.startswith(self._start):
            return None
        slot, separator, tail = text[len(self._start) :].partition("}:")
        if not separator:
            return None
        kind, colon, rest = tail.partition(":")
        if "." in kind:
            marks = tail.endswith(MARKED)
            return None if colon or marks else IndexName(*kind.split(".", 1))
        return RecordName(kind, f"{_plain(slot)}.{rest}" if colon else _plain(slot))


def shard_of(key: str) -> str:
    """Return the shard of a roster that lists ``key``."""
    return f"{ord(key[0]):02x}" if key else ""


def _escaped(slot: str) -> str:
    # A brace would end the hash tag early, and with an empty tag the whole name is hashed.
    return slot.replace("%", "%25").replace("}", "%7D") or "%"


def _plain(slot: str) -> str:
    return "" if slot == "%" else slot.replace("%7D", "}").replace("%25", "%")
