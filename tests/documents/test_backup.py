"""The commands of docs/backup.md, as they stand there: what was stored is there again."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import URL, make_url

from oauthprov.records import ReplayMark
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from tests.documents import blocks
from tests.documents.serving import run
from tests.servers import redis
from tests.servers.programs import missing, program
from tests.servers.run import free_port, until

PAGE = "docs/backup.md"
NOW = 1_800_000_000


def command(program_name: str) -> str:
    """The line of the page that begins with this program."""
    lines = (line for block in blocks.of(PAGE, "sh") for line in block.text.splitlines())
    found = next(line for line in lines if line.split()[0] == program_name)
    return found if program(program_name) else missing(f"no {program_name} on PATH")


def fill(url: str) -> str:
    """Store a record; return its key."""
    storage = open_storage(url)
    storage.upgrade()
    key = f"backup.{secrets.token_hex(8)}"
    storage.commit(Add(ReplayMark(key=key, expires_at=NOW + 60)), now=NOW)
    storage.close()
    return key


def assert_kept(url: str, key: str) -> None:
    storage = open_storage(url)
    assert storage.get(ReplayMark, key) is not None
    assert storage.health().full is False
    storage.close()


def test_sqlite(tmp_path: Path):
    (tmp_path / "var").mkdir()
    url = f"sqlite:///{tmp_path}/var/oauthprov.sqlite"
    key = fill(url)
    run(tmp_path, "sh", "-c", command("sqlite3"))
    for file in (tmp_path / "var").iterdir():
        file.unlink()
    run(tmp_path, "sh", "-c", command("cp"))
    assert_kept(url, key)


@contextmanager
def another_database(url: URL) -> Iterator[URL]:
    """Create an empty database beside that of ``url``."""
    name = f"restored_{secrets.token_hex(4)}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
        try:
            yield url.set(database=name)
        finally:
            connection.execute(sqlalchemy.text(f"DROP DATABASE {name}"))
    engine.dispose()


def rendered(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def test_postgresql(postgresql_url: str, tmp_path: Path):
    key = fill(postgresql_url)
    with another_database(make_url(postgresql_url)) as empty:
        for program_name, url in (("pg_dump", make_url(postgresql_url)), ("pg_restore", empty)):
            database = rendered(url.set(drivername="postgresql"))
            run(tmp_path, "sh", "-c", f"DATABASE='{database}'\n{command(program_name)}")
        assert_kept(rendered(empty), key)


def test_mariadb(mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    url = make_url(mariadb_url)
    options = [f"host={url.host}", f"port={url.port}", f"user={url.username}", "protocol=tcp"]
    options += [f"password={url.password}"] if url.password else []
    (tmp_path / ".my.cnf").write_text("\n".join(["[client]", *options, ""]))
    monkeypatch.setenv("HOME", str(tmp_path))
    key = fill(mariadb_url)
    with another_database(url) as empty:
        for program_name, at in (("mariadb-dump", url), ("mariadb", empty)):
            line = re.sub(r" oauthprov ", f" {at.database} ", command(program_name))
            run(tmp_path, "sh", "-c", line)
        assert_kept(rendered(empty), key)


def test_redis(redis_url: str, tmp_path: Path):
    key = fill(redis_url)
    line = command("redis-cli").replace("redis-cli", f"redis-cli -u {redis_url}")
    run(tmp_path, "sh", "-c", line)
    port = free_port()
    options = ("--port", str(port), "--databases", str(redis.DATABASES), "--appendonly", "no")
    files = ("--dir", str(tmp_path), "--dbfilename", "oauthprov.rdb")
    server = subprocess.Popen(  # noqa: S603 - a server of ours
        [redis.binary(), *options, *files], stdout=subprocess.DEVNULL, env=os.environ
    )
    try:
        restored = f"redis://127.0.0.1:{port}/{redis_url.rpartition('/')[2]}"
        until(lambda: assert_kept(restored, key), lambda: server.poll() is None)
    finally:
        server.terminate()
        server.wait(30)
