"""Trips to a real server, and what becomes of a commit when the network or a rival interferes."""

from __future__ import annotations

import contextlib
import gc
import socket
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import NullPool, create_engine

from oauthprov.records import (
    AccessToken,
    Account,
    AuthorizationCode,
    Client,
    DisabledHost,
    Grant,
    Receipt,
    Record,
    RefreshToken,
    Session,
)
from oauthprov.storage import open_storage
from oauthprov.storage.interface import (
    Add,
    Claim,
    Conflict,
    Remove,
    Replace,
    Revoke,
    Storage,
    StorageError,
)
from oauthprov.storage.sql import pool, retry
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import add, read
from oauthprov.storage.testing.samples import NOW
from tests.storage.proxy import Proxy


class Wire(Proxy):
    """A proxy that can lose the reply to a request with certain bytes in it."""

    doomed: bytes | None = None

    def lose_reply_to(self, part: bytes) -> None:
        self.doomed = part

    def trips(self, work: Callable[[], object]) -> int:
        before = len(self.requests)
        work()
        return len(self.requests) - before

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while request := client.recv(1 << 20):
                self.requests.append(request)
                if self.doomed is not None and self.doomed in request:
                    self.doomed = None
                    self.lose_reply()
                server.sendall(request)
            server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=["postgresql", "mariadb"])
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def url(request: pytest.FixtureRequest, family: str) -> str:
    return request.getfixturevalue(f"{family}_url")


@pytest.fixture
def wire(url: str) -> Iterator[Wire]:
    address = sqlalchemy.make_url(url)
    with Wire((str(address.host), int(address.port or 0))) as wire:
        yield wire


@pytest.fixture
def storage(url: str, wire: Wire) -> Iterator[Storage]:
    through = sqlalchemy.make_url(url).set(host="127.0.0.1", port=wire.port)
    storage = open_storage(through.render_as_string(hide_password=False), {"timeout": "3"})
    storage.upgrade()
    for pooled in (storage.engines.reader, storage.engines.writer):
        pooled.run(lambda held: None)  # connected, so not counted
    yield storage
    storage.close()


def test_each_flow_costs_its_number_of_trips(storage: Storage, wire: Wire, family: str) -> None:
    slot = samples.unique()
    grant, code = samples.grant(slot), samples.code(slot)
    access, refresh = (
        samples.fill(AccessToken, f"{slot}.a"),
        samples.fill(RefreshToken, f"{slot}.r"),
    )
    rotated, receipt = samples.fill(RefreshToken, f"{slot}.n"), samples.fill(Receipt, f"{slot}.r")
    again = samples.fill(AccessToken, f"{slot}.b")
    codes = [samples.code(samples.unique()) for _ in range(2)]
    add(storage, *codes)

    def trips(*changes: Any) -> int:
        return wire.trips(lambda: storage.commit(*changes, now=NOW))

    def reads(*pairs: tuple[type[Record], str]) -> int:
        return wire.trips(lambda: storage.get_many(pairs))

    found = {
        "one change": trips(Add(code)),
        "get": wire.trips(lambda: storage.get(AuthorizationCode, code.key)),
        "exchange": trips(
            Claim(AuthorizationCode, code.key), Add(grant), Add(access), Add(refresh)
        ),
        "get with grant": wire.trips(lambda: storage.get(RefreshToken, refresh.key)),
        "rotation": trips(
            Claim(RefreshToken, refresh.key), Add(rotated), Add(again), Add(receipt)
        ),
        "get of one each": reads((Session, "no"), (Account, "no")),
        "get of one each, some again": reads(
            (Client, "no"), (Grant, slot), (AccessToken, access.key), (Grant, slot)
        ),
        "get of five kinds": reads(
            (Client, "no"), (Grant, slot), (AccessToken, "no"), (Account, "no"), (Session, "no")
        ),
        "get of two of a kind": reads((Client, "no"), (Grant, slot), (Grant, "no")),
        "get of one each and of some of a kind": reads(
            *((Client, "no"), (AccessToken, access.key), (RefreshToken, refresh.key)),
            *((DisabledHost, f"{number}.example") for number in range(16)),
        ),
        "get of one and of many of a kind": reads(
            (Client, "no"), *((DisabledHost, f"{number}.example") for number in range(17))
        ),
        "get of some of two kinds": reads(
            *((Client, name) for name in ("no", "nobody")),
            *((DisabledHost, name) for name in ("app.example", "example")),
        ),
        "get of what no key can be": reads((Client, "no"), (Grant, "\0")),
        "two gates": trips(Claim(RefreshToken, rotated.key), Claim(AccessToken, again.key)),
        "many codes removed": trips(*(Remove(AuthorizationCode, f"no.{n}") for n in range(100))),
        "many grants revoked": trips(*(Revoke(f"no{n}") for n in range(100))),
        "two claims of a kind": trips(*(Claim(AuthorizationCode, code.key) for code in codes)),
    }
    assert found == {
        "one change": 1,
        "get": 1,
        "exchange": 1 if family == "postgresql" else 5,
        "get with grant": 1,
        "rotation": 1 if family == "postgresql" else 5,
        "get of one each": 1,
        "get of one each, some again": 1,
        "get of five kinds": 2,
        "get of two of a kind": 1,
        "get of one each and of some of a kind": 1,
        "get of one and of many of a kind": 2,
        "get of some of two kinds": 2,
        "get of what no key can be": 1,
        "two gates": 4 if family == "postgresql" else 3,
        "many codes removed": 1,
        "many grants revoked": 1,
        "two claims of a kind": 3 if family == "postgresql" else 2,
    }


def test_a_read_survives_connections_that_died(storage: Storage, wire: Wire) -> None:
    client = samples.client()
    storage.commit(Add(client), now=NOW)
    wire.cut()
    assert read(storage, client).record == client


def test_a_commit_checks_a_connection_that_idled(
    storage: Storage, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "IDLE", 0)
    codes = [samples.code(samples.unique()) for _ in range(2)]
    storage.commit(Add(codes[0]), now=NOW)
    wire.cut()
    storage.commit(Add(codes[1]), now=NOW)
    wire.cut()
    storage.commit(*(Claim(AuthorizationCode, code.key) for code in codes), now=NOW)
    assert [read(storage, code).claimed_at for code in codes] == [NOW, NOW]


@pytest.mark.parametrize("together", [1, 2])
def test_a_lost_reply_is_an_error_and_the_commit_is_not_repeated(
    storage: Storage, wire: Wire, family: str, together: int
) -> None:
    codes = [samples.code(samples.unique()) for _ in range(together)]
    storage.commit(*map(Add, codes), now=NOW)
    claims = [Claim(AuthorizationCode, code.key) for code in codes]
    end = b"COMMIT\0" if family == "postgresql" else b"COMMIT"  # not READ COMMITTED
    wire.lose_reply_to(end if together > 1 else b"authorization_codes SET")
    before = len(wire.requests)
    with pytest.raises(StorageError) as caught:
        storage.commit(*claims, now=NOW)
    assert caught.value.original is not None
    sent = b"".join(wire.requests[before:])
    assert sent.count(b"authorization_codes SET") == 1
    with pytest.raises(Conflict, match="claimed"):  # it had been written after all
        storage.commit(*claims, now=NOW)


def test_a_dead_host_fails_in_time(url: str) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    dead = sqlalchemy.make_url(url).set(host="127.0.0.1", port=silent.getsockname()[1])
    storage = open_storage(dead.render_as_string(hide_password=False), {"timeout": "2"})
    with pytest.raises(StorageError):
        storage.get(Client, "app")
    silent.close()


class Rival:
    """A transaction of somebody else, which holds the row of a client."""

    def __init__(self, url: str, client: Client) -> None:
        engine = create_engine(url, poolclass=NullPool)
        self._connection = engine.connect()
        if engine.dialect.name == "sqlite":
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
        self._update(client)

    def _update(self, client: Client) -> None:
        update = sqlalchemy.text("UPDATE clients SET claimed_at = NULL WHERE client_id = :id")
        self._connection.execute(update, {"id": client.client_id})

    def leave(self) -> None:
        self._connection.rollback()
        self._connection.close()


@pytest.mark.parametrize("family", ["sqlite", "mariadb"])
def test_a_commit_is_repeated_after_a_lock_timeout(
    request: pytest.FixtureRequest, tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = f"sqlite:///{tmp_path}/a"
    url = at if family == "sqlite" else request.getfixturevalue("mariadb_url")
    storage = open_storage(url, {"timeout": "3"})
    storage.upgrade()
    client = samples.client()
    storage.commit(Add(client), now=NOW)
    seen = read(storage, client)
    rival = Rival(url, client)
    pauses: list[int] = []

    def pause(number: int) -> None:
        pauses.append(number)
        rival.leave()

    monkeypatch.setattr(retry, "pause", pause)
    storage.commit(Replace(client, expecting=seen), now=NOW)
    assert pauses == [1]
    assert read(storage, client).version == seen.version + 1
    storage.close()


def test_a_lock_held_too_long_is_an_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a"
    storage = open_storage(url, {"timeout": "1"})
    storage.upgrade()
    rival = Rival(url, samples.client())
    with pytest.raises(StorageError, match="is locked by another process"):
        storage.commit(Add(samples.client()), now=NOW)
    rival.leave()
    storage.close()


def test_options_of_a_postgresql_url_are_kept_beside_our_limits(postgresql_url: str) -> None:
    wanted = {"options": "-c search_path=elsewhere -c lock_timeout=7s"}
    url = sqlalchemy.make_url(postgresql_url).update_query_dict(wanted)
    given = url.render_as_string(hide_password=False)
    storage: Any = open_storage(given, {"timeout": "3"})

    def shown(held: Any) -> list[str]:
        names = ("search_path", "lock_timeout", "statement_timeout")
        return [held.connection.execute(f"SHOW {name}").fetchone()[0] for name in names]

    for one in (storage.engines.reader, storage.engines.writer):
        assert one.run(shown) == ["elsewhere", "7s", "2400ms"]
    storage.close()


def test_a_dropped_storage_leaves_no_connection_open(url):
    """Else the driver warns when the garbage collector comes to it, which fails a test here."""
    storage = open_storage(url)
    storage.upgrade()
    storage.ping()
    dropped = weakref.ref(storage)
    del storage
    gc.collect()
    assert dropped() is None
