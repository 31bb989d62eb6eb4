"""What open_storage makes of a URL, and what it leaves unimported."""

from __future__ import annotations

import stat
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import oauthprov.storage
from oauthprov.records import Account
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from oauthprov.storage.sql.storage import SQLStorage

ALICE = Account("id", "alice", 1)


KNOWN = ("'cgi' is deprecated", "pkg_resources is deprecated", "Deprecated call to")
"""What Pyramid and WebOb warn of, as setup.cfg says for the tests themselves."""


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Run Python code in a process of its own."""
    options = ["-W", "error", *(part for known in KNOWN for part in ("-W", f"ignore:{known}"))]
    command = [sys.executable, *options, "-c", program, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603


def output(process: subprocess.Popen[str]) -> str:
    """What the process printed, once it has ended well."""
    told = process.communicate()[0]
    assert process.returncode == 0
    return told


@pytest.mark.parametrize(
    ("url", "family"),
    [
        ("sqlite://", "sqlite"),
        ("sqlite:////var/lib/oauthprov.sqlite", "sqlite"),
        ("postgresql://alice:s3cret@db.example/oauth", "postgresql"),
        ("postgresql+psycopg://alice:s3cret@db.example/oauth", "postgresql"),
        ("mysql+pymysql://alice:s3cret@db.example/oauth", "mariadb"),
        ("mariadb+pymysql://alice:s3cret@db.example/oauth", "mariadb"),
    ],
)
def test_a_scheme_picks_the_engine_and_nothing_connects(url: str, family: str) -> None:
    storage = open_storage(url)
    assert isinstance(storage, SQLStorage)
    assert storage.engines.family == family


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("oracle://alice:s3cret@db/x", "the URL's scheme is unknown.* postgresql"),
        ("alice:s3cret@db", "must begin with one of sqlite://"),
        ("mysql://alice:s3cret@db/x", "the URL's scheme is unknown"),
        ("postgresql://alice:s3cret@db:port/x", "can't be read"),
    ],
)
def test_a_bad_url_is_refused_without_showing_it(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        open_storage(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"colour": "red"}, "colour is no option of this storage, which has timeout, pool_size"),
        ({"timeout": "soon"}, "timeout must be a whole number above 0"),
        ({"timeout": "0"}, "timeout must be a whole number above 0"),
        ({"pool_size": "-1"}, "pool_size must be a whole number above 0"),
        ({"synchronous": "off"}, "synchronous must be full or normal"),
    ],
)
def test_a_bad_option_is_refused(options: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        open_storage("sqlite://", options)


@pytest.mark.parametrize("synchronous", ["full", "normal"])
def test_durability_of_sqlite_is_an_option(tmp_path: Path, synchronous: str) -> None:
    storage = open_storage(f"sqlite:///{tmp_path}/a", {"synchronous": synchronous})
    storage.upgrade()
    facts, health = storage.describe(), storage.health()
    storage.close()
    assert (facts["journal_mode"], facts["synchronous"]) == ("wal", synchronous)
    assert bool(health.warnings) == (synchronous == "normal")
    assert ("survives" in facts["durability"]) == (synchronous == "full")


def test_a_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path}/a.sqlite")
    storage.upgrade()
    storage.commit(Add(ALICE), now=1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    storage.close()
    assert modes == dict.fromkeys(("a.sqlite", "a.sqlite-wal", "a.sqlite-shm"), 0o600)


def test_a_missing_driver_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['pymysql'] = None\n"
        "from oauthprov.storage import open_storage\n"
        "try: open_storage('mysql+pymysql://alice:s3cret@db/x')\n"
        "except ValueError as error: print(error)"
    )
    told = output(run(program))
    assert told.strip().endswith("pip install 'oauthprov[mysql]'")
    assert "s3cret" not in told


def test_a_process_on_sql_imports_neither_redis_nor_alembic() -> None:
    program = (
        "import sys; from oauthprov.storage import open_storage\n"
        "storage = open_storage('sqlite://'); storage.ping(); storage.close()\n"
        "print(*{'redis', 'alembic', 'psycopg', 'pymysql'} & {*sys.modules}, 'sqlalchemy')"
    )
    assert output(run(program)).split() == ["sqlalchemy"]


def test_choosing_a_backend_imports_none() -> None:
    program = (
        "import sys, oauthprov.storage\n"
        "print(*{'redis', 'sqlalchemy'} & {*sys.modules}, 'nothing')"
    )
    assert output(run(program)).split() == ["nothing"]


def test_a_third_party_adds_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("sky", f"{__name__}:opened_by_sky", oauthprov.storage.GROUP)

    def installed(group: str, name: str = "sky") -> list[EntryPoint]:
        return [entry] if (group, name) == (entry.group, entry.name) else []

    monkeypatch.setattr(oauthprov.storage, "entry_points", installed)
    assert open_storage("sky://high", {"blue": "yes"}) == ("sky://high", {"blue": "yes"})
    with pytest.raises(ValueError, match="sky://"):
        open_storage("sea://deep")


def opened_by_sky(url: str, options: dict[str, str]) -> tuple[str, dict[str, str]]:
    return url, options
