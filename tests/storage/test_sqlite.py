"""The contract on a SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from oauthprov.records import Account
from oauthprov.storage import open_storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import add
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


def test_a_process_that_ends_leaves_the_journal_to_others(tmp_path: Path) -> None:
    """Records of a process stay seen, and its own are stored, when another one comes and goes."""
    url = f"sqlite:///{tmp_path}/shared.sqlite"
    storage = open_storage(url)
    storage.upgrade()
    add(storage, samples.account("mine"))
    assert storage.get(Account, "mine") is not None
    program = (
        "import sys; from oauthprov.storage import open_storage;"
        "from oauthprov.storage.testing import samples; from oauthprov.storage.testing.expecting"
        " import add; storage = open_storage(sys.argv[1]);"
        " add(storage, samples.account('theirs')); storage.close()"
    )
    assert output(run(program, url)) == ""
    assert storage.get(Account, "theirs") is not None
    add(storage, samples.account("late"))
    storage.close()
    again = open_storage(url)
    assert [found.record.account_id for found in again.walk(Account)] == ["late", "mine", "theirs"]
    again.close()
