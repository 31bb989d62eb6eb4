"""Statements built with SQLAlchemy Core, compiled once per shape, run on the driver's cursors.

Executing through Core takes over twice as long as the database's work, so Core only writes SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, FromClause, Select, bindparam, literal_column, select
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement, ColumnElement

from oauthprov.records import Grant, Record
from oauthprov.storage.interface import COMMIT_LIMIT
from oauthprov.storage.sql.tables import TABLES, grants

ZERO: ColumnElement[int] = literal_column("0")

SIZES = (1, 4, 16, COMMIT_LIMIT)
"""The numbers of keys that statements are compiled for; :func:`padded` rounds up to them."""

Part = Mapping[str, Any]
"""The parameters of one change, or of one key to read."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text and, for each placeholder, the number of a part and the name of a parameter."""

    sql: str
    places: tuple[tuple[int, str], ...]

    def bind(self, parts: Sequence[Part]) -> tuple[Any, ...]:
        """Return the parameters in the order of the placeholders."""
        return tuple([parts[part][name] for part, name in self.places])


def parameter(part: int, name: str, column: ColumnElement[Any]) -> BindParameter[Any]:
    """Return the parameter ``name`` of the ``part``-th change or key of a statement."""
    return bindparam(f"p{part}_{name}", type_=column.type)


def padded(parts: Sequence[Part]) -> Sequence[Part]:
    """Return ``parts``, with the last one repeated until their number is one of SIZES."""
    size = next(size for size in SIZES if size >= len(parts))
    return [*parts, *[parts[-1]] * (size - len(parts))]


def has_key_of(kind: type[Record], parts: range) -> ColumnElement[bool]:
    """Return the condition that a row of ``kind`` has the key of one of ``parts``."""
    return is_one_of(TABLES[kind].c[kind.shape.key], parts)


def is_one_of(column: ColumnElement[Any], parts: range) -> ColumnElement[bool]:
    """Return the condition that a column has the key of one of ``parts``."""
    keys = [parameter(part, "key", column) for part in parts]
    return column == keys[0] if len(keys) == 1 else column.in_(keys)


class Compiler:
    """Compiles the statements of one dialect, each shape once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._compiled: dict[tuple[Any, ...], Statement] = {}

    def __len__(self) -> int:
        """Return the number of compiled statements."""
        return len(self._compiled)

    def statement(self, build: Callable[..., ClauseElement], *shape: Any) -> Statement:
        """Return ``build(*shape)``, compiled; the number of shapes doesn't depend on data."""
        known = self._compiled.get((build, *shape))
        if known is None:
            known = self._compiled[build, *shape] = self._compile(build(*shape))
        return known

    def _compile(self, built: ClauseElement) -> Statement:
        compiled: Any = built.compile(dialect=self._dialect)
        places = []
        for bound in compiled.positiontup or ():
            part, _, name = bound.removeprefix("p").partition("_")
            places.append((int(part), name))
        return Statement(str(compiled), tuple(places))


def with_grant(kind: type[Record]) -> Select[Any]:
    """Select the rows of ``kind``, each with its grant, in the codec's order of columns."""
    table = TABLES[kind]
    if not kind.shape.has_grant:
        return select(*_columns(kind, table))
    joined = table.outerjoin(grants, table.c.grant_id == grants.c.grant_id)
    return select(*_columns(kind, table), *_columns(Grant, grants)).select_from(joined)


def one_of_each(*kinds: type[Record]) -> Select[Any]:
    """Select one row with a record by key for each of ``kinds``, with its grant, or NULLs."""
    return _joined([(kind, 1) for kind in kinds])


def with_several(kind: type[Record], count: int, *kinds: type[Record]) -> Select[Any]:
    """Select what :func:`one_of_each` does, and records of ``kind`` by ``count`` keys.

    There is a row for each of those that exists, and one with NULLs if none does.
    """
    return _joined([*((one, 1) for one in kinds), (kind, count)])


def _joined(wanted: Sequence[tuple[type[Record], int]]) -> Select[Any]:
    """Select records of some kinds in one row, the last kind by any number of keys."""
    source: FromClause = select(literal_column("1").label("one")).subquery("one")
    columns: list[ColumnElement[Any]] = []
    for part, (kind, count) in enumerate(wanted):
        table = TABLES[kind].alias(f"record{part}")
        there = is_one_of(table.c[kind.shape.key], range(part, part + count))
        source = source.outerjoin(table, there)
        columns += _columns(kind, table)
        if kind.shape.has_grant:
            grant = grants.alias(f"grant{part}")
            source = source.outerjoin(grant, table.c.grant_id == grant.c.grant_id)
            columns += _columns(Grant, grant)
    return select(*columns).select_from(source)


def _columns(kind: type[Record], rows: FromClause) -> list[ColumnElement[Any]]:
    names = [field.name for field in kind.shape.fields] + ["version", "claimed_at"]
    return [rows.c[name] for name in (*names, *(["revoked_at"] if kind is Grant else ()))]


def by_keys(kind: type[Record], count: int) -> Select[Any]:
    """Select rows by ``count`` keys, one of SIZES."""
    return with_grant(kind).where(has_key_of(kind, range(count)))


def by_index(kind: type[Record], index: str | None, more: bool) -> Select[Any]:
    """Select a page of rows in the order of their keys, from the start or after ``after``."""
    table = TABLES[kind]
    key = table.c[kind.shape.key]
    query = with_grant(kind).order_by(key).limit(bindparam("p0_limit")).offset(ZERO)
    if index is not None:
        query = query.where(table.c[index] == parameter(0, "value", table.c[index]))
    return query.where(key > parameter(0, "after", key)) if more else query
