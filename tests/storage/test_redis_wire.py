"""Replies that arrive in pieces, or too slowly, and requests that the server doesn't read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from redis.exceptions import NoScriptError, ResponseError

from oauthprov.records import Client
from oauthprov.storage.interface import Add, Storage, StorageError
from oauthprov.storage.redis import connections, open, wire
from oauthprov.storage.redis.address import parse
from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.wire import READ
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


@pytest.fixture(autouse=True, params=["plain", "hiredis"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether hiredis is installed, which it is for these tests."""
    assert wire.Wire is not wire.PlainWire
    if request.param == "plain":
        monkeypatch.setattr(connections, "Wire", wire.PlainWire)
        monkeypatch.setattr(connections, "packed", wire.plain_packed)
    return request.param


@pytest.fixture
def storage(redis_url: str, proxy: Proxy) -> Iterator[Storage]:
    """The storage behind the proxy, connected, with a short deadline."""
    url = urlsplit(redis_url)._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()
    storage = open(url, {"read_timeout": "1"})
    storage.commit(Add(samples.client("app")), now=NOW)
    yield storage
    storage.close()


def test_a_command_is_an_array_of_strings_with_their_lengths() -> None:
    command = b"GET", b"\xc3\xa4\r\n", b""
    assert connections.packed(command) == b"*3\r\n$3\r\nGET\r\n$4\r\n\xc3\xa4\r\n\r\n$0\r\n\r\n"


def test_each_kind_of_reply_is_read(redis_url: str) -> None:
    server = Connections(parse(redis_url, {}))
    replies = server.calls(
        [
            (b"PING",),
            (b"EVAL", b"return {1, 'a', {false, redis.status_reply('OK')}}", b"0"),
            (b"EVAL", b"return {}", b"0"),
            (b"GET", b"no such name"),
            (b"NO SUCH COMMAND",),
            (b"EVALSHA", b"0" * 40, b"0"),
            (b"ECHO", b"\r\n-ERR \xff"),
        ]
    )
    assert replies[:4] == [b"PONG", [1, b"a", [None, b"OK"]], [], None]
    assert [type(reply) for reply in replies[4:6]] == [ResponseError, NoScriptError]
    assert replies[6] == b"\r\n-ERR \xff"
    with pytest.raises(ResponseError):
        server.call(b"NO SUCH COMMAND")
    assert server.call(b"PING") == b"PONG"
    server.close()


def test_a_reply_that_nobody_waits_for_is_given_to_nobody(redis_url: str) -> None:
    server = Connections(parse(redis_url, {}))
    two = connections.packed((b"ECHO", b"first")) + connections.packed((b"ECHO", b"second"))
    assert server._exchange(two, 1, again=False) == [b"first"]
    assert server.call(b"ECHO", b"third") == b"third"
    server.close()


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


@pytest.mark.parametrize(
    "reply", [b"$x\r\n", b":1x\r\n", b"*x\r\n", b"HTTP/1.1 400\r\n", b"-MOVED nowhere\r\n"]
)
def test_what_is_not_redis_is_a_storage_error(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:

        def answer() -> None:
            # redis-py's own commands of connecting come before ours.
            end, _ = listener.accept()
            with end:
                while request := end.recv(READ):
                    ours = b"MGET" in request or b"GET" in request.split(b"\r\n")
                    end.sendall(reply if ours else b"+OK\r\n" * request.count(b"*"))

        done = thread.submit(answer)
        storage = open(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", {})
        with pytest.raises(StorageError):
            storage.get(Client, "app")
        storage.close()
        done.result()
