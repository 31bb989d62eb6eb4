"""The columns and column types that all tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, MetaData, String, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT, VARBINARY
from sqlalchemy.types import TypeEngine

from oauthprov.records import KEY_LIMIT

KEY = (
    String(KEY_LIMIT)
    .with_variant(String(KEY_LIMIT, collation="C"), "postgresql")
    .with_variant(VARBINARY(KEY_LIMIT), "mysql", "mariadb")
)
TEXT = Text().with_variant(
    MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
JSON = TEXT.copy()
TIME = BigInteger()
FLAG = Boolean()

metadata = MetaData()
ENGINE: dict[str, Any] = {"mysql_engine": "InnoDB", "mariadb_engine": "InnoDB"}
"""Commits need transactions, which MariaDB's default engine may lack."""


def key(name: str) -> Column[Any]:
    """Return the primary key column."""
    return Column(name, KEY, primary_key=True)


def required(name: str, type_: TypeEngine[Any]) -> Column[Any]:
    """Return the column of a field that every record has."""
    return Column(name, type_, nullable=False)


def optional(name: str, type_: TypeEngine[Any]) -> Column[Any]:
    """Return the column of a field that may be None."""
    return Column(name, type_, nullable=True)


def bookkeeping() -> tuple[Column[Any], Column[Any]]:
    """Return storage's own columns: ``version``, which Replace raises, and ``claimed_at``."""
    return required("version", BigInteger()), optional("claimed_at", TIME)
