"""The servers that the tests stand on: they answer, and they end with the run."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
import sqlalchemy

from tests.servers import empty
from tests.servers.programs import missing
from tests.servers.redis import GIVEN, binary
from tests.servers.run import DIRECTORY, until

ROOT = Path(__file__).parent.parent
OTHER_RUN = """
import sys
from urllib.parse import urlsplit
from tests.servers import redis
from tests.servers.redis import GIVEN, binary
from tests.servers.run import Run
run = Run()
print(urlsplit(redis.url(run)).port, run.directory, flush=True)
sys.stdin.read()
run.close()
"""

DRAWING = """
from tests.servers.run import free_port
print(*(free_port() for _ in range(300)))
"""


def test_a_run_hands_out_each_port_once_among_all_its_workers(tmp_path: Path) -> None:
    worker = [sys.executable, "-c", DRAWING]
    environment = {**os.environ, DIRECTORY: str(tmp_path)}
    both = [
        subprocess.Popen(worker, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    ports = [port for process in both for port in process.communicate()[0].split()]
    assert len(set(ports)) == len(ports) == 600


def test_redis_answers_and_empties(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("name", "alice")
        empty(redis_url)
        assert client.dbsize() == 0


def test_cluster_answers_and_empties(redis_cluster_url: str) -> None:
    url = redis_cluster_url.replace("redis+cluster", "redis")
    with redis.RedisCluster.from_url(url) as client:
        for number in range(20):
            client.set(f"name{number}", "alice")
        assert len(client.get_primaries()) == 3
        empty(redis_cluster_url)
        assert client.dbsize(target_nodes=client.PRIMARIES) == 0


def test_postgresql_answers_and_empties(postgresql_url: str) -> None:
    answers_and_empties(postgresql_url)


def test_mariadb_answers_and_empties(mariadb_url: str) -> None:
    answers_and_empties(mariadb_url)


def answers_and_empties(url: str) -> None:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE person (name VARCHAR(20))"))
        connection.execute(sqlalchemy.text("INSERT INTO person VALUES ('alice')"))
    try:
        empty(url)
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT count(*) FROM person")) == 0
    finally:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DROP TABLE person"))
        engine.dispose()


@pytest.mark.parametrize("end", ["close", "kill"])
def test_servers_end_with_their_run(end: str) -> None:
    binary()
    inherited = {key: value for key, value in os.environ.items() if key not in (DIRECTORY, GIVEN)}
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", OTHER_RUN],
        cwd=ROOT,
        env=inherited,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        port, directory = run.stdout.readline().split()
        assert Path(directory).exists()
        socket.create_connection(("127.0.0.1", int(port))).close()
        if end == "kill":
            run.kill()
    until(lambda: expect_gone(int(port), Path(directory)))


def expect_gone(port: int, directory: Path) -> None:
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
    assert not directory.exists()


def test_a_missing_server_is_a_loud_skip_or_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OAUTHPROV_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no redis-server"):
        missing("no redis-server")
    monkeypatch.setenv("OAUTHPROV_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="no redis-server"):
        missing("no redis-server")
