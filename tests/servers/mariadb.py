"""A MariaDB server, with a database for each worker."""

from __future__ import annotations

import os
from pathlib import Path

import pymysql

from tests.servers.postgresql import own_database
from tests.servers.programs import missing, program
from tests.servers.run import Run, free_port, prepare, serve

USER = "mysql"


def url(run: Run) -> str:
    """Return the SQLAlchemy URL of this worker's database."""
    server = os.environ.get("OAUTHPROV_TEST_MARIADB_URL") or run.once("mariadb", start)
    exists = "SELECT 1 FROM information_schema.schemata WHERE schema_name = :name"
    return own_database(server, exists)


def start(home: Path) -> str:
    server, install = program("mariadbd"), program("mariadb-install-db")
    if server is None or install is None:
        missing("no mariadbd and mariadb-install-db on PATH")
    port = free_port()
    data = home / "data"
    prepare([install, "--no-defaults", "--skip-test-db", f"--datadir={data}"], home, USER)

    def answers() -> None:
        pymysql.connect(host="127.0.0.1", port=port, user="root").close()

    settings = {
        "datadir": data,
        "socket": home / "socket",
        "pid-file": home / "pid",
        "port": port,
        "bind-address": "127.0.0.1",
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-fast-shutdown": 2,
        "max-connections": 400,
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    serve([server, "--no-defaults", "--skip-grant-tables", *flags], home, USER, answers)
    return f"mysql+pymysql://root@127.0.0.1:{port}/mysql"
