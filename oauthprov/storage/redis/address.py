"""The address of Redis and the options of its use, from the settings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, parse_url
from redis.retry import Retry

from oauthprov.storage import unreachable
from oauthprov.storage.options import WrongOptions, unknown

CLUSTERS = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
DEFAULTS = {
    "key_prefix": "oauthprov",
    "connect_timeout": "2",
    "read_timeout": "5",
    "max_connections": "64",
}
PREFIX = re.compile(r"[A-Za-z0-9_.:/-]+")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed URL with its options.

    ``connection`` are the arguments of ``connection_class``; ``nodes`` are the hosts and ports of
    a cluster, empty for a single server. ``timeout`` is the limit of a whole exchange,
    ``connect_timeout`` the limit of connecting, both in seconds.
    """

    connection_class: type[Connection]
    connection: Mapping[str, Any] = field(repr=False)
    nodes: tuple[tuple[str, int], ...]
    prefix: str
    max_connections: int
    timeout: float
    connect_timeout: float

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return issubclass(self.connection_class, SSLConnection)

    @property
    def place(self) -> str:
        """The server or cluster and its address, for a sentence; no user, password or option."""
        if self.nodes:
            nodes = ", ".join(unreachable.address(*node) for node in self.nodes)
            return f"the Redis Cluster at {nodes}"
        path = self.connection.get("path")
        if path is not None:
            return f"Redis at {path}"
        host, port = self.connection.get("host", "localhost"), self.connection.get("port", 6379)
        return f"Redis at {unreachable.address(host, port, str(self.connection.get('db', 0)))}"


def parse(url: str, options: Mapping[str, str]) -> Address:
    """Parse a URL and options. Raises ValueError, without the URL in it, for an invalid one.

    redis-py defines the query of the URL. Options are ``key_prefix``, ``connect_timeout`` and
    ``read_timeout`` (seconds), and ``max_connections`` (to each server).
    """
    given = _checked(options)
    nodes, url = _nodes(url)
    _check_database(url)
    arguments = parse_url(url)
    connection_class = arguments.pop("connection_class", Connection)
    timeout, connect_timeout = float(given["read_timeout"]), float(given["connect_timeout"])
    arguments |= {
        # Longer than our own timeout, which reports an unanswered call.
        "socket_connect_timeout": connect_timeout + 1,
        "socket_timeout": timeout,
        "protocol": 2,
        # A commit whose reply was lost must not be sent again: it would conflict with itself.
        "retry": Retry(NoBackoff(), 0),
    }
    if nodes and arguments.pop("db", 0) != 0:
        raise ValueError("a Redis Cluster has only database 0")
    try:
        connection_class(**arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "the query of the Redis URL has an unknown or invalid parameter"
        ) from error
    limit = int(float(given["max_connections"]))
    return Address(
        connection_class, arguments, nodes, given["key_prefix"], limit, timeout, connect_timeout
    )


def _check_database(url: str) -> None:
    """Raise ValueError for a database that is no number, which redis-py takes for database 0."""
    parts = urlsplit(url)
    named = "" if parts.scheme == "unix" else parts.path.strip("/")
    if named and not named.isdecimal():
        raise ValueError("the path of the Redis URL isn't the number of a database")


def _nodes(url: str) -> tuple[tuple[tuple[str, int], ...], str]:
    """Return the nodes that a cluster's URL names, and the URL with only the first of them."""
    scheme, _, rest = url.partition("://")
    if scheme not in CLUSTERS:
        return (), url
    end = re.search(r"[/?]|$", rest)
    at = end.start() if end else len(rest)
    credentials, sign, hosts = rest[:at].rpartition("@")
    single = [
        parse_url(f"{CLUSTERS[scheme]}://{credentials}{sign}{host}{rest[at:]}")
        for host in hosts.split(",")
    ]
    nodes = tuple((one.get("host", ""), one.get("port", 6379)) for one in single)
    if not all(host for host, _ in nodes):
        raise ValueError("a Redis Cluster URL must name its nodes: host:port,host:port")
    return nodes, f"{CLUSTERS[scheme]}://{credentials}{sign}{hosts.split(',')[0]}{rest[at:]}"


def _checked(options: Mapping[str, str]) -> dict[str, str]:
    """Return the options with their defaults. Raises WrongOptions with all problems."""
    problems, given = unknown(options, DEFAULTS), {**DEFAULTS, **options}
    if not PREFIX.fullmatch(given["key_prefix"]):
        problems["key_prefix"] = "may hold only letters, digits and _ . : / -"
    for name in ("connect_timeout", "read_timeout", "max_connections"):
        if not _is_positive(given[name]):
            problems[name] = "must be a number above 0"
    if problems:
        raise WrongOptions(problems)
    return given


def _is_positive(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False
