"""PostgreSQL: a whole commit as one statement, in one round trip and without BEGIN."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, Select, select

from oauthprov.storage.sql.changes import GATES, ONE, Shape, statement

LIMIT = 8
"""The most changes in one statement; each combination is compiled, so it must be few."""


def fits(shapes: tuple[Shape, ...]) -> bool:
    """Return whether ``shapes`` are few, with at most one condition among them."""
    return len(shapes) <= LIMIT and sum(type_ in GATES for type_, _ in shapes) <= 1


def one_trip(shapes: tuple[Shape, ...]) -> Select[Any]:
    """Return a statement that makes all changes and returns a row, or neither.

    All parts of a statement see the database as it was before the statement, so another change
    in it can't affect the gate. A taken key makes the whole statement fail.
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
