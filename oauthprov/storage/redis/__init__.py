"""The storage contract on Redis or Valkey, 6.2 or newer, on one server or a cluster."""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.storage.interface import Storage
from oauthprov.storage.redis.address import parse
from oauthprov.storage.redis.cluster import Cluster
from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.route import Route, Single
from oauthprov.storage.redis.storage import RedisStorage

__all__ = ["check", "open"]


def check(url: str, options: Mapping[str, str]) -> None:
    """Raise the errors that ``open`` would."""
    parse(url, options)


def open(url: str, options: Mapping[str, str]) -> Storage:
    """Return the storage at ``url``; it connects on first use.

    Schemes are ``redis``, ``rediss`` (TLS), ``unix``, and ``redis+cluster`` with one or more
    nodes, ``redis+cluster://host:port,host:port`` (``rediss+cluster`` with TLS). Options are
    ``key_prefix``, ``connect_timeout`` and ``read_timeout`` in seconds, and ``max_connections``
    to each server. Raises ValueError for an invalid URL or option.
    """
    address = parse(url, options)
    route: Route = Cluster(address) if address.nodes else Single(Connections(address))
    return RedisStorage(route, address.prefix, address.place)
