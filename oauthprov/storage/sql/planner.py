"""Plans the statements of a commit; data never adds to the number of compiled statements.

Changes of one shape are divided into a few statements, compiled for fixed numbers of changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oauthprov.records import KINDS, Record
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Remove,
    Replace,
    Revoke,
    Stored,
)
from oauthprov.storage.sql.changes import (
    BY_KEYS,
    GATES,
    ROWS,
    Shape,
    copied,
    load,
    shape,
    statement,
    vacate,
    values,
)
from oauthprov.storage.sql.codec import Codecs
from oauthprov.storage.sql.one_trip import fits, one_trip
from oauthprov.storage.sql.statements import Compiler, Part, Statement, padded
from oauthprov.storage.sql.transaction import Step

PLACES = {kind: place for place, kind in enumerate(KINDS)}
TYPES = {type_: place for place, type_ in enumerate((Claim, Replace, Remove, Revoke, Add))}


Plan = Sequence[tuple[Statement, Sequence[int], int | None]]
"""The statements of a commit, with the places of their changes and the rows that they affect."""


class Planner:
    """Plans commits; ``one_trip`` if one statement of the engine can make different changes."""

    def __init__(self, compiler: Compiler, codecs: Codecs, *, one_trip: bool) -> None:
        self._compiler = compiler
        self._codecs = codecs
        self._one_trip = one_trip
        self._plans: dict[tuple[Shape, ...], Plan] = {}

    def steps(self, changes: Sequence[Change], now: int, *, vacating: bool) -> Sequence[Step]:
        """Return the statements that make ``changes``.

        With ``vacating``, records past their ``keep`` are first deleted from the keys of Adds.
        """
        shapes = tuple([shape(change) for change in changes])
        if vacating or len(set(shapes)) < len(shapes):
            return self._in_groups(changes, now, vacating)
        plan = self._plans.get(shapes)
        if plan is None:
            plan = self._plans[shapes] = self._planned(changes, shapes)
        parts = [
            values(change, self._codecs[kind], now)
            for change, (_, kind) in zip(changes, shapes, strict=True)
        ]
        return [
            Step(statement, [parts[place] for place in places], rows)
            for statement, places, rows in plan
        ]

    def loading(self, copies: Sequence[Stored[Record]]) -> Sequence[Step]:
        """Return the statements that put ``copies`` in place of what their keys hold."""
        steps: list[Step] = []
        ordered = in_locking_order([Add(copy.record) for copy in copies])
        by_target = {Add(copy.record).target: copy for copy in copies}
        shapes = tuple([shape(change) for change in ordered])
        for (_, kind), first, end in _runs(shapes):
            codec = self._codecs[kind]
            parts = [copied(by_target[add.target], codec) for add in ordered[first:end]]
            given = padded(parts)
            removing = self._compiler.statement(statement, (Remove, kind), len(given))
            steps.append(Step(removing, given))
            for some in _cut(Add, parts):
                steps.append(Step(self._compiler.statement(load, kind, len(some)), some))
        return steps

    def _planned(self, changes: Sequence[Change], shapes: tuple[Shape, ...]) -> Plan:
        """Plan changes of different shapes: their keys make no difference."""
        ordered = in_locking_order(changes)
        places = [changes.index(change) for change in ordered]
        if self._one_trip and len(shapes) > 1 and fits(shapes):
            together = self._compiler.statement(one_trip, tuple(shapes[n] for n in places))
            return [(together, places, 1)]
        return [
            (
                self._compiler.statement(statement, shapes[place], 1),
                (place,),
                1 if shapes[place][0] in GATES else None,
            )
            for place in places
        ]

    def _in_groups(self, changes: Sequence[Change], now: int, vacating: bool) -> Sequence[Step]:
        ordered = in_locking_order(changes)
        shapes = tuple([shape(change) for change in ordered])
        parts = [
            values(change, self._codecs[kind], now)
            for change, (_, kind) in zip(ordered, shapes, strict=True)
        ]
        if not vacating and self._one_trip and fits(shapes):
            return [Step(self._compiler.statement(one_trip, shapes), parts, 1)]
        steps: list[Step] = []
        for alike, first, end in _runs(shapes):
            if vacating and alike[0] is Add and alike[1].shape.expires:
                given = padded(parts[first:end])
                freeing = self._compiler.statement(vacate, alike[1], len(given))
                steps.append(Step(freeing, given))
            steps += self._alike(alike, parts[first:end])
        return steps

    def _alike(self, alike: Shape, parts: Sequence[Part]) -> Iterator[Step]:
        type_ = alike[0]
        for some in _cut(type_, parts):
            given = padded(some) if type_ in BY_KEYS else some
            made = self._compiler.statement(statement, alike, len(given))
            yield Step(made, given, len(some) if type_ in GATES else None)


def _runs(shapes: Sequence[Shape]) -> Iterator[tuple[Shape, int, int]]:
    """Yield each shape with the start and end of the run of its changes."""
    first = 0
    for end in range(1, len(shapes) + 1):
        if end == len(shapes) or shapes[end] != shapes[first]:
            yield shapes[first], first, end
            first = end


def _cut(type_: type[Change], parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Split changes of one type into groups, one per statement."""
    if len(parts) == 1:
        yield parts
        return
    sizes = (len(parts),) if type_ in BY_KEYS else ROWS if type_ is Add else (1,)
    start = 0
    for size in sizes:
        while len(parts) - start >= size:
            yield parts[start : start + size]
            start += size


def in_locking_order(changes: Sequence[Change]) -> Sequence[Change]:
    """Order ``changes`` so that commits rarely deadlock, with Claims before other changes.

    A Claim must see the grant as it was before the commit. Changes of one shape are adjacent.
    """

    def place(change: Change) -> tuple[bool, int, int, str]:
        kind, key = change.target
        return not isinstance(change, Claim), PLACES[kind], TYPES[type(change)], key

    return sorted(changes, key=place)
