"""Running the statements of a commit on a driver connection: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oauthprov.storage.sql.failures import RolledBack, is_rolled_back
from oauthprov.storage.sql.statements import Statement

Parts = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """A statement; a ``gate`` must find its row, or the commit is refused."""

    statement: Statement
    gate: bool


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs steps with one driver: its errors, and the BEGIN it doesn't send by itself."""

    error: type[Exception]
    taken: type[Exception]
    begin: str | None

    def alone(self, connection: Any, step: Step, parts: Parts) -> bool:
        """Run one statement that is its own transaction; False when it was refused."""
        try:
            cursor = connection.cursor()
            cursor.execute(step.statement.sql, step.statement.bind(parts))
            passed = not step.gate or cursor.rowcount == 1
            cursor.close()
        except self.taken:
            return False
        except self.error as error:
            if is_rolled_back(error):
                raise RolledBack from error
            raise
        return passed

    def together(self, connection: Any, steps: Sequence[Step], parts: Parts) -> bool:
        """Run the steps in a transaction; False when one was refused and all are undone."""
        try:
            if self._all_pass(connection, steps, parts):
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

    def _all_pass(self, connection: Any, steps: Sequence[Step], parts: Parts) -> bool:
        cursor = connection.cursor()
        if self.begin is not None:
            cursor.execute(self.begin)
        for step in steps:
            cursor.execute(step.statement.sql, step.statement.bind(parts))
            if step.gate and cursor.rowcount != 1:
                return False
        cursor.close()
        return True
