"""Changes as calls of one script: one call for each slot that a commit touches.

On a single server everything is one slot. On a cluster, entries of indexes that lie elsewhere go
first: an entry may point at nothing, but a record never lacks its entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redis.exceptions import OutOfMemoryError, ResponseError

from oauthprov.storage.interface import Change, StorageFull
from oauthprov.storage.redis.codec import time_of
from oauthprov.storage.redis.keys import Keys
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.script import Script
from oauthprov.storage.redis.steps import Step, Steps


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the script refused, and what it found: a record and its grant as they are stored."""

    change: Change
    state: bytes
    found: bytes | None
    grant: bytes | None


class Commit:
    """Runs changes."""

    def __init__(self, keys: Keys, route: Route) -> None:
        self._steps = Steps(keys)
        self._route = route
        self._script = Script("commit.lua")

    def run(self, changes: Sequence[Change], now: int) -> Refusal | None:
        """Apply all the changes, or return the first that was refused.

        Raises StorageFull when a server has no room and nothing is written but entries, which may
        point at nothing.
        """
        time = time_of(now)
        entries: dict[int, list[Step]] = {}
        slots: dict[int, list[Step]] = {}
        for change in changes:
            step = self._steps.step(change, now)
            home = self._route.slot(step.keys[0])
            slots.setdefault(home, []).append(step)
            for entry in self._steps.entries(change):
                where = self._route.slot(entry.keys[0])
                (slots if where == home else entries).setdefault(where, []).append(entry)
        written = False
        for group in (entries, slots):
            for where, steps in group.items():
                try:
                    refusal = self._apply(where, steps, time)
                except ResponseError as error:
                    if written or not is_full(error):
                        raise
                    raise StorageFull("Redis has no room for more", error) from error
                if refusal:
                    return refusal
                written = group is slots
        return None

    def _apply(self, where: int, steps: list[Step], time: bytes) -> Refusal | None:
        keys = [key for step in steps for key in step.keys]
        arguments = [argument for step in steps for argument in step.arguments]
        reply = self._script.run(self._route, where, keys, [time, *arguments])
        if reply == 0:
            return None
        number, state, found, grant = (*reply, None, None)[:4]
        return Refusal(steps[number].change, state, found, grant)


def is_full(error: ResponseError) -> bool:
    """Whether a server refused a command because it has reached its maxmemory."""
    # Before Redis 7 a script has an error of its own, which quotes that of the command.
    return isinstance(error, OutOfMemoryError) or "-OOM " in str(error)
