"""What a migration may do while servers of the version before go on serving."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

DATA = {"0010": {"clients"}}
"""By revision: the tables whose rows a migration may change. They hold few rows."""
INDEXED = {"0017": {"consents"}}
"""By revision: older tables that get an index. They are seldom written, and hold no tokens."""

INDEXED = {"0017": {"consents"}}
"""By revision: the tables that get an index although they have rows.

A table is locked for writing while that is built. Consents are written only when somebody is asked
for one.
"""

_NAME = r"[`\"]?(\w+)[`\"]?"
_TABLE = re.compile(rf"CREATE TABLE (?:IF NOT EXISTS )?{_NAME} ")
_INDEX = re.compile(rf"CREATE INDEX (?:IF NOT EXISTS )?{_NAME} ON {_NAME} ")
_COLUMN = re.compile(rf"ALTER TABLE {_NAME} ADD COLUMN (?:IF NOT EXISTS )?{_NAME} (.+)")
_UPDATE = re.compile(rf"(?:UPDATE|INSERT INTO) {_NAME} ")
_CONSTANT = re.compile(r"DEFAULT (?:'[^']*'|\d+|true|false)(?![\w(])", re.IGNORECASE)
_VERSION = "oauthprov_version"


def faults(revision: str, statements: Iterable[str]) -> Iterator[str]:
    """Yield why the statements of a migration don't only expand the schema, or hold it up."""
    made: set[str] = set()
    for given in statements:
        statement = " ".join(given.split())
        if found := _TABLE.match(statement):
            made.add(found[1])
        elif found := _INDEX.match(statement):
            if found[2] not in made | INDEXED.get(revision, set()):
                yield f"{found[1]}: an index of a table with rows is built under a lock"
        elif found := _COLUMN.fullmatch(statement):
            yield from _of_column(found[2], found[3])
        elif found := _UPDATE.match(statement):
            if found[1] != _VERSION and found[1] not in DATA.get(revision, ()):
                yield f"{found[1]}: rows are changed; a table may have millions of them"
        elif not statement.startswith("SELECT "):
            yield f"the version before doesn't know what this removes or changes: {statement}"


def _of_column(name: str, how: str) -> Iterator[str]:
    if "DEFAULT" in how and not _CONSTANT.search(how):
        yield f"{name}: a default that isn't a constant rewrites the table"
    if "NOT NULL" in how and "DEFAULT" not in how:
        yield f"{name}: the version before can't add rows, since it doesn't know the column"
    if re.search(r"\b(UNIQUE|REFERENCES|CHECK|PRIMARY)\b", how):
        yield f"{name}: a constraint is checked by a walk over the table, under a lock"
