"""The URL and the options of Redis storage."""

from __future__ import annotations

import pytest
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection

from oauthprov.storage.redis import open
from oauthprov.storage.redis.address import parse


@pytest.mark.parametrize(
    ("url", "kind", "told"),
    [
        ("redis://", Connection, {}),
        ("redis://[::1]:7000/3", Connection, {"host": "::1", "port": 7000, "db": 3}),
        ("redis://a:b%40@h", Connection, {"host": "h", "username": "a", "password": "b@"}),
        ("rediss://h", SSLConnection, {"host": "h"}),
        ("unix:///run/redis?db=2", UnixDomainSocketConnection, {"path": "/run/redis", "db": 2}),
    ],
)
def test_the_url_of_one_server_is_parsed(
    url: str, kind: type[Connection], told: dict[str, object]
) -> None:
    address = parse(url, {})
    assert address.connection_class is kind
    assert address.nodes == ()
    assert told.items() <= address.connection.items()


def test_the_url_of_a_cluster_is_parsed_into_its_nodes() -> None:
    url = "rediss+cluster://a:b@one:1,two,[::1]:3/?ssl_ca_certs=/ca.pem"
    address = parse(url, {"key_prefix": "other", "read_timeout": "1.5"})
    assert address.nodes == (("one", 1), ("two", 6379), ("::1", 3))
    assert address.connection_class is SSLConnection
    assert address.prefix == "other"
    told = {"password": "b", "ssl_ca_certs": "/ca.pem", "socket_timeout": 1.5}
    assert told.items() <= address.connection.items()


@pytest.mark.parametrize(
    ("url", "options", "complaint"),
    [
        ("redis://h/?colour=red", {}, "query"),
        ("redis://h/?db=x", {}, "db"),
        ("http://h", {}, "redis"),
        ("redis+cluster://h/1", {}, "database 0"),
        ("redis+cluster://", {}, "host:port"),
        ("redis+cluster://one,,two", {}, "host:port"),
        ("redis://h", {"colour": "red"}, "colour"),
        ("redis://h", {"key_prefix": "a{b}"}, "key_prefix"),
        ("redis://h", {"key_prefix": ""}, "key_prefix"),
        ("redis://h", {"read_timeout": "0"}, "read_timeout"),
        ("redis://h", {"connect_timeout": "nan"}, "connect_timeout"),
        ("redis://h", {"max_connections": "many"}, "max_connections"),
    ],
)
def test_an_invalid_url_or_option_is_refused(
    url: str, options: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        open(url, options)


@pytest.mark.parametrize("url", ["redis://:to-hide@h:port", "redis://:to-hide@h/?x=1"])
def test_an_error_shows_no_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        open(url, {})
    assert "to-hide" not in f"{caught.value} {caught.value.__cause__}"
    assert "to-hide" not in repr(parse("redis://:to-hide@h", {}))
