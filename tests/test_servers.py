"""The servers that the tests stand on: they answer, and they end with the run."""

from __future__ import annotations

import redis
import sqlalchemy

from tests.servers import empty


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
