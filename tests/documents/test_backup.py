"""The commands of docs/backup.md, as they stand there: what was stored is there again."""

from __future__ import annotations

import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import URL, make_url

from oauthprov.records import KINDS, Record
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from oauthprov.storage.testing import samples
from tests import site as sites
from tests.cli.conftest import write_ini
from tests.documents import blocks
from tests.documents.serving import run
from tests.servers import empty, redis
from tests.servers.programs import missing, program
from tests.servers.run import free_port, until

PAGE = "docs/backup.md"


def lines() -> list[str]:
    """The lines of the page's commands."""
    return [line for block in blocks.of(PAGE, "sh") for line in block.text.splitlines()]


def command(program_name: str) -> str:
    """The line of the page that begins with this program."""
    found = next(line for line in lines() if line.split()[0] == program_name)
    return found if program(program_name) else missing(f"no {program_name} on PATH")


def fill(url: str) -> list[Record]:
    """Store a record of each kind, and return them."""
    records = [samples.fill(kind, samples.unique("slot.")) for kind in KINDS]
    storage = open_storage(url)
    storage.upgrade()
    empty(url)
    storage.commit(*map(Add, records), now=samples.NOW)
    storage.close()
    return records


def assert_kept(url: str, records: list[Record]) -> None:
    storage = open_storage(url)
    for record in records:
        stored = storage.get(type(record), record.storage_key)
        assert stored is not None
        assert stored.record == record
    assert storage.health().full is False
    storage.close()


def test_sqlite(tmp_path: Path):
    (tmp_path / "var").mkdir()
    url = f"sqlite:///{tmp_path}/var/oauthprov.sqlite"
    records = fill(url)
    run(tmp_path, "sh", "-c", command("sqlite3"))
    for file in (tmp_path / "var").iterdir():
        file.unlink()
    run(tmp_path, "sh", "-c", command("cp"))
    assert_kept(url, records)


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
    records = fill(postgresql_url)
    with another_database(make_url(postgresql_url)) as fresh:
        for program_name, url in (("pg_dump", make_url(postgresql_url)), ("pg_restore", fresh)):
            database = rendered(url.set(drivername="postgresql"))
            run(tmp_path, "sh", "-c", f"DATABASE='{database}'\n{command(program_name)}")
        assert_kept(rendered(fresh), records)


def test_mariadb(mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    url = make_url(mariadb_url)
    options = [f"host={url.host}", f"port={url.port}", f"user={url.username}", "protocol=tcp"]
    options += [f"password={url.password}"] if url.password else []
    (tmp_path / ".my.cnf").write_text("\n".join(["[client]", *options, ""]))
    monkeypatch.setenv("HOME", str(tmp_path))
    records = fill(mariadb_url)
    with another_database(url) as fresh:
        for program_name, at in (("mariadb-dump", url), ("mariadb", fresh)):
            line = re.sub(r" oauthprov ", f" {at.database} ", command(program_name))
            run(tmp_path, "sh", "-c", line)
        assert_kept(rendered(fresh), records)


@contextmanager
def serving(folder: Path, line: str) -> Iterator[None]:
    """Run a line of the page that starts Redis in a folder, until the end of the block."""
    command = [str(redis.binary()), *line.split()[1:]]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        yield
    finally:
        server.terminate()
        server.wait(30)


def test_redis(redis_url: str, tmp_path: Path):
    """Into a server with an append-only file, which would ignore the backup at its start."""
    records = fill(redis_url)
    dump, start, begin_file, state = (
        next(line for line in lines() if line.startswith(words))
        for words in ("redis-cli --rdb", "redis-server", "redis-cli CONFIG", "redis-cli INFO")
    )
    run(tmp_path, "sh", "-c", dump.replace("redis-cli", f"redis-cli -u {redis_url}"))
    port = free_port()
    settings = {"port": port, "databases": redis.DATABASES, "dbfilename": "oauthprov.rdb"}
    settings |= {"appendonly": "yes", "save": '""', "dir": tmp_path, "bind": "127.0.0.1"}
    conf = "".join(f"{name} {value}\n" for name, value in settings.items())
    (tmp_path / "redis.conf").write_text(conf)
    restored = f"redis://127.0.0.1:{port}/{redis_url.rpartition('/')[2]}"

    def redis_cli(line: str) -> str:
        return run(tmp_path, "sh", "-c", line.replace("redis-cli", f"redis-cli -p {port}"))

    def complete() -> None:
        told = redis_cli(state)
        assert "aof_rewrite_in_progress:0" in told
        assert "aof_last_bgrewrite_status:ok" in told

    with serving(tmp_path, start):
        until(lambda: assert_kept(restored, records))
        redis_cli(begin_file)
        until(complete)
    (tmp_path / "oauthprov.rdb").unlink()
    with serving(tmp_path, start.partition(" --")[0]):
        until(lambda: assert_kept(restored, records))


def test_what_an_old_backup_brings_back_to_life_is_ended_by_one_command(tmp_path: Path):
    """A revoked token and a used refresh token are good again, until that command is run."""
    (tmp_path / "var").mkdir()
    settings = sites.ini(f"sqlite:///{tmp_path}/var/oauthprov.sqlite")
    write_ini(tmp_path / "production.ini", settings)
    check, end = (
        block.text for block in blocks.of(PAGE, "sh") if "oauthprov" in block.text.split()[0]
    )
    run(tmp_path, "sh", "-ec", check)
    site = sites.standalone(settings)
    site.clock.now = int(time.time())
    alice = site.browser().sign_up("alice")
    app = site.app()
    tokens = app.tokens(alice)
    run(tmp_path, "sh", "-c", command("sqlite3"))
    assert app.refresh(tokens["refresh_token"]).status_int == 200
    app.revoke(tokens["access_token"])
    site.close()
    for file in (tmp_path / "var").iterdir():
        file.unlink()
    run(tmp_path, "sh", "-c", command("cp"))
    run(tmp_path, "sh", "-ec", check)
    site = sites.standalone(settings)
    site.clock.now = int(time.time()) + 60
    app.site = alice.site = site
    assert app.introspect(tokens["access_token"])["active"] is True
    run(tmp_path, "sh", "-c", end)
    assert app.introspect(tokens["access_token"])["active"] is False
    assert app.refresh(tokens["refresh_token"]).status_int == 400
    assert "alice" in site.browser().sign_in("alice").get("/account").text
    site.close()
