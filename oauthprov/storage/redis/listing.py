"""The keys in an index or a roster, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from oauthprov.storage.redis.keys import SHARDS, Keys, shard_of
from oauthprov.storage.redis.route import Route


def entries(route: Route, name: bytes, after: str | None, size: int) -> Iterator[list[str]]:
    """Yield the keys in the sorted set ``name`` after ``after``, ``size`` at a time."""
    while True:
        members = route.read(route.slot(name), *_range(name, after, size))
        yield (keys := [member.decode() for member in members])
        if len(keys) < size:
            return
        after = keys[-1]


def together(
    route: Route, names: Sequence[bytes], after: Mapping[bytes, str], first: int, size: int
) -> Iterator[list[tuple[bytes, str]]]:
    """Yield the keys in the sorted sets ``names``, in order, each with the name of its set.

    Keys of a set up to its key in ``after`` are omitted. The ``first`` keys of all sets are read
    in one round trip, the other keys of a longer set ``size`` at a time.
    """
    commands = [(route.slot(name), _range(name, after.get(name), first)) for name in names]
    found: list[tuple[bytes, str]] = []
    for name, members in zip(names, route.send_all(commands), strict=True):
        found += [(name, member.decode()) for member in members]
        if len(members) == first:
            yield found
            for keys in entries(route, name, found[-1][1], size):
                yield [(name, key) for key in keys]
            found = []
    yield found


def roster(
    route: Route, keys: Keys, kind: str, after: str | None, size: int
) -> Iterator[list[str]]:
    """Yield the keys of every record of ``kind`` after ``after``, about ``size`` at a time."""
    first = 0 if after is None else SHARDS.index(shard_of(after))
    names = [keys.shard(kind, shard) for shard in SHARDS[first:]]
    counts = route.send_all([(route.slot(name), (b"ZCARD", name)) for name in names])
    for run in _runs([pair for pair in zip(names, counts, strict=True) if pair[1]], size):
        commands = [(route.slot(name), _range(name, after, size)) for name in run]
        for name, members in zip(run, route.send_all(commands), strict=True):
            yield (found := [member.decode() for member in members])
            if len(found) == size:
                yield from entries(route, name, found[-1], size)


def _runs(shards: list[tuple[bytes, int]], size: int) -> Iterator[list[bytes]]:
    """Group the shards into runs to read in one trip, each just enough for ``size`` keys."""
    run: list[bytes] = []
    total = 0
    for name, count in shards:
        run.append(name)
        total += count
        if total >= size:
            yield run
            run, total = [], 0
    if run:
        yield run


def _range(name: bytes, after: str | None, size: int) -> Sequence[bytes]:
    start = b"-" if after is None else b"(" + after.encode()
    return (b"ZRANGE", name, start, b"+", b"BYLEX", b"LIMIT", b"0", b"%d" % size)
