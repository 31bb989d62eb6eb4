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


def start(home: Path, password: str | None = None) -> str:
    """Start a server that lets everybody in or, given a password, only the user ``locked``."""
    server, install = program("mariadbd"), program("mariadb-install-db")
    if server is None or install is None:
        missing("no mariadbd and mariadb-install-db on PATH")
    port = free_port()
    data = home / "data"
    prepare([install, "--no-defaults", "--skip-test-db", f"--datadir={data}"], home, USER)

    user = "root" if password is None else "locked"

    def answers() -> None:
        pymysql.connect(host="127.0.0.1", port=port, user=user, password=password or "").close()

    admits = "--skip-grant-tables"
    if password is not None:
        first = home / "first.sql"
        first.write_text(f"CREATE USER locked IDENTIFIED BY '{password}';\n", "utf-8")
        admits = f"--init-file={first}"

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
    serve([server, "--no-defaults", admits, *flags], home, USER, answers)
    login = user if password is None else f"{user}:{password}"
    # The server has no TLS; for each connection PyMySQL would read all authorities to offer it.
    return f"mysql+pymysql://{login}@127.0.0.1:{port}/mysql?ssl_disabled=true"
