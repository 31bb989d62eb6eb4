"""Real stores, as the comparison starts and ends them."""

from __future__ import annotations

import psycopg
import pytest
import redis

from bench.compare import processes, stores
from tests.servers.run import Run


@pytest.fixture
def run(monkeypatch):
    monkeypatch.delenv("OAUTHPROV_TEST_RUN", raising=False)
    opened = Run()
    yield opened
    opened.close()


def test_redis_writes_a_file_each_second_and_ends_at_once(run):
    store = stores.start(run, "one", "redis")
    assert store.pid
    with redis.Redis.from_url(store.url, decode_responses=True) as client:
        settings = client.config_get("append*")
        client.set("a", "token")
    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "everysec")
    assert store.records() == 1
    store.end()
    assert not processes.runs(store.pid)


def test_postgresql_is_as_durable_as_by_default_and_ends_at_once(run):
    store = stores.start(run, "one", "postgresql")
    assert store.pid
    with psycopg.connect(store.url) as connection:
        for name in ("fsync", "synchronous_commit"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)
        connection.execute("CREATE TABLE tokens (token text)")
        connection.execute("INSERT INTO tokens VALUES ('a'), ('b')")
        connection.commit()
        assert store.records() == 2
        store.end()  # with a connection that is open
    assert not processes.runs(store.pid)


def test_sqlite_is_a_file_that_goes_with_the_run(run):
    store = stores.start(run, "one", "sqlite")
    assert store.pid is None
    assert store.home.is_dir()
    store.end()
    assert not store.home.exists()
