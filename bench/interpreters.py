"""Compares Python interpreters: CPU time of one request, as the server processes it.

    python -m bench.interpreters --rounds 40 /usr/bin/python3.11 /opt/python3.14/bin/python

Each interpreter needs the package with its extra ``test``. A process of each builds the app on
Redis, then on SQLite in memory, and answers client credentials, introspection and refresh with
rotation by plain WSGI calls, without a server. The rounds go around all of them, so that the load
of the machine meets all alike. It prints the CPU time of a request in microseconds, the first
decile of the rounds, to which other processes have added least, and the ratio to the first
interpreter: above 1 is faster.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

from tests import site as sites
from tests.servers import redis
from tests.servers.run import Run
from tests.site import FORM, Site

REQUESTS = 150
"""How many requests a round makes of each kind."""


class Caller:
    """A client that posts forms straight to the WSGI app."""

    def __init__(self, site: Site, app: sites.App) -> None:
        self._wsgi: Callable[..., Any] = site.wsgi
        credentials = sites.basic(app.client.client_id, app.secret or "")
        self._environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "id.example",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "id.example",
            "HTTP_AUTHORIZATION": credentials["Authorization"],
            "CONTENT_TYPE": FORM,
            "wsgi.url_scheme": "https",
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }

    def post(self, path: str, form: dict[str, str]) -> dict[str, str]:
        """Return the JSON of a success; raise RuntimeError for anything else."""
        body = urlencode(form).encode()
        environ = self._environ | {
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        statuses: list[str] = []
        answer = b"".join(self._wsgi(environ, lambda status, *_: statuses.append(status)))
        if not statuses[0].startswith("200 "):
            raise RuntimeError(f"{statuses[0]}: {answer!r}")
        read: dict[str, str] = json.loads(answer)
        return read


def answer_commands(url: str) -> None:
    """Build the app; for every line read, run a round and print microseconds of CPU by kind."""
    site = sites.standalone(sites.ini(url, development="true"))
    web, machine = site.app("web"), site.app("machine")
    caller, itself = Caller(site, web), Caller(site, machine)
    refresh = web.tokens(site.browser().enter("alice"))["refresh_token"]
    access = itself.post("/oauth/token", {"grant_type": "client_credentials"})["access_token"]

    def rotate() -> None:
        nonlocal refresh
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        refresh = caller.post("/oauth/token", form)["refresh_token"]

    kinds: dict[str, Callable[[], object]] = {
        "client credentials": lambda: itself.post(
            "/oauth/token", {"grant_type": "client_credentials"}
        ),
        "introspection": lambda: itself.post("/oauth/introspect", {"token": access}),
        "refresh": rotate,
    }
    print(json.dumps(sys.version.split()[0]), flush=True)
    for _ in sys.stdin:
        spent = {}
        for kind, act in kinds.items():
            began = time.process_time()
            for _ in range(REQUESTS):
                act()
            spent[kind] = 1e6 * (time.process_time() - began) / REQUESTS
        print(json.dumps(spent), flush=True)


def compare(pythons: list[str], rounds: int) -> None:
    """Run rounds that go around all interpreters, on each store, and print the result."""
    run = Run()
    try:
        for store, url in (
            ("Redis", run.once("redis", redis.start)),
            ("SQLite", "sqlite://"),
        ):
            spent: dict[tuple[int, str], list[float]] = defaultdict(list)
            with ExitStack() as stack:
                running = [
                    started(stack, python, f"{url}/{number}" if store == "Redis" else url)
                    for number, python in enumerate(pythons)
                ]
                versions = [json.loads(read(process)) for process in running]
                for turn in range(rounds + 1):
                    for number, process in enumerate(running):
                        for kind, value in asked(process).items():
                            if turn:  # the first round warms caches
                                spent[number, kind].append(value)
            report(store, versions, spent)
    finally:
        run.close()


def started(stack: ExitStack, python: str, url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - the interpreters that were named
        [python, "-W", "ignore", "-m", "bench.interpreters", "--serve", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)
    return process


def read(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args} ended")
    return line


def asked(process: subprocess.Popen[str]) -> dict[str, float]:
    if process.stdin:
        process.stdin.write("\n")
        process.stdin.flush()
    spent: dict[str, float] = json.loads(read(process))
    return spent


def report(store: str, versions: list[str], spent: dict[tuple[int, str], list[float]]) -> None:
    kinds = list(dict.fromkeys(kind for _, kind in spent))
    print(f"\n{store:12}" + "".join(f"{kind:>28}" for kind in kinds))
    for number, version in enumerate(versions):
        line = f"{version:12}"
        for kind in kinds:
            each, base = (quantiles(spent[one, kind], n=10)[0] for one in (number, 0))
            line += f"{each:18.0f} us {base / each:6.2f}"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("python", nargs="*", help="interpreters to compare")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--serve", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        answer_commands(given.serve)
    else:
        compare(given.python or [sys.executable], given.rounds)


if __name__ == "__main__":
    main()
