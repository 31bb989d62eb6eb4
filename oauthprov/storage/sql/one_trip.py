"""PostgreSQL: a whole commit as one statement, so one trip and no BEGIN."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, Select, select

from oauthprov.storage.sql.changes import GATES, ONE, Shape, statement

LIMIT = 8
"""Changes in one statement, at most: each combination is compiled, so they have to be few."""


def fits(shapes: tuple[Shape, ...]) -> bool:
    """Whether ``shapes`` are few, and one condition decides over all of them."""
    return len(shapes) <= LIMIT and sum(type_ in GATES for type_, _ in shapes) <= 1


def one_trip(shapes: tuple[Shape, ...]) -> Select[Any]:
    """A statement that makes all the changes and returns a row, or makes none and returns none.

    The parts of a statement see the database as it was before it, so the gate can't be met by a
    change beside it. A key taken fails the whole statement.
    """
    gate: CTE | None = None
    for part, shape in enumerate(shapes):
        if shape[0] in GATES:
            decides = statement(shape, 1, part)
            gate = decides.returning(ONE.label("passed")).cte("gate")
    others = [
        statement(shape, 1, part, gate).cte(f"change{part}")
        for part, shape in enumerate(shapes)
        if shape[0] not in GATES
    ]
    answer = select(ONE) if gate is None else select(ONE).select_from(gate)
    return answer.add_cte(*others)
