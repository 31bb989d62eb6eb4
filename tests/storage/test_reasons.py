"""A storage that can't be used says why and where, on every real engine, and keeps its secrets."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pymysql.err import OperationalError
from sqlalchemy import URL, make_url

from oauthprov.storage import open_storage
from oauthprov.storage.interface import StorageError
from oauthprov.storage.sql.reasons import reason
from tests.conftest import RUN
from tests.fetch.server import Authority
from tests.servers import mariadb, postgresql
from tests.servers.programs import worker
from tests.servers.redis import apart
from tests.servers.run import free_port

HUSH = "hush-hush"
REFUSED = "refuses the connection: no server listens there"
PASSWORD = "refuses the user name or the password"
NO_DATABASE = "has no such database"
UNKNOWN_HOST = "can't be found: the host name is unknown"


@pytest.fixture(scope="session")
def locked_postgresql_url(pytestconfig: pytest.Config) -> str:
    """A PostgreSQL whose user ``locked`` needs a password."""

    def start(home: Path) -> str:
        return postgresql.lock(postgresql.start(home), home, HUSH)

    return pytestconfig.stash[RUN].once(f"postgresql-locked-{worker()}", start)


@pytest.fixture(scope="session")
def locked_mariadb_url(pytestconfig: pytest.Config) -> str:
    """A MariaDB whose user ``locked`` needs a password."""

    def start(home: Path) -> str:
        return mariadb.start(home, HUSH)

    return pytestconfig.stash[RUN].once(f"mariadb-locked-{worker()}", start)


@pytest.fixture(scope="session")
def locked_redis_url(pytestconfig: pytest.Config) -> str:
    """A Redis that needs a password."""
    url = apart(pytestconfig.stash[RUN], "locked")
    with redis.Redis.from_url(url) as client:
        client.config_set("requirepass", HUSH)
    return url.replace("redis://", f"redis://:{HUSH}@") + "/0"


@pytest.fixture(params=["postgresql", "mariadb", "redis"])
def server(request: pytest.FixtureRequest) -> URL:
    """The URL of a server that demands a password, with the right one in it."""
    return make_url(request.getfixturevalue(f"locked_{request.param}_url"))


def text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def why(url: str | URL, options: dict[str, str] | None = None) -> str:
    """What the storage says when it is used."""
    storage = open_storage(url if isinstance(url, str) else text(url), options)
    try:
        with pytest.raises(StorageError) as failed:
            storage.health()
    finally:
        storage.close()
    said = str(failed.value)
    assert HUSH not in said
    return said


def where(url: URL) -> str:
    names = {"postgresql+psycopg": "PostgreSQL", "mysql+pymysql": "MariaDB"}
    return f"{names.get(url.drivername, 'Redis')} at {url.host}:{url.port}/{url.database}"


def test_a_port_where_nothing_listens(server: URL) -> None:
    url = server.set(port=free_port())
    assert why(url) == f"{where(url)} {REFUSED}"


def test_an_unknown_host(server: URL) -> None:
    url = server.set(host="nowhere.invalid")
    assert why(url) == f"{where(url)} {UNKNOWN_HOST}"


def test_a_wrong_password(server: URL) -> None:
    url = server.set(password=f"not-{HUSH}")
    assert why(url) == f"{where(url)} {PASSWORD}"


def test_no_password(server: URL) -> None:
    url = server._replace(password=None)
    assert why(url) == f"{where(url)} {PASSWORD}"


def test_an_unknown_database(server: URL) -> None:
    url = server.set(database="9999" if server.drivername == "redis" else "nothing")
    known = NO_DATABASE
    if server.drivername.startswith("mysql"):
        # It doesn't tell a user without rights which databases there are.
        known = "doesn't let this user do that: the user lacks a right there"
    assert why(url) == f"{where(url)} {known}"


def test_an_unknown_database_of_mariadb(mariadb_url: str) -> None:
    url = make_url(mariadb_url).set(database="nothing")
    assert why(url) == f"{where(url)} {NO_DATABASE}"


def test_a_user_without_rights_on_the_tables(locked_postgresql_url: str) -> None:
    url = make_url(locked_postgresql_url)
    storage = open_storage(text(url))
    with pytest.raises(StorageError) as failed:
        storage.upgrade()
    storage.close()
    assert "the user lacks a right there" in str(failed.value)


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_does_not_answer(server: URL, mute: int) -> None:
    url = server.set(port=mute)
    option = "read_timeout" if url.drivername == "redis" else "timeout"
    assert why(url, {option: "1"}) == f"{where(url)} didn't answer in time"


def test_a_server_without_tls(postgresql_url: str, mariadb_url: str) -> None:
    words = "doesn't offer TLS, which the storage URL asks for"
    for text_, query in (
        (postgresql_url, {"sslmode": "require"}),
        (mariadb_url, {"ssl_verify_cert": "true"}),
    ):
        url = make_url(text_).set(query=query)
        assert why(url) == f"{where(url)} {words}"


def test_a_certificate_that_is_not_trusted(pytestconfig: pytest.Config) -> None:
    run = pytestconfig.stash[RUN]
    folder = run.directory / f"untrusted-{worker()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    Authority(folder).context("localhost")
    port, pem = free_port(), str(folder / "localhost.pem")
    with redis.Redis.from_url(apart(run, "untrusted")) as client:
        for name, value in {
            "tls-cert-file": pem,
            "tls-key-file": pem,
            "tls-ca-cert-file": pem,
            "tls-auth-clients": "no",
            "tls-port": str(port),
        }.items():
            client.config_set(name, value)
    said = why(f"rediss://localhost:{port}/0")
    assert said == f"Redis at localhost:{port}/0 shows a certificate that isn't trusted here"


def test_what_is_no_redis_and_what_is_no_cluster(redis_url: str, mariadb_url: str) -> None:
    port = make_url(mariadb_url).port
    assert why(f"redis://127.0.0.1:{port}/0").endswith("answers, but isn't a Redis server")
    port = make_url(redis_url).port
    said = why(f"redis+cluster://127.0.0.1:{port}")
    assert said == (
        f"the Redis Cluster at 127.0.0.1:{port} is no cluster: its URL begins with redis:// or"
        " rediss://"
    )
    closed = free_port()
    said = why(f"redis+cluster://127.0.0.1:{closed},127.0.0.1:{closed}")
    assert said == f"the Redis Cluster at 127.0.0.1:{closed}, 127.0.0.1:{closed} {REFUSED}"


def test_a_password_for_a_redis_without_one(redis_url: str) -> None:
    url = make_url(redis_url).set(username="", password=HUSH)
    assert why(url) == f"{where(url)} has no password, but the storage URL has one"


def test_files_that_sqlite_cannot_use(tmp_path: Path) -> None:
    folder, other = tmp_path / "folder", tmp_path / "text"
    folder.mkdir()
    other.write_text("something else " * 100)
    missing = tmp_path / "nowhere" / "data.sqlite"
    assert why(f"sqlite:///{missing}") == (
        f"the SQLite file {missing} can't be opened or created: there is no folder"
        f" {missing.parent}"
    )
    assert why(f"sqlite:///{folder}").endswith("can't be opened: it is a folder")
    assert why(f"sqlite:///{other}") == f"the SQLite file {other} isn't an SQLite database"


def test_a_parameter_of_the_url_is_not_repeated(locked_postgresql_url: str) -> None:
    url = make_url(locked_postgresql_url).set(port=free_port())
    said = why(url.update_query_dict({"application_name": HUSH}))
    assert said == f"{where(url)} {REFUSED}"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (TimeoutError("timed out"), "didn't answer in time"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "closed the connection"),
        (None, "closed the connection"),
    ],
)
@pytest.mark.parametrize("code", [2006, 2013])
def test_a_connection_that_the_driver_lost_has_the_reason_of_its_cause(code, cause, words):
    lost = OperationalError(code, "Lost connection to MySQL server during query")
    lost.__cause__ = cause
    assert reason(lost, code, None) == words
