"""The contract on a SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from oauthprov.records import Account
from oauthprov.storage import open_storage
from tests.storage.sql import SQLSuite
from tests.storage.test_sql_urls import output, run


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


VISIT = """
import sys
from oauthprov.records import Account
from oauthprov.storage import open_storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import add
storage = open_storage(sys.argv[1], {"timeout": "60"})
storage.find(Account)
add(storage, samples.account(sys.argv[2]))
storage.find(Account)
storage.close()
"""


def test_processes_that_come_and_go_leave_the_journal_to_others(tmp_path: Path) -> None:
    """Records of each process are visible to all, during their run and afterwards."""
    url = f"sqlite:///{tmp_path}/shared.sqlite"
    storage = open_storage(url, {"timeout": "60"})
    storage.upgrade()
    names = [f"{number:02}" for number in range(8)]
    for some in (names[:4], names[4:]):
        for process in [run(VISIT, url, name) for name in some]:
            assert output(process) == ""
        seen = [found.record.account_id for found in storage.walk(Account)]
        assert seen == names[: names.index(some[-1]) + 1]
    storage.close()
