"""The contract on a SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.sql import SQLSuite


class TestSQLite(SQLSuite):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/oauthprov.sqlite"

    @pytest.fixture
    def dead_url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/no/such/directory/oauthprov.sqlite"

    @pytest.fixture
    def dump(self, tmp_path: Path) -> Callable[[], bytes]:
        """The very bytes on the disk, journal included."""
        return lambda: b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
