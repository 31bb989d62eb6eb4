"""Prints what audit and metrics cost, from a run that measured oauthprov with and without them.

    python -m bench.compare --output run.json \\
        --targets oauthprov-{sqlite,postgresql,redis}-{observed,unobserved}
    python -m bench.price run.json

Each cell is with both divided by without either: processor time of the server for an operation,
and operations a second; the medians over the rounds, in which both had their turn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.compare import goals
from bench.compare.results import Report, Round
from bench.compare.workloads import WORKLOADS

STORES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "redis": "Redis"}


def ratio(
    stored: Report, store: str, workload: str, figure: Callable[[Round], float]
) -> float | None:
    """Return a figure with both, divided by the same without either; None if not measured."""
    both = stored.rounds.get(f"oauthprov-{store}-observed", {}).get(workload, [])
    without = stored.rounds.get(f"oauthprov-{store}-unobserved", {}).get(workload, [])
    found = [
        figure(one) / figure(other)
        for one, other in zip(both, without, strict=True)
        if figure(other)
    ]
    return median(found) if found else None


def cell(stored: Report, store: str, workload: str) -> str:
    cost = ratio(stored, store, workload, lambda one: one.server)
    rate = ratio(stored, store, workload, lambda one: one.rate)
    return "" if cost is None or rate is None else f"{cost:.2f}, {rate:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="the JSON file of a run")
    stored = Report.read(parser.parse_args().run)
    print(f"Other processes used {stored.others:.0%} of the machine.", end=" ")
    print("That is too much: measure again." if stored.others > goals.QUIET else "")
    print("\n| CPU, rate | " + " | ".join(STORES.values()) + " |\n|---|" + "---|" * len(STORES))
    for name, workload in WORKLOADS.items():
        row = " | ".join(cell(stored, store, name) for store in STORES)
        print(f"| {workload.title} | {row} |")


if __name__ == "__main__":
    main()
