"""A server with four threads whose storage hangs: one thread stays free."""

from __future__ import annotations

import http.client
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests import site as sites
from tests.servers.run import until
from tests.servers.wsgi import Server
from tests.site import FORM, basic
from tests.storage.proxy import Proxy

THREADS = 4
"""Those of waitress, as it comes."""


@pytest.fixture
def serve():
    """Serve a provider over real HTTP; return it with a function that asks it for a path."""
    server = Server()
    made = []

    def serve(url: str, **settings: str):
        site = sites.standalone(sites.ini(url, development="true", **settings))
        made.append(site)
        server.start(site.wsgi)
        address = urlsplit(server.root)

        def ask(path: str, body: str | None = None, **headers: str) -> int:
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            with closing(connection):
                connection.request("GET" if body is None else "POST", path, body, headers)
                return connection.getresponse().status

        return site, ask

    yield serve
    server.close()
    for site in made:
        site.close()


@pytest.fixture
def proxy(redis_url: str):
    parts = urlsplit(redis_url)
    with Proxy((parts.hostname or "", parts.port or 0)) as proxy:
        yield proxy


@pytest.fixture
def through(redis_url: str, proxy: Proxy) -> str:
    return urlsplit(redis_url)._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()


def statuses(ask: Callable[[], int], hang: Callable[[], None], go_on: Callable[[], None], health):
    """Ask with every thread while storage hangs; /healthz must be answered before it goes on."""
    with ThreadPoolExecutor(THREADS) as clients:
        waiting = [clients.submit(ask) for _ in range(THREADS)]
        try:
            until(hang)
            assert health() == 200
        finally:
            go_on()
        return [one.result() for one in waiting]


def test_a_mute_redis_leaves_a_thread_for_healthz(serve, proxy: Proxy, through: str) -> None:
    _, ask = serve(through, **{"storage.read_timeout": "10"})
    proxy.mute()
    proxy.requests.clear()

    def all_wait() -> None:
        assert len(proxy.requests) >= THREADS

    found = statuses(lambda: ask("/readyz"), all_wait, proxy.speak, lambda: ask("/healthz"))
    assert set(found) == {200, 503}


def test_readyz_reports_a_mute_redis(serve, proxy: Proxy, through: str) -> None:
    _, ask = serve(through, **{"storage.read_timeout": "1"})
    proxy.mute()
    assert ask("/readyz") == 503
    assert ask("/healthz") == 200
    proxy.speak()
    until(lambda: expect(ask("/readyz"), 200))


def expect(found: int, wanted: int) -> None:
    assert found == wanted


def test_a_locked_sqlite_file_leaves_a_thread_for_healthz(serve, tmp_path) -> None:
    """The three that may wait get their tokens when the lock is free."""
    path = tmp_path / "file.sqlite"
    site, ask = serve(f"sqlite:///{path}", **{"storage.timeout": "20"})
    app = site.app("machine")
    headers = basic(app.client.client_id, app.secret) | {"Content-Type": FORM}

    def token() -> int:
        return ask("/oauth/token", "grant_type=client_credentials", **headers)

    def all_wait() -> None:
        watch = site.storage.inner.engines.writer._watch
        assert len(watch._calls) >= THREADS

    assert token() == 200
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        release = lambda: rival.execute("ROLLBACK")  # noqa: E731
        found = statuses(token, all_wait, release, lambda: ask("/healthz"))
    assert sorted(found) == [200, 200, 200, 503]
