"""SQL statements of tests: compiled once in a process, and not for each storage.

Nearly every test opens a storage of its own. To compile what it needs took a third of the time
of a test of the web or of the protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from oauthprov.storage.sql.statements import Compiler, Statement

PLAIN = (str, int, float, tuple, type(None))


def remember() -> None:
    """Let the storages of this process share what is compiled for dialects that are alike."""
    known: dict[tuple[Any, ...], Statement] = {}

    def statement(self: Compiler, build: Callable[..., ClauseElement], *shape: Any) -> Statement:
        own = self._compiled.get((build, *shape))
        if own is None:
            alike = (*told_apart(self._dialect), build, *shape)
            if alike not in known:
                known[alike] = self._compile(build(*shape))
            own = self._compiled[build, *shape] = known[alike]
        return own

    Compiler.statement = statement  # type: ignore[method-assign]


def told_apart(dialect: Dialect) -> tuple[object, ...]:
    """What a dialect compiles by: its class, and what it has learnt of its server."""
    learnt = vars(dialect).items()
    plain = sorted((name, repr(value)) for name, value in learnt if isinstance(value, PLAIN))
    return (type(dialect), *plain)
