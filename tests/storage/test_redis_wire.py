"""Replies that arrive in pieces, or too slowly, and requests that the server doesn't read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from oauthprov.records import Client
from oauthprov.storage.interface import Add, Storage, StorageError
from oauthprov.storage.redis import open
from oauthprov.storage.redis.wire import READ, packed
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.samples import NOW
from tests.servers import empty
from tests.storage.proxy import Proxy


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    empty(redis_url)
    parts = urlsplit(redis_url)
    with Proxy((parts.hostname or "", parts.port or 0)) as proxy:
        yield proxy


@pytest.fixture
def storage(redis_url: str, proxy: Proxy) -> Iterator[Storage]:
    """The storage behind the proxy, connected, with a short deadline."""
    url = urlsplit(redis_url)._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()
    storage = open(url, {"read_timeout": "1"})
    storage.commit(Add(samples.client("app")), now=NOW)
    yield storage
    storage.close()


def test_a_command_is_an_array_of_strings_with_their_lengths() -> None:
    assert packed((b"GET", b"\xc3\xa4\r\n")) == b"*2\r\n$3\r\nGET\r\n$4\r\n\xc3\xa4\r\n\r\n"


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_a_reply_in_pieces_is_read_whole(storage: Storage, proxy: Proxy, pieces: int) -> None:
    proxy.pieces = pieces
    found = storage.get_many([(Client, "app"), (Client, "nobody"), (Client, "app")])
    assert [one and one.record.storage_key for one in found] == ["app", None, "app"]


def test_a_reply_larger_than_one_read_is_read_whole(storage: Storage) -> None:
    large = replace(samples.client("large"), name="n" * (3 * READ))
    storage.commit(Add(large), now=NOW)
    found = storage.get_many([(Client, "large")] * 3)
    assert [one and one.record for one in found] == [large] * 3


def test_a_reply_that_arrives_byte_by_byte_does_not_outlast_the_deadline(
    storage: Storage, proxy: Proxy
) -> None:
    proxy.pieces, proxy.pause = 1, 0.1
    with pytest.raises(StorageError, match="in time"):
        storage.get(Client, "app")


def test_a_commit_that_the_server_does_not_read_does_not_outlast_the_deadline(
    storage: Storage, proxy: Proxy
) -> None:
    proxy.read_nothing()
    large = [replace(samples.client(f"id{n}"), name="n" * 400_000) for n in range(100)]
    with pytest.raises(StorageError, match="in time"):
        storage.commit(*map(Add, large), now=NOW)
