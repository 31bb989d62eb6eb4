"""The contract on a real PostgreSQL."""

from __future__ import annotations

import pytest

from tests.storage.sql import SQLSuite


class TestPostgreSQL(SQLSuite):
    @pytest.fixture
    def url(self, postgresql_url: str) -> str:
        return postgresql_url

    @pytest.fixture
    def dead_url(self) -> str:
        return "postgresql+psycopg://alice:secret@127.0.0.1:1/oauthprov"
