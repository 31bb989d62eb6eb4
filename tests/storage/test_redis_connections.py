"""What goes over the wire to Redis: how much, how often, and never twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from oauthprov.records import AccessToken, AuthorizationCode, Client
from oauthprov.storage.interface import Add, Claim, Storage, StorageError
from oauthprov.storage.redis import connections, open
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.samples import NOW
from tests.servers import empty
from tests.servers.run import until
from tests.storage.proxy import Proxy

READS_OF_ONE = 100


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    empty(redis_url)
    parts = urlsplit(redis_url)
    with Proxy((parts.hostname or "", parts.port or 0)) as proxy:
        yield proxy


@pytest.fixture
def url(redis_url: str, proxy: Proxy) -> str:
    """The same database, through the proxy."""
    parts = urlsplit(redis_url)
    return parts._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()


@pytest.fixture
def storage(url: str) -> Iterator[Storage]:
    storage = open(url, {})
    # Connected, with its script known to the server.
    storage.commit(Add(samples.client("app")), now=NOW)
    yield storage
    storage.close()


def test_a_get_is_one_command_with_its_grant(storage: Storage, proxy: Proxy) -> None:
    grant = samples.grant()
    token = samples.access(grant.grant_id)
    storage.commit(Add(grant), Add(token), now=NOW)
    proxy.requests.clear()
    found = storage.get(AccessToken, token.key)
    assert found is not None
    assert found.grant is not None
    assert proxy.commands() == [b"MGET"]


def test_closing_a_storage_ends_the_connection_that_is_in_use_too(
    storage: Storage, proxy: Proxy
) -> None:
    def sent() -> None:
        assert proxy.requests

    proxy.requests.clear()
    proxy.mute()
    with ThreadPoolExecutor(1) as threads:
        found = threads.submit(storage.get, Client, "app")
        until(sent)
        storage.close()
        proxy.speak()
        assert found.result() is not None
    before = proxy.accepted
    storage.ping()
    assert proxy.accepted == before + 1


def test_get_many_is_one_command(storage: Storage, proxy: Proxy) -> None:
    proxy.requests.clear()
    storage.get_many([(Client, "app"), (AccessToken, "a.b"), (AccessToken, "c.d")])
    assert proxy.commands() == [b"MGET"]


def test_a_commit_is_one_script_whatever_it_changes(storage: Storage, proxy: Proxy) -> None:
    code, grant = samples.code("slot"), samples.grant("slot")
    storage.commit(Add(code), now=NOW)
    proxy.requests.clear()
    storage.commit(
        Claim(AuthorizationCode, code.key),
        Add(grant),
        Add(samples.access("slot")),
        Add(samples.account()),
        now=NOW,
    )
    assert proxy.commands() == [b"EVALSHA"]


def test_a_commit_whose_reply_is_lost_is_not_sent_again(storage: Storage, proxy: Proxy) -> None:
    token = samples.machine_token()
    storage.commit(Add(token), now=NOW)
    proxy.requests.clear()
    proxy.lose_reply()
    with pytest.raises(StorageError):
        storage.commit(Claim(AccessToken, token.key), now=NOW)
    assert proxy.commands() == [b"EVALSHA"]
    found = storage.get(AccessToken, token.key)
    assert found is not None
    assert found.claimed_at == NOW


def test_a_read_whose_reply_is_lost_is_sent_once_more(storage: Storage, proxy: Proxy) -> None:
    proxy.requests.clear()
    proxy.lose_reply()
    assert storage.get(Client, "app") is not None
    assert proxy.commands().count(b"MGET") == 2


def test_a_read_is_not_sent_a_third_time(url: str, proxy: Proxy) -> None:
    storage = open(url, {})
    proxy.lose_reply()
    with pytest.raises(StorageError):
        # The reply that is lost is that of the new connection itself.
        storage.get(Client, "app")
    assert proxy.accepted == 1
    storage.close()


def test_a_cut_connection_is_replaced(storage: Storage, proxy: Proxy) -> None:
    proxy.cut()
    assert storage.get(Client, "app") is not None
    proxy.cut()
    with pytest.raises(StorageError):
        storage.commit(Add(samples.account()), now=NOW)
    storage.commit(Add(samples.account()), now=NOW)


def test_a_connection_that_idled_is_polled_before_a_commit(
    storage: Storage, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE", -1.0)
    storage.commit(Add(samples.account()), now=NOW)
    assert proxy.accepted == 1
    proxy.cut()
    storage.commit(Add(samples.account()), now=NOW)
    assert proxy.accepted == 2


def test_threads_share_no_more_connections_than_allowed(url: str, proxy: Proxy) -> None:
    storage = open(url, {"max_connections": "2"})
    client = samples.client("app")
    storage.commit(Add(client), now=NOW)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: storage.get(Client, "app"), range(READS_OF_ONE)))
    assert [one and one.record for one in found] == [client] * READS_OF_ONE
    assert 1 <= proxy.accepted <= 2
    storage.close()


def test_replies_are_those_of_their_own_requests(storage: Storage) -> None:
    clients = [replace(samples.client(f"id{n}"), name=f"name{n}") for n in range(50)]
    storage.commit(*map(Add, clients), now=NOW)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda one: storage.get(Client, one.client_id), clients * 4))
    assert [one and one.record for one in found] == clients * 4


def test_opening_connects_to_nothing(url: str, proxy: Proxy) -> None:
    open(url, {}).close()
    assert proxy.accepted == 0


def test_redis_needs_no_sql(redis_url: str) -> None:
    program = (
        "import sys; from oauthprov.storage.redis import open; open(sys.argv[1], {}).ping();"
        "print(sorted(m for m in sys.modules if m.startswith(('sqlalchemy', 'alembic'))))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, redis_url], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
