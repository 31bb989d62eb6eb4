"""Shows which layer takes the time of an answer: server, round trip to the store, or which code.

    python -m bench.layers redis postgresql --seconds 20

Two tables for each store. The first is of one process without a server: each flow's CPU
microseconds (the median), and the share of each package, sampled every millisecond of CPU. A C
function counts to the Python function that called it, so the kernel's work of sending to the store
is in "own storage". The second is of two workers under granian with wrk's 16 connections: the CPU
of an app that does nothing, of one that only reads a record, and of the provider. It starts
everything itself, on free ports of 127.0.0.1, and needs Linux and wrk.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

from bench.scale import STORES
from bench.servers import GRANT, Setup, cpu, deployment, serving, wrk
from oauthprov.records import Client
from oauthprov.storage import open_storage
from tests.calls.counting import layer_of
from tests.calls.workloads import App, steps
from tests.servers.deployed import Deployed, python
from tests.servers.run import Run

TICK = 0.001
THREADS = 4
ROUNDS = 3
URL = "BENCH_LAYERS_URL"
BODY = b'{"active":true,"scope":"photos:read"}' + b" " * 200
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def nothing(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer without a look at the request; a WSGI application."""
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [BODY]


if URL in os.environ:
    _storage = open_storage(os.environ[URL])


def one_read(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Read one record that doesn't exist, and answer; a WSGI application."""
    _storage.get(Client, "nobody")
    return nothing(environ, start_response)


def sampled(url: str, seconds: float) -> tuple[dict[str, list[float]], dict[str, Counter[str]]]:
    """Return the CPU microseconds of each step, and its samples by layer."""
    app, step_name = App(url), ""
    costs: dict[str, list[float]] = defaultdict(list)
    samples: dict[str, Counter[str]] = defaultdict(Counter)

    def sample(number: int, frame: FrameType | None) -> None:
        if step_name and frame is not None:
            samples[step_name][owner(frame)] += 1

    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            flow = steps(app)
            step = next(flow)
            while True:
                environ, step_name = step.environ, step.name
                began = time.thread_time_ns()
                reply = app.send(environ)
                took, step_name = time.thread_time_ns() - began, ""
                costs[step.name].append(took / 1000)
                try:
                    step = flow.send(reply)
                except StopIteration:
                    break
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        app.close()
    return costs, samples


def owner(frame: FrameType) -> str:
    """Return the layer of the innermost frame that isn't the standard library's."""
    found: FrameType | None = frame
    while found is not None:
        layer = layer_of(found.f_code.co_filename)
        if layer != "rest":
            return layer
        found = found.f_back
    return "rest"


def in_process(url: str, seconds: float) -> None:
    costs, samples = sampled(url, seconds)
    layers = sorted({layer for counted in samples.values() for layer in counted} - {"tests"})
    print(f"{'in process, us':24}{'all':>6}" + "".join(f"{layer:>13}" for layer in layers))
    for name, each in costs.items():
        whole, counted = median(each), samples[name]
        total = counted.total() - counted["tests"]
        cells = "".join(f"{whole * counted[layer] / total:13.0f}" for layer in layers)
        print(f"{name:24}{whole:6.0f}{cells}")


def bare(app: str, deployed: Deployed) -> list[str]:
    """Return the command line of granian for one of the applications above."""
    line = python("-m", "granian", "--interface", "wsgi", "--port", str(deployed.port))
    line += ["--workers", "2", "--blocking-threads", str(THREADS), "--http", "1", "--no-ws"]
    return [*line, f"bench.layers:{app}"]


def served(url: str, seconds: int) -> None:
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for _ in range(ROUNDS):
            for name in ("nothing", "one_read"):
                deployed = deployment(url, folder)
                with deployed.served(bare(name, deployed), {URL: url}) as server:
                    seen[name].append(load(server, deployed, "/", GRANT, seconds, folder))
            deployed = deployment(url, folder)
            with serving(Setup("granian", 2, THREADS), deployed) as server:
                token = f"token={deployed.token().json['access_token']}"
                for name, path, body in (
                    ("introspection", "/oauth/introspect", token),
                    ("client credentials", "/oauth/token", GRANT),
                ):
                    seen[name].append(load(server, deployed, path, body, seconds, folder))
    print(f"\n{'served':24}{'a second':>10}{'server CPU us':>15}")
    for name, cells in seen.items():
        rate, cost = (median(column) for column in zip(*cells, strict=True))
        print(f"{name.replace('_', ' '):24}{rate:10.0f}{cost:15.0f}")


def load(
    server: Any, deployed: Deployed, path: str, body: str, seconds: int, folder: Path
) -> tuple[float, float]:
    """Return the answers a second, and the server's CPU microseconds for each."""
    before, began = cpu(server), time.monotonic()
    rate = wrk(deployed, path, body, seconds, folder)
    return rate, 1_000_000 * (cpu(server) - before) / (rate * (time.monotonic() - began))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("stores", nargs="*", metavar="STORE", default=[], choices=[*STORES, []])
    parser.add_argument("--seconds", type=int, default=20, help="of the table in process")
    given = parser.parse_args()
    for name in given.stores or ("redis", "postgresql"):
        run = Run()
        try:
            url = STORES[name](run)
            storage = open_storage(url)
            storage.upgrade()
            storage.close()
            print(f"\n{name}, Python {sys.version.partition(' ')[0]}")
            in_process(url, given.seconds)
            served(url, 3)
        finally:
            run.close()


if __name__ == "__main__":
    main()
