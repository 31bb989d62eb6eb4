"""Commits: one call of the script for each slot that a commit changes.

On a single server everything is in one slot. On a cluster, index entries in other slots are
written first: an entry may exist without its record, but a record never without its entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis.exceptions import OutOfMemoryError, ResponseError

from oauthprov.records import Record
from oauthprov.storage.interface import Add, Change, StorageFull, Stored
from oauthprov.storage.redis.codec import time_of
from oauthprov.storage.redis.keys import Keys
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.script import Script
from oauthprov.storage.redis.steps import Step, Steps


@dataclass(frozen=True, slots=True)
class Refusal:
    """The refused change, and the stored values of the record and grant that the script found."""

    change: Change
    state: bytes
    found: bytes | None
    grant: bytes | None


class Commit:
    """Applies the changes of commits."""

    def __init__(self, keys: Keys, route: Route) -> None:
        self._steps = Steps(keys)
        self._route = route
        self._script = Script("commit.lua")

    def run(self, changes: Sequence[Change], now: int) -> Refusal | None:
        """Apply all the changes, or return the first that was refused.

        Raises StorageFull if a server has no room; then at most index entries were written, which
        may exist without their records.
        """
        time = time_of(now)
        written = False
        for where, steps, with_records in self._divided(changes, now):
            try:
                refusal = self._apply(where, steps, time)
            except ResponseError as error:
                if written or not is_full(error):
                    raise
                raise StorageFull("Redis has no room for more", error) from error
            if refusal:
                return refusal
            written = with_records
        return None

    def load(self, copies: Sequence[Stored[Record]], now: int) -> None:
        """Put ``copies`` in place of what their keys hold; the index entries come first.

        Raises StorageFull if a server has no room for all of them.
        """
        route = self._route
        try:
            for commands in self._steps.loading(copies, now, marking=not route.one_slot):
                route.send_all([(route.slot(command[1]), command) for command in commands])
        except ResponseError as error:
            if not is_full(error):
                raise
            raise StorageFull("Redis has no room for more", error) from error

    def _divided(
        self, changes: Sequence[Change], now: int
    ) -> Iterable[tuple[int, list[Step], bool]]:
        """Divide the steps by slot: first index entries alone, then records with their entries.

        Each slot comes with its steps, and whether records are among them.
        """
        if self._route.one_slot:
            steps = []
            for change in changes:
                step = self._steps.step(change, now)
                steps.append(step)
                if step.listed and isinstance(change, Add):
                    for index in self._steps.indexes(change):
                        steps.append(self._steps.entry(change, index, beside=True))
            return [(0, steps, True)]
        entries: dict[int, list[Step]] = {}
        slots: dict[int, list[Step]] = {}
        for change in changes:
            step = self._steps.step(change, now)
            home = self._route.slot(step.keys[0])
            slots.setdefault(home, []).append(step)
            for index in self._steps.indexes(change) if isinstance(change, Add) else ():
                where = self._route.slot(index)
                entry = self._steps.entry(change, index, beside=where == home)
                (slots if where == home else entries).setdefault(where, []).append(entry)
        return [
            *((where, steps, False) for where, steps in entries.items()),
            *((where, steps, True) for where, steps in slots.items()),
        ]

    def _apply(self, where: int, steps: list[Step], time: bytes) -> Refusal | None:
        keys: list[bytes] = []
        arguments = [time]
        for step in steps:
            keys += step.keys
            arguments += step.arguments
        reply = self._script.run(self._route, where, keys, arguments)
        if reply == 0:
            return None
        number, state, found, grant = (*reply, None, None)[:4]
        return Refusal(steps[number].change, state, found, grant)


def is_full(error: ResponseError) -> bool:
    """Return whether a server refused a command because it has reached its maxmemory."""
    # Before Redis 7 a script's error has another type and quotes the command's error.
    return isinstance(error, OutOfMemoryError) or "-OOM " in str(error)
