"""A connected server that doesn't answer: errors within the timeout, and recovery."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
import sqlalchemy

from oauthprov import deadline
from oauthprov.records import Client
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Conflict, Replace, Storage, StorageError
from oauthprov.storage.outage import FEW, MUTE
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import read
from oauthprov.storage.testing.samples import NOW
from tests.servers.run import until
from tests.storage.proxy import Proxy
from tests.storage.test_sql_connections import Rival

OPTION = {"postgresql": "timeout", "mariadb": "timeout", "redis": "read_timeout"}
PATIENT = 20
"""A timeout with slices so long that a busy machine answers a ping within MUTE of them."""


@pytest.fixture(params=OPTION)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def address(request: pytest.FixtureRequest, engine: str) -> sqlalchemy.URL:
    return sqlalchemy.make_url(request.getfixturevalue(f"{engine}_url"))


@pytest.fixture
def proxy(address: sqlalchemy.URL) -> Iterator[Proxy]:
    with Proxy((str(address.host), int(address.port or 0))) as proxy:
        yield proxy


@pytest.fixture
def open_(engine: str, address: sqlalchemy.URL, proxy: Proxy) -> Iterator[Callable[..., Storage]]:
    """Open the database through the proxy, with a time limit in seconds; one client is stored."""
    opened = []

    def open_(timeout: int) -> Storage:
        straight = open_storage(address.render_as_string(hide_password=False))
        opened.append(straight)
        straight.upgrade()
        if straight.get(Client, "app") is None:
            straight.commit(Add(samples.client("app")), now=NOW)
        through = address.set(host="127.0.0.1", port=proxy.port)
        url = through.render_as_string(hide_password=False)
        storage = open_storage(url, {OPTION[engine]: str(timeout)})
        opened.append(storage)
        assert storage.get(Client, "app") is not None
        return storage

    yield open_
    proxy.speak()
    for storage in opened:
        storage.close()


VERBS: dict[str, Callable[[Storage], object]] = {
    "get": lambda storage: storage.get(Client, "app"),
    "find": lambda storage: storage.find(Client),
    "commit": lambda storage: storage.commit(Add(samples.machine_token()), now=NOW),
    "ping": lambda storage: storage.ping(),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_fails_within_the_timeout(
    open_: Callable[..., Storage], proxy: Proxy, verb: str
) -> None:
    """Without our own time limit this would never end."""
    storage = open_(1)
    proxy.mute()
    with pytest.raises(StorageError, match=r"didn't answer in time|answers nobody|isn't called"):
        VERBS[verb](storage)


@pytest.mark.parametrize("verb", VERBS)
def test_connecting_fails_within_the_timeout(
    open_: Callable[..., Storage], proxy: Proxy, verb: str
) -> None:
    storage = open_(1)
    storage.close()
    proxy.mute()
    with pytest.raises(StorageError, match=r"didn't answer in time|answers nobody|isn't called"):
        VERBS[verb](storage)


def test_resolving_a_host_name_fails_within_the_timeout(
    engine: str, address: sqlalchemy.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver can't be interrupted, and only a patch can make it slow."""
    may_answer, resolve = threading.Event(), socket.getaddrinfo

    def slow(*asked: Any, **how: Any) -> Any:
        may_answer.wait()
        return resolve(*asked, **how)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    url = address.set(host="localhost").render_as_string(hide_password=False)
    storage = open_storage(url, {OPTION[engine]: "1"})
    with pytest.raises(StorageError, match="in time"):
        storage.get(Client, "app")
    may_answer.set()
    until(storage.describe)
    storage.close()


def test_a_request_has_one_deadline_for_all_its_calls(
    open_: Callable[..., Storage], proxy: Proxy
) -> None:
    storage = open_(1)
    proxy.mute()
    token = deadline.begin()
    try:
        with pytest.raises(StorageError, match="in time"):
            storage.get(Client, "app")
        with pytest.raises(StorageError, match="deadline has passed"):
            storage.get(Client, "app")
    finally:
        deadline.end(token)


def test_a_lost_commit_is_never_sent_again(open_: Callable[..., Storage], proxy: Proxy) -> None:
    storage = open_(1)
    token = samples.machine_token()
    storage.commit(Add(samples.machine_token()), now=NOW)
    proxy.requests.clear()
    proxy.mute()
    with pytest.raises(StorageError):
        storage.commit(Add(token), now=NOW)
    sent = b"".join(proxy.requests)
    assert sent.count(token.key.partition(".")[2].encode()) == 1
    proxy.speak()
    until(lambda: storage.ping())
    assert read(storage, token).record == token


def test_storage_recovers_with_its_server(open_: Callable[..., Storage], proxy: Proxy) -> None:
    storage = open_(1)
    for _ in range(2):
        proxy.mute()
        with pytest.raises(StorageError):
            storage.get(Client, "app")
        proxy.speak()
        until(lambda: storage.ping())
        assert storage.get(Client, "app") is not None
        storage.commit(Add(samples.machine_token()), now=NOW)


def test_while_the_server_is_mute_one_call_waits_and_the_others_fail(
    open_: Callable[..., Storage], proxy: Proxy
) -> None:
    storage = open_(PATIENT)
    with ThreadPoolExecutor(8) as threads:
        work = [threads.submit(storage.get, Client, "app") for _ in range(8)]
        assert all(done.result() for done in work)
        proxy.mute()
        work = [threads.submit(storage.get, Client, "app") for _ in range(8)]
        until(lambda: expect_failed(work, 7))
        with pytest.raises(StorageError, match="isn't called"):
            storage.get(Client, "app")
        proxy.speak()
        wait(work)
        expect_failed(work, 7)


def expect_failed(work: list[Future[Any]], number: int) -> None:
    assert [done.done() and done.exception() is not None for done in work].count(True) == number


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"], indirect=True)
def test_waiting_for_one_lock_is_no_outage(
    open_: Callable[..., Storage], address: sqlalchemy.URL
) -> None:
    """A row is locked longer than a server may be mute; the waiting calls succeed."""
    storage: Any = open_(PATIENT)
    client = samples.client()
    storage.commit(Add(client), now=NOW)
    seen = read(storage, client)
    rival = Rival(address.render_as_string(hide_password=False), client)

    def replace(_: int) -> str:
        try:
            storage.commit(Replace(client, expecting=seen), now=NOW)
        except Conflict as lost:
            return lost.state
        return "done"

    watch = storage.engines.writer._watch
    with ThreadPoolExecutor(FEW) as threads:
        work = [threads.submit(replace, number) for number in range(FEW)]
        until(lambda: expect_long_waits(watch))
        rival.leave()
        assert sorted(done.result() for done in work) == ["changed", "changed", "done"]


def expect_long_waits(watch: Any) -> None:
    assert max(call.unanswered for call in list(watch._calls)) > MUTE


def test_a_mute_server_leaves_no_thread_behind(
    open_: Callable[..., Storage], proxy: Proxy
) -> None:
    before = threading.active_count()
    storage = open_(1)
    storage.close()
    proxy.mute()
    with pytest.raises(StorageError):
        storage.get(Client, "app")
    proxy.speak()
    until(lambda: storage.ping())
    storage.close()
    proxy.cut()
    until(lambda: expect_threads(before))


def expect_threads(number: int) -> None:
    assert threading.active_count() <= number


def test_a_ping_keeps_no_connection(postgresql_url: str) -> None:
    """A ping may end after the pools are closed, when nothing would close its connection."""
    url = sqlalchemy.make_url(postgresql_url).update_query_dict({"application_name": "asking"})
    storage = open_storage(url.render_as_string(hide_password=False))
    storage.ping()
    storage.close()
    storage.engines.reader._watch._ping()  # type: ignore[attr-defined]
    others = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'asking'"
    engine = sqlalchemy.create_engine(postgresql_url, poolclass=sqlalchemy.NullPool)

    def none_is_left() -> None:
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text(others)) == 0

    until(none_is_left)
