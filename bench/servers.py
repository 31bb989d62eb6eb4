"""Compares granian, gunicorn and waitress: rate, CPU, memory, and what happens when they are full.

    python -m bench.servers load redis postgresql --rounds 3 --seconds 2
    python -m bench.servers memory postgresql
    python -m bench.servers full

``load`` has wrk (16 connections) get tokens by client credentials and introspect one, under each
server with 1 and 2 workers of each number of threads (``--threads``; waitress has one process), in
rounds that alternate between them; every answer must be a success. ``memory`` measures the time
from the start to the first answer, and the memory of a worker when idle, after tokens, and after
sign-ins.
``full`` opens more idle connections than a server takes, and waits for an answer on a new one.

It starts a new store and the servers on free ports of 127.0.0.1 and ends them. It needs Linux, and
wrk for ``load``. Ratios are to granian with as many workers and the first number of threads.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from oauthprov.accounts import BuiltInAccounts
from oauthprov.credentials import PasswordHasher
from oauthprov.protocol.provider import epoch
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from tests import site as sites
from tests.faults.processes import Process, children
from tests.servers import postgresql, redis
from tests.servers.deployed import PROXY, Deployed, python
from tests.servers.run import Run, until
from tests.site import FORM, PASSWORD

# What pyramid imports says so itself.
os.environ.setdefault("PYTHONWARNINGS", "ignore:pkg_resources is deprecated")

STORES = {"redis": redis.start, "postgresql": postgresql.start}
THREADS = (4, 1, 8, 16)
CONNECTIONS = 16
GRANT = "grant_type=client_credentials"
TICKS = os.sysconf("SC_CLK_TCK")
APP = "oauthprov.wsgi:app"
BASE = "granian"


@dataclass(frozen=True)
class Setup:
    """A server with its workers, and the threads of each."""

    server: str
    workers: int
    threads: int
    preload: bool = False

    def command(self, deployed: Deployed) -> list[str]:
        """Return the command line that serves ``deployed``."""
        port = str(deployed.port)
        if self.server == "granian":
            line = deployed.by_serve(f"threads={self.threads}", "--workers", str(self.workers))
        elif self.server == "gunicorn":
            line = python("-m", "gunicorn", APP, "--bind", f"127.0.0.1:{port}")
            line += ["--workers", str(self.workers), "--worker-class", "gthread"]
            line += ["--threads", str(self.threads), "--no-control-socket"]
            line += ["--preload"] if self.preload else []
        else:
            line = python("-m", "pyramid.scripts.pserve", str(deployed.ini), f"port={port}")
            line.append(f"threads={self.threads}")
        return line

    @property
    def name(self) -> str:
        return f"{self.server}{' --preload' if self.preload else ''}"


def setups(numbers: Sequence[int]) -> list[Setup]:
    """Return every server with 1 and 2 workers, each with these numbers of threads."""
    granian, gunicorn = (
        [Setup(server, workers, threads) for workers in (1, 2) for threads in numbers]
        for server in (BASE, "gunicorn")
    )
    return [*granian, *gunicorn, *(Setup("waitress", 1, threads) for threads in numbers)]


@contextmanager
def store(name: str) -> Iterator[str]:
    """Run a new store; yield its URL."""
    run = Run()
    try:
        yield run.once(name, STORES[name])
    finally:
        run.close()


def deployment(url: str, folder: Path, **settings: str) -> Deployed:
    """Write an .ini whose threads a command line may set."""
    made = Deployed.on(url, folder, PROXY + "get threads = threads", **settings)
    text = made.ini.read_text("utf-8")
    made.ini.write_text(text.replace("[DEFAULT]\n", "[DEFAULT]\nthreads = 8\n", 1), "utf-8")
    return made


@contextmanager
def serving(setup: Setup, deployed: Deployed, **environment: str) -> Iterator[Process]:
    """Run the server; all of its workers serve when the block begins."""
    environment = {"OAUTHPROV_INI": str(deployed.ini)} | environment
    log = deployed.ini.parent / "log"
    log.unlink(missing_ok=True)
    with deployed.served(setup.command(deployed), environment) as server:
        if setup.workers > 1:
            ready = {"granian": "Started worker", "gunicorn": "Booting worker"}[setup.server]
            until(lambda: expect(log.read_text("utf-8").count(ready) >= setup.workers))
        for _ in range(20 * setup.workers):
            expect(deployed.token().status == 200)
        yield server


def expect(condition: bool) -> None:
    if not condition:
        raise RuntimeError("the server isn't ready, or its answer is wrong")


def processes(server: Process) -> list[int]:
    return [server.pid, *children(server.pid)]


def cpu(server: Process) -> float:
    """Return the CPU seconds of a server and its workers."""
    spent = 0
    for pid in processes(server):
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / TICKS


def wrk(deployed: Deployed, path: str, body: str, seconds: int, folder: Path) -> float:
    """Return the answers a second; raise RuntimeError if any isn't a success."""
    headers = deployed.credentials | {"Content-Type": FORM}
    lines = ['wrk.method = "POST"', f"wrk.body = {json.dumps(body)}"]
    lines += [f'wrk.headers["{name}"] = {json.dumps(value)}' for name, value in headers.items()]
    script = folder / "request.lua"
    script.write_text("\n".join(lines), "utf-8")
    line = [shutil.which("wrk") or "wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s"]
    done = subprocess.run(  # noqa: S603 - wrk, on this machine
        [*line, "-s", str(script), f"http://127.0.0.1:{deployed.port}{path}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = re.search(r"Requests/sec: +([\d.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(found[1])


def load(names: list[str], rounds: int, seconds: int, threads: Sequence[int]) -> None:
    """Measure every setup on each store, and print medians."""
    compared = setups(threads)
    for name in names:
        rates: dict[tuple[Setup, str], list[float]] = defaultdict(list)
        costs: dict[tuple[Setup, str], list[float]] = defaultdict(list)
        with store(name) as url, tempfile.TemporaryDirectory() as folder:
            for _ in range(rounds):
                for setup in compared:
                    deployed = deployment(url, Path(folder))
                    with serving(setup, deployed) as server:
                        token = deployed.token().json["access_token"]
                        requests = (
                            ("token", "/oauth/token", GRANT),
                            ("introspect", "/oauth/introspect", f"token={token}"),
                        )
                        for what, path, body in requests:
                            before, began = cpu(server), time.monotonic()
                            rate = wrk(deployed, path, body, seconds, Path(folder))
                            answers = rate * (time.monotonic() - began)
                            rates[setup, what].append(rate)
                            costs[setup, what].append(1000 * (cpu(server) - before) / answers)
        report(name, compared, rates, costs)


def report(
    name: str,
    compared: list[Setup],
    rates: dict[tuple[Setup, str], list[float]],
    costs: dict[tuple[Setup, str], list[float]],
) -> None:
    for workers in (1, 2):
        print(f"\n{name}, {workers} worker{'s' if workers > 1 else ''}")
        heads = f"{'':22}{'token/s':>10}{'ratio':>7}{'CPU ms':>8}"
        print(f"{heads}{'introsp./s':>12}{'ratio':>7}{'CPU ms':>8}")
        for setup in compared:
            if setup.workers != workers:
                continue
            line = f"{setup.name + f', {setup.threads} threads':22}"
            for what, width in (("token", 10), ("introspect", 12)):
                rate = median(rates[setup, what])
                base = median(rates[Setup(BASE, workers, compared[0].threads), what])
                cost = median(costs[setup, what])
                line += f"{rate:{width}.0f}{rate / base:7.2f}{cost:8.2f}"
            print(line, flush=True)


def memory_of(pid: int) -> tuple[float, float]:
    """Return the resident and the proportional memory of a process in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    rss, pss = (re.search(rf"(?m)^{name}: +(\d+) kB", text) for name in ("Rss", "Pss"))
    return (int(rss[1]) / 1000, int(pss[1]) / 1000) if rss and pss else (0.0, 0.0)


def workers_of(server: Process, setup: Setup) -> list[int]:
    """Return the processes that serve requests."""
    return [server.pid] if setup.server == "waitress" else children(server.pid)


def memory(name: str, tokens: int, sign_ins: int) -> None:
    """Print start times and memory of each server, with and without few malloc arenas."""
    print(f"{'':34}{'start s':>8}{'idle':>6}{'PSS':>6}{'tokens':>8}{'sign-ins':>10}{'PSS':>6}")
    with store(name) as url, tempfile.TemporaryDirectory() as folder:
        for arenas in ("", "2"):
            more = {"MALLOC_ARENA_MAX": arenas} if arenas else {}
            for setup in (
                Setup("granian", 2, 8),
                Setup("gunicorn", 2, 8),
                Setup("gunicorn", 2, 8, preload=True),
                Setup("waitress", 1, 8),
            ):
                deployed = deployment(
                    url,
                    Path(folder),
                    **{f"login.limit_{kind}": "1000000 per minute" for kind in LIMITS},
                    **{"password.memory": "19456", "password.time": "2"},
                )
                line = f"{setup.name + (f', {arenas} arenas' if arenas else ''):34}"
                line += f"{min(started(setup, deployed) for _ in range(STARTS)):8.1f}"
                with serving(setup, deployed, **more) as server:
                    line += measured(server, setup, deployed, tokens, sign_ins)
                print(line, flush=True)


LIMITS = ("account", "address", "success")
STARTS = 4
"""How often a server is started; the quickest start counts."""


def started(setup: Setup, deployed: Deployed) -> float:
    """Return the seconds from the start of a server to its first answer."""
    began = time.monotonic()
    with deployed.served(setup.command(deployed), {"OAUTHPROV_INI": str(deployed.ini)}):
        return time.monotonic() - began


def measured(server: Process, setup: Setup, deployed: Deployed, tokens: int, sign_ins: int) -> str:
    """Return the cells of one server; memory is the mean of its workers, in MB."""

    def sizes() -> tuple[float, float]:
        each = [memory_of(pid) for pid in workers_of(server, setup)]
        return sum(rss for rss, _ in each) / len(each), sum(pss for _, pss in each) / len(each)

    idle, shared = sizes()
    repeated(tokens, 8, lambda: expect(deployed.token().status == 200))
    after_tokens, _ = sizes()
    add_account(deployed)
    repeated(sign_ins, 16, lambda: sign_in(deployed))
    after, after_shared = sizes()
    line = f"{idle:6.0f}{shared:6.0f}"
    return f"{line}{after_tokens:8.0f}{after:10.0f}{after_shared:6.0f}"


def repeated(times: int, clients: int, act: Callable[[], object]) -> None:
    """Have several clients act, so many times in all."""
    threads = [
        threading.Thread(target=lambda: [act() for _ in range(times // clients)])
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def add_account(deployed: Deployed) -> None:
    text = deployed.ini.read_text("utf-8")
    found = re.search(r"(?m)^oauthprov.storage.url = (.+)$", text)
    url = found[1] if found else ""
    known = Settings.from_ini(sites.ini(url, **{"password.memory": "19456", "password.time": "2"}))
    opened = open_storage(url)
    hasher = PasswordHasher(memory_kib=known.password_memory, time_cost=known.password_time)
    with suppress(Exception):  # it may be there from the server measured before
        BuiltInAccounts(opened, epoch, hasher).sign_up("alice", PASSWORD)
    opened.close()


def sign_in(deployed: Deployed) -> None:
    """Sign in as a browser does; a refusal (503) counts as done."""
    page = deployed.get("/login")
    form = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page.body.decode()))
    form |= {"name": "alice", "password": PASSWORD}
    body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in form.items())
    deployed.post("/login", body, Content_Type=FORM)


def full(connections: int, patience: float) -> None:
    """Print whether a new connection is answered beside many idle ones, and how soon."""
    with tempfile.TemporaryDirectory() as folder:
        for setup in (Setup("granian", 1, 8), Setup("gunicorn", 1, 8), Setup("waitress", 1, 8)):
            deployed = deployment(f"sqlite:///{folder}/full.sqlite", Path(folder))
            with serving(setup, deployed):
                began = time.monotonic()
                idle = [deployed.connect() for _ in range(connections)]
                said = answered(deployed, patience)
                print(f"{setup.server}: {connections} idle connections: {said}", flush=True)
                for one in idle:
                    one.close()
                print(f"  in all {time.monotonic() - began:.1f} s", flush=True)


def answered(deployed: Deployed, patience: float) -> str:
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", deployed.port), timeout=patience) as new:
            new.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            status = new.recv(100).partition(b"\r\n")[0].decode()
    except OSError as wrong:
        status = f"{type(wrong).__name__}"
    return f"{status or 'closed'} after {time.monotonic() - began:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    what = parser.add_subparsers(required=True, dest="what")
    one = what.add_parser("load")
    one.add_argument("stores", nargs="*", metavar="STORE", default=[], choices=[*STORES, []])
    one.add_argument("--rounds", type=int, default=3)
    one.add_argument("--seconds", type=int, default=2)
    one.add_argument("--threads", type=int, nargs="+", default=list(THREADS))
    one = what.add_parser("memory")
    one.add_argument("store", nargs="?", choices=list(STORES), default="postgresql")
    one.add_argument("--tokens", type=int, default=4000)
    one.add_argument("--sign-ins", type=int, default=320)
    one = what.add_parser("full")
    one.add_argument("--connections", type=int, default=600)
    one.add_argument("--patience", type=float, default=15)
    given = parser.parse_args()
    if given.what == "load":
        load(given.stores or list(STORES), given.rounds, given.seconds, given.threads)
    elif given.what == "memory":
        memory(given.store, given.tokens, given.sign_ins)
    else:
        full(given.connections, given.patience)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
