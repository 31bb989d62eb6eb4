"""The names of what is stored in Redis.

A record lies at ``prefix:{slot}:kind:rest``, where ``slot.rest`` is its key; an index at
``prefix:{value}:kind.field``; the roster of a kind that doesn't expire, in shards, at
``prefix:{kind.61}:kind.by-key``. A cluster hashes what stands in braces, so records of one slot
share a node.
"""

from __future__ import annotations

from typing import NamedTuple

ROSTER = "by-key"
"""No field has a hyphen in its name, so no index is mistaken for a roster."""

MARKED = ".marked"
"""How the name of an index's marks ends: see ``purge``."""

SHARDS = ("", *(f"{byte:02x}" for byte in range(128)))
"""The shards of a roster in the order of keys: one for each first byte that a key may have."""


class RecordName(NamedTuple):
    """What the name of a record says."""

    kind: str
    key: str


class IndexName(NamedTuple):
    """What the name of an index, or of a shard of a roster, says."""

    kind: str
    field: str


class Keys:
    """Every name that begins with one prefix."""

    def __init__(self, prefix: str) -> None:
        self._start = f"{prefix}:{{"
        self.everything = f"{prefix}:{{*".encode()

    def record(self, kind: str, key: str) -> bytes:
        """The name of a record."""
        slot, dot, rest = key.partition(".")
        if not slot or "%" in slot or "}" in slot:
            slot = _escaped(slot)
        tail = f":{rest}" if dot else ""
        return _bytes(f"{self._start}{slot}}}:{kind}{tail}")

    def records(self, kind: str) -> bytes:
        """A glob that matches every record of ``kind``, and some others."""
        return f"{self.everything.decode()}}}:{kind}*".encode()

    def index(self, kind: str, field: str, value: str) -> bytes:
        """The name of the index that lists the records whose ``field`` is ``value``."""
        return _bytes(f"{self._start}{_escaped(value)}}}:{kind}.{field}")

    def shard(self, kind: str, shard: str) -> bytes:
        """The name of one shard of a kind's roster, one of ``SHARDS``."""
        return self.index(kind, ROSTER, f"{kind}.{shard}")

    def marks(self, index: bytes) -> bytes:
        """The name of the marks of an index, in its slot."""
        return index + MARKED.encode()

    def parse(self, name: bytes) -> RecordName | IndexName | None:
        """What ``name`` stands for; None when it isn't one of ours, or stands for marks."""
        text = name.decode("utf-8", "surrogateescape")
        if not text.startswith(self._start):
            return None
        slot, _, tail = text[len(self._start) :].partition("}:")
        kind, colon, rest = tail.partition(":")
        if "." in kind:
            marks = tail.endswith(MARKED)
            return None if colon or marks else IndexName(*kind.split(".", 1))
        return RecordName(kind, f"{_plain(slot)}.{rest}" if colon else _plain(slot))


def shard_of(key: str) -> str:
    """The shard of a roster that lists ``key``."""
    return f"{ord(key[0]):02x}" if key else ""


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _escaped(slot: str) -> str:
    # A brace would end the hash tag early, and an empty tag isn't one: the whole name is hashed.
    return slot.replace("%", "%25").replace("}", "%7D") or "%"


def _plain(slot: str) -> str:
    return "" if slot == "%" else slot.replace("%7D", "}").replace("%25", "%")
