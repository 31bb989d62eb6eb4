"""The contract on a real MariaDB."""

from __future__ import annotations

import pytest

from tests.storage.sql import SQLSuite


class TestMariaDB(SQLSuite):
    @pytest.fixture
    def url(self, mariadb_url: str) -> str:
        return mariadb_url

    @pytest.fixture
    def dead_url(self) -> str:
        return "mariadb+pymysql://alice:secret@127.0.0.1:1/oauthprov"
