"""Runs the statements of a commit on a driver connection: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oauthprov.storage.sql.failures import RolledBack, is_rolled_back
from oauthprov.storage.sql.pool import Held
from oauthprov.storage.sql.statements import Part, Statement


@dataclass(slots=True)
class Step:
    """A statement and its parameters; if ``rows`` is set, it must affect that many rows."""

    statement: Statement
    parts: Sequence[Part]
    rows: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is atomic by itself: a statement for several rows may find only some."""
        return self.rows is None or self.rows == 1

    def passes(self, cursor: Any) -> bool:
        """Run the statement; return whether it affected the required number of rows."""
        cursor.execute(self.statement.sql, self.statement.bind(self.parts))
        return self.rows is None or cursor.rowcount == self.rows


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs steps with one driver: knows its errors, and the BEGIN that it doesn't send."""

    error: type[Exception]
    taken: type[Exception]
    begin: str | None

    def alone(self, step: Step, held: Held) -> bool:
        """Run one statement as a transaction; return False if it was refused."""
        try:
            return step.passes(held.cursor)
        except self.taken:
            return False
        except self.error as error:
            if is_rolled_back(error):
                raise RolledBack from error
            raise

    def together(self, steps: Sequence[Step], held: Held) -> bool:
        """Run the steps in a transaction; return False if one was refused and all were undone."""
        connection = held.connection
        try:
            if self._all_pass(held.cursor, steps):
                connection.commit()
                return True
        except self.taken:
            pass
        except self.error as error:
            if not is_rolled_back(error):
                raise
            connection.rollback()
            raise RolledBack from error
        connection.rollback()
        return False

    def _all_pass(self, cursor: Any, steps: Sequence[Step]) -> bool:
        if self.begin is not None:
            cursor.execute(self.begin)
        return all(step.passes(cursor) for step in steps)
