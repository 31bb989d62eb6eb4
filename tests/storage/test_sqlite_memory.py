"""The contract on SQLite in memory, where one connection is the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oauthprov.storage import open_storage
from oauthprov.storage.interface import Storage
from oauthprov.storage.testing import NewerCode, StorageSuite
from tests.storage.sql import NewerTables, dumped


class TestSQLiteInMemory(StorageSuite):
    @pytest.fixture
    def storage(self) -> Storage:
        return open_storage("sqlite://")

    @pytest.fixture
    def engine(self, storage: Any) -> Any:
        return storage.engines.patient

    reopen = None  # a database in memory is one storage's own
    broken = None  # memory is always there

    @pytest.fixture
    def dump(self, engine: Any) -> Callable[[], bytes]:
        def dump() -> bytes:
            with engine.connect() as connection:
                return dumped(connection)

        return dump

    @pytest.fixture
    def newer_code(self, engine: Any) -> NewerCode:
        return NewerTables(engine)
