"""A request that waits, for its client or for storage, holds up no other."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from pathlib import Path

import pytest
from webtest import TestApp, TestRequest

from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from tests import site as sites
from tests.servers.gunicorn import gunicorn
from tests.site import FORM

PATIENCE = 60.0
SLOW = "the slow request"
WSGI = """
import oauthprov
app = oauthprov.main({{}}, **{settings!r})
"""


class Pause:
    """Where the slow request waits until a test lets it go on; others pass."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.over = threading.Event()

    def __call__(self) -> None:
        if threading.current_thread().name == SLOW:
            self.reached.set()
            assert self.over.wait(2 * PATIENCE)


@pytest.fixture
def pause():
    made = Pause()
    yield made
    made.over.set()


def beside(pause: Pause, slow, quick):
    """Run ``slow`` up to the pause, then ``quick``; return what both gave, one after the other."""
    given = {}
    threads = [
        threading.Thread(target=lambda: given.update(slow=slow()), name=SLOW),
        threading.Thread(target=lambda: given.update(quick=quick())),
    ]
    threads[0].start()
    assert pause.reached.wait(PATIENCE)
    threads[1].start()
    threads[1].join(PATIENCE)
    held_up = threads[1].is_alive()
    pause.over.set()
    for thread in threads:
        thread.join()
    assert not held_up
    return given["slow"], given["quick"]


class Body:
    """A body whose client sends nothing before the pause is over."""

    def __init__(self, pause: Pause) -> None:
        self.pause = pause

    def read(self, size: int = -1) -> bytes:
        self.pause()
        return b""


def test_a_slow_body_holds_up_no_other_request(site, pause):
    app, machine = TestApp(site.wsgi, lint=False), site.app("machine")

    def slow():
        request = TestRequest.blank(site.url("/oauth/token"), method="POST")
        request.environ |= {"CONTENT_LENGTH": "100", "wsgi.input": Body(pause)}
        return app.do_request(request, expect_errors=True).status_int

    def quick():
        return machine.post("token", {"grant_type": "client_credentials"}).status_int

    assert beside(pause, slow, quick) == (400, 200)


@pytest.mark.parametrize("page", ["/account", "/login", "/choose"])
def test_a_slow_read_of_a_session_blocks_no_other_browser(site, pause, page):
    alice, bob = site.browser().enter("alice"), site.browser().enter("bob")
    storage = site.wsgi.registry["oauthprov"].provider.storage
    get_many = storage.get_many
    storage.get_many = lambda pairs: (pause(), get_many(pairs))[1]
    answers = beside(pause, lambda: alice.get(page), lambda: bob.get(page))
    assert all(answer.status_int < 400 for answer in answers)


@pytest.fixture
def served(tmp_path: Path):
    """A provider under gunicorn with 8 threads: where it is, and a client's credentials."""
    url = f"sqlite:///{tmp_path}/provider.sqlite"
    settings = sites.ini(url, development="true")
    (tmp_path / "served.py").write_text(WSGI.format(settings=settings), "utf-8")
    storage = open_storage(url)
    storage.upgrade()
    registrar = Registrar(Settings.from_ini(settings), storage, lambda: 1_800_000_000)
    client, secret = registrar.register(type="machine", name="Printer", scopes=("profile:read",))
    storage.close()
    with gunicorn("served:app", tmp_path) as place:
        yield place, sites.basic(client.client_id, secret)


def token_type(served) -> str:
    """Get a token over a connection of its own; return its type."""
    place, credentials = served
    connection = http.client.HTTPConnection(*place, timeout=PATIENCE)
    headers = {"Content-Type": FORM, **credentials}
    connection.request("POST", "/oauth/token", "grant_type=client_credentials", headers)
    answer = json.load(connection.getresponse())
    connection.close()
    return answer["token_type"]


def test_a_slow_client_holds_up_one_thread_of_a_server(served):
    assert token_type(served) == "Bearer"
    head = f"POST /oauth/token HTTP/1.1\r\nHost: id.example\r\nContent-Type: {FORM}\r\n"
    with socket.create_connection(served[0], timeout=PATIENCE) as slow:
        slow.sendall(f"{head}Content-Length: 100\r\n\r\ngrant_type=".encode())
        for _ in range(20):
            assert token_type(served) == "Bearer"
        slow.sendall(b"x" * 89)
        assert slow.recv(64).startswith(b"HTTP/1.1 400 ")
