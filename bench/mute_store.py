"""Suspends a store under load, resumes it, and prints how long requests waited meanwhile.

    python -m bench.mute_store redis
    python -m bench.mute_store postgresql --clients 40 --threads 4 --seconds 12
    python -m bench.mute_store mariadb --server gunicorn --threads 8

Stores: redis, postgresql, mariadb. It starts a new store and server on free ports of 127.0.0.1,
has clients request tokens, suspends every process of the store (SIGSTOP) for ``--seconds``,
resumes it (SIGCONT), and ends both. Throughout it requests /healthz and /readyz.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import waitress
from pyramid.config import Configurator
from pyramid.router import Router

from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.provider import epoch
from oauthprov.storage import open_storage
from tests.servers import mariadb, postgresql, redis
from tests.servers.run import Run, free_port, until

STORES = {"redis": redis.start, "postgresql": postgresql.start, "mariadb": mariadb.start}
ISSUER = "https://id.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKEN = "/oauth/token"  # noqa: S105 (a path)
BEFORE, AFTER = 3.0, 5.0
"""Seconds of traffic before the store is suspended, and after it is resumed."""


@dataclass(frozen=True)
class Answer:
    """A request with its start and end by the monotonic clock, and its status; 0: no response."""

    path: str
    began: float
    ended: float
    status: int

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass
class Load:
    """Threads that send requests to one server until ``stop``."""

    port: int
    headers: dict[str, str]
    answers: list[Answer] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self, path: str) -> None:
        began, status = time.monotonic(), 0
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            if path == TOKEN:
                connection.request("POST", path, "grant_type=client_credentials", self.headers)
            else:
                connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            status = response.status
        except OSError:
            pass
        finally:
            connection.close()
        self.answers.append(Answer(path, began, time.monotonic(), status))

    def again_and_again(self, path: str, pause: float) -> threading.Thread:
        def work() -> None:
            while not self.stop.wait(pause):
                self.ask(path)

        thread = threading.Thread(target=work)
        thread.start()
        return thread


def application(url: str) -> Router:
    """Return the provider over the store at ``url``, after printing a client's credentials."""
    settings = {
        "oauthprov.issuer": ISSUER,
        "oauthprov.secret": "0123456789abcdefghijklmnopqrstuvwxyz",
        "oauthprov.storage.url": url,
        "oauthprov.scopes": "photos:read | See photos",
        "oauthprov.default_scopes": "photos:read",
        "oauthprov.logout.worker": "false",
    }
    storage = open_storage(url)
    storage.upgrade()
    storage.close()
    with Configurator(settings=settings) as config:
        config.include("oauthprov.web.standalone")
        app = config.make_wsgi_app()
        provider = config.registry["oauthprov"].provider
    registrar = Registrar(provider.settings, provider.storage, epoch, provider.clients.evict)
    client, secret = registrar.register(type="machine", name="Bench", scopes=("photos:read",))
    print(json.dumps([client.client_id, secret]), flush=True)
    return app


def command(server: str, url: str, port: int, threads: int) -> list[str]:
    """Return the command line that serves :func:`application`."""
    run = [sys.executable, "-W", "ignore", "-m"]
    if server == "gunicorn":
        run += ["gunicorn", f"bench.mute_store:application({url!r})", "--workers", "1"]
        run += ["--worker-class", "gthread", "--threads", str(threads), "--no-control-socket"]
        return [*run, "--bind", f"127.0.0.1:{port}"]
    run += ["bench.mute_store", "--serve", url, "--port", str(port)]
    return [*run, "--threads", str(threads)]


@contextmanager
def serving(server: str, url: str, threads: int, log: Path) -> Iterator[Load]:
    """Run a server in a separate process."""
    port = free_port()
    line = command(server, url, port, threads)
    with (
        log.open("wb") as errors,
        subprocess.Popen(line, stdout=subprocess.PIPE, stderr=errors) as process,  # noqa: S603
    ):
        assert process.stdout is not None  # noqa: S101
        try:
            client_id, secret = json.loads(process.stdout.readline())
            basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
            load = Load(port, FORM | {"Authorization": f"Basic {basic}"})
            until(lambda: expect_ready(load))
            yield load
        finally:
            process.terminate()


def expect_ready(load: Load) -> None:
    load.ask("/readyz")
    if load.answers.pop().status != 200:
        raise RuntimeError("the server isn't ready yet")


def processes(home: Path) -> list[int]:
    """Return the process of the store whose files are in ``home``, and its child processes."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [pid for pid in parents if _is_store(pid, home)]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return list(dict.fromkeys(found))


def _is_store(pid: int, home: Path) -> bool:
    try:
        at = os.readlink(f"/proc/{pid}/cwd")
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return Path(at) in (home, home / "data") and b"guard.py" not in command


def signalled(home: Path, number: int) -> None:
    for pid in processes(home):
        os.kill(pid, number)


def run(store: str, server: str, clients: int, threads: int, seconds: float) -> None:
    opened = Run()
    home = opened.directory / store
    try:
        url = opened.once(store, STORES[store])
        with serving(server, url, threads, opened.directory / "server.log") as load:
            asking = [load.again_and_again(TOKEN, 0) for _ in range(clients)]
            asking += [load.again_and_again("/healthz", 0.1), load.again_and_again("/readyz", 1)]
            time.sleep(BEFORE)
            stopped = time.monotonic()
            try:
                signalled(home, signal.SIGSTOP)
                time.sleep(seconds)
            finally:
                signalled(home, signal.SIGCONT)
            going_on = time.monotonic()
            time.sleep(AFTER)
            load.stop.set()
            for thread in asking:
                thread.join()
            log = (opened.directory / "server.log").read_text()
        report(store, load.answers, stopped, going_on)
        print(f"  tracebacks in the log: {log.count('Traceback')}")
    finally:
        (opened.directory / "server.log").unlink(missing_ok=True)
        opened.close()


def report(store: str, answers: list[Answer], stopped: float, going_on: float) -> None:
    def slowest(among: list[Answer], path: str | None = None) -> float:
        return max((one.seconds for one in among if path in (None, one.path)), default=0.0)

    before = [one for one in answers if one.ended < stopped]
    meanwhile = [one for one in answers if one.ended > stopped and one.began < going_on]
    tokens = [one for one in meanwhile if one.path == TOKEN]
    good = [one.ended for one in answers if one.path == TOKEN and one.status == 200]
    first = min((ended for ended in good if ended > going_on), default=float("inf"))
    worst = max((one.ended for one in answers if one.status >= 500), default=going_on)
    print(f"{store}: stopped for {going_on - stopped:.1f} s{'seconds':>12}  (before)")
    for path in (None, "/healthz", "/readyz"):
        name = f"slowest {path or 'answer'}"
        print(f"  {name:26}{slowest(meanwhile, path):8.2f}  ({slowest(before, path):.2f})")
    print(f"  {'median of token answers':26}{median(one.seconds for one in tokens):8.2f}")
    print(f"  {'first token afterwards':26}{first - going_on:8.2f}")
    print(f"  {'last error afterwards':26}{max(0.0, worst - going_on):8.2f}")
    counts = {status: sum(one.status == status for one in tokens) for status in (200, 503, 500, 0)}
    print(f"  token answers meanwhile   {counts}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("store", nargs="*", metavar="STORE", default=[], choices=[*STORES, []])
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--server", choices=["waitress", "gunicorn"], default="waitress")
    parser.add_argument("--serve", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        app = application(given.serve)
        waitress.serve(app, host="127.0.0.1", port=given.port, threads=given.threads)
        return
    for store in given.store or STORES:
        run(store, given.server, given.clients, given.threads, given.seconds)


if __name__ == "__main__":
    main()
