"""Shows how the rate grows with worker processes and with Redis nodes, and what an answer costs.

    python -m bench.scale redis cluster postgresql --rounds 2 --seconds 2

It has wrk (16 connections) get tokens by client credentials and introspect one, from
``oauthprov serve`` with 1, 2 and 4 workers, on one Redis, a cluster of three nodes, or PostgreSQL,
in rounds that alternate. Every answer must be a success. The CPU of an answer is that of the
server and of all nodes of the store. It starts everything itself, on free ports of 127.0.0.1, and
needs Linux and wrk.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from bench.compare.processes import processor_seconds
from bench.servers import GRANT, Setup, cpu, deployment, serving, wrk
from tests.servers import cluster, guard, postgresql, redis
from tests.servers.run import Run

STORES = {"redis": redis.url, "cluster": cluster.url, "postgresql": postgresql.url}
WORKERS = (1, 2, 4)
Cell = tuple[int, str]


def store_seconds(run: Run) -> float:
    """Return the CPU seconds that the store's processes have used."""
    return sum(
        processor_seconds(int(pid.read_text())) for pid in run.directory.glob(f"*/{guard.PID}")
    )


def measured(
    run: Run, url: str, workers: int, seconds: int, folder: Path
) -> dict[str, tuple[float, float, float]]:
    """Return answers a second, and CPU ms of server and store for each, by kind of request."""
    deployed, found = deployment(url, folder), {}
    with serving(Setup("granian", workers, 8), deployed) as server:
        token = deployed.token().json["access_token"]
        for what, path, body in (
            ("token", "/oauth/token", GRANT),
            ("introspection", "/oauth/introspect", f"token={token}"),
        ):
            before, stored, began = cpu(server), store_seconds(run), time.monotonic()
            rate = wrk(deployed, path, body, seconds, folder)
            answers = rate * (time.monotonic() - began)
            costs = cpu(server) - before, store_seconds(run) - stored
            found[what] = (rate, 1000 * costs[0] / answers, 1000 * costs[1] / answers)
    return found


def compare(name: str, rounds: int, seconds: int) -> None:
    """Measure a store with each number of workers, and print medians."""
    seen: dict[Cell, list[tuple[float, float, float]]] = defaultdict(list)
    run = Run()
    try:
        url = STORES[name](run)
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(rounds):
                for workers in WORKERS:
                    for what, cell in measured(run, url, workers, seconds, Path(folder)).items():
                        seen[workers, what].append(cell)
    finally:
        run.close()
    print(f"\n{name:14}{'workers':>8}{'a second':>10}{'ratio':>7}{'CPU ms':>8}{'store':>7}")
    for (workers, what), cells in sorted(seen.items(), key=lambda item: item[0][::-1]):
        rate, server, store = (median(column) for column in zip(*cells, strict=True))
        base = median(cell[0] for cell in seen[1, what])
        print(f"{what:14}{workers:8}{rate:10.0f}{rate / base:7.2f}{server:8.2f}{store:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("stores", nargs="*", metavar="STORE", default=[], choices=[*STORES, []])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=2)
    given = parser.parse_args()
    for name in given.stores or STORES:
        compare(name, given.rounds, given.seconds)


if __name__ == "__main__":
    main()
