"""A server doesn't start on the schema of an earlier version, and says what is to be run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oauthprov.storage.sql.tables import REVISION
from tests import site as sites
from tests.cli.conftest import write_ini
from tests.faults.deployment import running
from tests.upgrades import first

PSERVE = Path(sys.executable).with_name("pserve")
SERVER = "[server:main]\nuse = egg:waitress#main\nlisten = 127.0.0.1:0\n"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the first schema."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/early.sqlite"
    else:
        url = str(request.getfixturevalue(f"{request.param}_url"))
    first.put(url, first.left(url))
    return url


@pytest.fixture
def ini(url: str, tmp_path: Path) -> Path:
    made = write_ini(tmp_path / "production.ini", sites.ini(url))
    made.write_text(made.read_text() + SERVER)
    return made


def test_pserve_does_not_start_on_an_older_schema_and_names_the_command(ini: Path) -> None:
    done = subprocess.run(  # noqa: S603
        [PSERVE, ini], capture_output=True, text=True, env={**os.environ, **running(None)}
    )
    assert done.returncode != 0
    assert f"is at revision {first.REVISION}, but this version needs {REVISION}" in done.stderr
    assert "run: oauthprov storage upgrade YOUR.ini" in done.stderr
