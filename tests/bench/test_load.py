"""Load by wrk against a small server: what it counts as an operation, and what as an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from bench.compare import load
from bench.compare.browser import Browser
from bench.compare.flows import CALLBACK, Client, Seat
from bench.compare.results import Round, Used
from bench.compare.serving import Server
from bench.compare.stores import Store
from bench.compare.targets import TARGETS
from bench.compare.workloads import WORKLOADS
from tests.servers import wsgi
from tests.servers.programs import missing, program

Answer = Callable[[str, dict[str, str]], tuple[str, dict[str, str], object]]
"""Path and form to status, headers and JSON."""

WRONG_AFTER = 40


class Provider:
    """Answers the workloads rightly; its subclasses don't."""

    def __init__(self) -> None:
        self.issued = 0

    def __call__(self, path: str, form: dict[str, str]) -> tuple[str, dict[str, str], object]:
        self.issued += 1
        if path.startswith("/oauth/authorize"):
            there = f"{CALLBACK}?code=c-{self.issued}&state={form['state']}"
            return "303 See Other", {"Location": there}, {}
        if path.startswith("/oauth/introspect"):
            return "200 OK", {}, {"active": True, "client_id": "web"}
        if path.startswith("/oauth/userinfo"):
            return "200 OK", {}, {"sub": "alice"}
        tokens = {"access_token": f"a-{self.issued}", "token_type": "Bearer"}
        if form["grant_type"] != "client_credentials":
            tokens["refresh_token"] = f"r-{self.issued}"
        if form.get("code_verifier") and self.signs:
            tokens["id_token"] = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
        return "200 OK", {}, tokens

    signs = False


class Signing(Provider):
    signs = True


class SameToken(Provider):
    def __call__(self, path, form):
        return "200 OK", {}, {"access_token": "a", "refresh_token": form.get("refresh_token", "")}


class Inactive(Provider):
    def __call__(self, path, form):
        return "200 OK", {}, {"active": False, "client_id": "web"}


class AnotherState(Provider):
    def __call__(self, path, form):
        return super().__call__(path, form | {"state": "forged"})


class Refusing(Provider):
    def __call__(self, path, form):
        status, headers, document = super().__call__(path, form)
        return ("503 Overloaded" if self.issued > WRONG_AFTER else status), headers, document


RIGHT = {name: Signing() if name == "W4O" else Provider() for name in WORKLOADS}
WRONG = {
    "W2": Inactive(),
    "W3": SameToken(),
    "W4": AnotherState(),
    "W4O": Provider(),  # no ID token
    "W5": Refusing(),
}


@contextmanager
def served(answer: Answer) -> Iterator[int]:
    server = wsgi.Server(threads="16")

    def app(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        text = environ["wsgi.input"].read(length).decode() or environ["QUERY_STRING"]
        form = {name: values[0] for name, values in parse_qs(text).items()}
        status, headers, document = answer(environ["PATH_INFO"], form)
        body = json.dumps(document).encode()
        start_response(status, [*headers.items(), ("Content-Length", str(len(body)))])
        return [body]

    server.start(app)
    try:
        yield int(server.root.rpartition(":")[2])
    finally:
        server.close()


def sent(name: str, port: int, folder: Path) -> load.Outcome:
    wrk = program("wrk") or missing("no wrk on PATH (apt-get install wrk)", __name__)
    store = Store("sqlite", "sqlite://", folder, None)
    clients = {kind: (kind, "secret") for kind in ("web", "machine")}
    server = Server(TARGETS["authlib"], store, port, 0, clients, {}, folder / "log")
    seats = [
        Seat(Browser(port, {"session": str(number)}), f"access-{number}", f"refresh-{number}")
        for number in range(load.CONNECTIONS)
    ]
    planned = load.plan(WORKLOADS[name], Client(server, "password"), seats, "alice", "run")
    return load.send(wrk, folder, planned, port, 1)


def sent_at_once(answers: dict[str, Provider], folder: Path) -> dict[str, load.Outcome]:
    """Send each workload to a server of its own, all at the same time: wrk takes whole seconds."""

    def one(name: str) -> load.Outcome:
        (folder / name).mkdir()
        with served(answers[name]) as port:
            return sent(name, port, folder / name)

    with ThreadPoolExecutor(len(answers)) as threads:
        return dict(zip(answers, threads.map(one, answers), strict=True))


@pytest.fixture(scope="module")
def right(tmp_path_factory) -> dict[str, load.Outcome]:
    return sent_at_once(RIGHT, tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="module")
def wrong(tmp_path_factory) -> dict[str, load.Outcome]:
    return sent_at_once(WRONG, tmp_path_factory.mktemp("wrong"))


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_are_operations_and_no_errors(right, name):
    outcome = right[name]
    assert (outcome.errors, outcome.wrong) == (0, "")
    assert len(outcome.times) > load.CONNECTIONS
    assert min(outcome.times) > 0
    assert outcome.client > 0


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_an_error_and_is_shown(wrong, name):
    outcome = wrong[name]
    assert outcome.errors > 0
    assert outcome.wrong.startswith("step ")
    assert Round.of(outcome, Used(0, 0, 0), 0, []).errors == outcome.errors


def test_a_server_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="wrk failed"):
        sent("W5", 1, tmp_path)
