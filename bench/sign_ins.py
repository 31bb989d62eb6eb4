"""Measures many simultaneous sign-ins: the memory of the process, the times of other requests.

    python -m bench.sign_ins
    python -m bench.sign_ins --clients 8 --setting password.concurrency=2

It starts a server on SQLite (pserve with waitress, 4 threads) and stops it at the end. The clients
sign in repeatedly until they have made ``--sign-ins`` sign-ins in total; a client that is refused
with Retry-After waits that long. Meanwhile four machine clients get tokens. It reads the memory
from /proc, so it runs only on Linux.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from oauthprov.accounts import BuiltInAccounts
from oauthprov.credentials import PasswordHasher
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from tests.servers.run import free_port, until
from tests.site import FORM, PASSWORD, basic

MACHINES = 4
TRIES = 60
"""The number of refusals after which a client gives up."""


@dataclass
class Served:
    """The server under load: its port and process, and the credentials of a machine client."""

    port: int
    process: int
    credentials: dict[str, str]

    def memory(self) -> float:
        """Return the resident memory of the process in MB."""
        status = Path(f"/proc/{self.process}/status").read_text("ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1000 if found else 0.0

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)


@dataclass
class ReplayMark:
    """The results: milliseconds of each sign-in and token, and statuses of sign-ins."""

    sign_ins: list[float] = field(default_factory=list)
    tokens: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


@contextmanager
def served(more: dict[str, str], threads: int) -> Iterator[Served]:
    """Run a server with the password hashing costs of production."""
    with tempfile.TemporaryDirectory(prefix="oauthprov-bench-") as folder:
        port = free_port()
        settings = {
            "issuer": f"http://127.0.0.1:{port}",
            "development": "true",
            "secret": secrets.token_urlsafe(32),
            "storage.url": f"sqlite:///{folder}/bench.sqlite",
            "scopes": "read | Read",
            "default_scopes": "read",
            "login.limit_account": "100000 per minute",
            "login.limit_address": "100000 per minute",
            "login.limit_success": "100000 per minute",
        } | more
        settings = {f"oauthprov.{key}": value for key, value in settings.items()}
        credentials = filled(settings)
        ini = Path(folder, "bench.ini")
        lines = [f"{key} = {value}" for key, value in settings.items()]
        server = f"[server:main]\nuse = egg:waitress\nlisten = 127.0.0.1:{port}\n"
        ini.write_text(
            "\n".join(("[app:main]\nuse = egg:oauthprov", *lines, f"{server}threads = {threads}")),
            "utf-8",
        )
        process = subprocess.Popen(  # noqa: S603 - our own environment's pserve
            [Path(sys.executable).with_name("pserve"), ini],
            env=os.environ | {"PYTHONWARNINGS": "ignore"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        made = Served(port, process.pid, credentials)
        try:
            until(lambda: get_token(made.connect(), made), lambda: process.poll() is None)
            get_page(made.connect())  # compiles the templates once, not in eight threads
            yield made
        finally:
            process.terminate()
            process.wait(30)


def filled(settings: dict[str, str]) -> dict[str, str]:
    """Create the account alice and a machine client; return the client's Authorization header."""
    storage = open_storage(settings["oauthprov.storage.url"])
    storage.upgrade()
    known = Settings.from_ini(settings)
    hasher = PasswordHasher(memory_kib=known.password_memory, time_cost=known.password_time)
    BuiltInAccounts(storage, hasher, lambda: int(time.time())).sign_up("alice", PASSWORD)
    registrar = Registrar(known, storage, lambda: int(time.time()))
    client, secret = registrar.register(type="machine", name="Printer", scopes=("read",))
    storage.close()
    return basic(client.client_id, str(secret))


def get_token(connection: http.client.HTTPConnection, served: Served) -> None:
    """Get a token by client credentials."""
    headers = {"Content-Type": FORM, **served.credentials}
    connection.request("POST", "/oauth/token", "grant_type=client_credentials", headers)
    answer = json.load(connection.getresponse())
    assert answer["token_type"] == "Bearer"  # noqa: S101, S105


def get_page(connection: http.client.HTTPConnection) -> tuple[str, str]:
    """Get the sign-in page in a new browser; return its cookie and the form's CSRF token."""
    connection.request("GET", "/login")
    page = connection.getresponse()
    cookie = page.getheader("Set-Cookie", "").partition(";")[0]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    assert token  # noqa: S101
    return cookie, token[1]


def sign_in_again_and_again(
    served: Served, ready: threading.Barrier, turns: Iterator[int], seen: ReplayMark
) -> None:
    """Sign in as alice, each time in a new browser, while there are turns."""
    connection = served.connect()
    cookie, token = get_page(connection)
    form = urlencode({"name": "alice", "password": PASSWORD, "csrf_token": token})
    headers = {"Content-Type": FORM, "Cookie": cookie}
    ready.wait()
    for _ in turns:
        for _ in range(TRIES):
            began = time.perf_counter()
            connection.request("POST", "/login", form, headers)
            answer = connection.getresponse()
            answer.read()
            seen.sign_ins.append((time.perf_counter() - began) * 1000)
            seen.statuses[answer.status] += 1
            if answer.status != 503:
                break
            time.sleep(int(answer.getheader("Retry-After", "1")))


def load(served: Served, clients: int, sign_ins: int) -> ReplayMark:
    """Let clients sign in, and machine clients get tokens until the last sign-in has begun."""
    seen, turns, over = ReplayMark(), iter(range(sign_ins)), threading.Event()
    ready = threading.Barrier(clients + MACHINES)

    def work() -> None:
        sign_in_again_and_again(served, ready, turns, seen)
        over.set()

    def get_tokens() -> None:
        connection = served.connect()
        ready.wait()
        while not over.is_set():
            began = time.perf_counter()
            get_token(connection, served)
            seen.tokens.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    threads += [threading.Thread(target=get_tokens) for _ in range(MACHINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--sign-ins", type=int, default=100)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    more = dict(pair.split("=", 1) for pair in given.setting)
    with served(more, given.threads) as server:
        idle = [get_timed(server) for _ in range(50)]
        before = server.memory()
        began = time.perf_counter()
        seen = load(server, given.clients, given.sign_ins)
        seconds = time.perf_counter() - began
        print(f"memory before        {before:8.0f} MB")
        print(f"memory after         {server.memory():8.0f} MB")
    print(f"tokens alone, median {statistics.median(idle):8.0f} ms")
    print(f"tokens during, median{statistics.median(seen.tokens):8.0f} ms of {len(seen.tokens)}")
    print(f"tokens during, worst {max(seen.tokens):8.0f} ms")
    print(f"answers to sign-ins  {statistics.median(seen.sign_ins):8.0f} ms, median")
    counted = itertools.chain(*sorted(seen.statuses.items()))
    print("statuses of sign-ins ", *(f"{s}: {n}" for s, n in zip(*[counted] * 2, strict=True)))
    print(f"sign-ins per second  {seen.statuses[303] / seconds:8.1f}")


def get_timed(server: Served) -> float:
    """Return the milliseconds for one token on an idle server."""
    began = time.perf_counter()
    get_token(server.connect(), server)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
