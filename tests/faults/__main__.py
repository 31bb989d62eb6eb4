"""The long form: every fault on every engine, a row for each, and a failure if anything is wrong.

    python -m tests.faults
    python -m tests.faults --engine redis --rounds 3

Prints a table and, below each row, what should not be. Exits with 1 when there is anything.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

import pytest

from tests.faults.deployment import Deployment, deployed
from tests.faults.disk import NoDisk, mount_privately, small_disk
from tests.faults.faults import FullDisk
from tests.faults.races import ENDINGS, raced
from tests.faults.scenarios import ENGINES
from tests.faults.stores import PostgreSQL, Redis, Server, SQLite
from tests.faults.trial import Outcome, Pace, tried

PACE = Pace(before=1.0, after=1.0, limit=8.0, health=2.0, recovery=30.0)
"""Five seconds are an answer's budget; the rest is for a machine that has other work."""

DISKS = {"sqlite": (SQLite, 8), "redis": (Redis, 8), "postgresql": (PostgreSQL, 96)}
"""By engine: the store, and the megabytes of its disk."""

HEAD = ("engine", "fault", "requests", "200", "3xx", "4xx", "503", "other", "none")
MORE = ("slowest", "healthz", "recovery", "tokens", "excused", "wrong")
WIDTHS = (15, 41, 9, 6, 5, 6, 6, 6, 5, 8, 8, 9, 7, 8, 6)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("--engine", choices=sorted(ENGINES), action="append")
    parser.add_argument("--rounds", type=int, default=3, help="of each race (default 3)")
    parser.add_argument("--seconds", type=float, default=900, help="begin nothing afterwards")
    given = parser.parse_args()
    begun, wrong = time.monotonic(), 0
    print(row((*HEAD, *MORE)), flush=True)
    for engine in given.engine or ENGINES:
        with closing(outcomes(engine, given.rounds)) as every:
            for outcome in every:
                wrong += len(outcome.verdict.violations)
                print(row(cells(engine, outcome)), flush=True)
                for sentence in sorted(set(outcome.verdict.violations))[:20]:
                    print(f"    {sentence}", flush=True)
                if time.monotonic() - begun > given.seconds:
                    print(f"    the rest of {engine} wasn't tried: out of time")
                    wrong += 1
                    break
    print(f"{wrong} violations, {time.monotonic() - begun:.0f} s")
    return int(wrong > 0)


def outcomes(engine: str, rounds: int) -> Generator[Outcome]:
    """Yield the outcome of each scenario of an engine, and of each race."""
    make, scenarios = ENGINES[engine]
    try:
        with deployed(make) as deployment:
            for scenario in scenarios:
                pace = replace(PACE, during=scenario.during)
                yield tried(deployment, scenario.fault(deployment), pace)
            for ending in ENDINGS:
                yield raced(deployment, ending, rounds, PACE)
        if engine in DISKS:
            yield from full_disk(engine)
    except pytest.skip.Exception as skipped:
        print(f"    {engine} wasn't tried: {skipped}")


def full_disk(engine: str) -> Generator[Outcome]:
    """Yield the outcome of filling the disk of an engine, where one can be mounted."""
    make, megabytes = DISKS[engine]
    try:
        with small_disk(megabytes) as disk, deployed(lambda _: make(disk.path / "s")) as on:
            yield tried(on, FullDisk(disk, server_of(on)), replace(PACE, during=2.0))
    except NoDisk as missing:
        print(f"    the full disk of {engine} wasn't tried: {missing}")


def server_of(deployment: Deployment) -> Server | None:
    return deployment.store if isinstance(deployment.store, Server) else None


def cells(engine: str, outcome: Outcome) -> tuple[str, ...]:
    """What the table says of an outcome."""
    statuses = outcome.statuses
    total = sum(statuses.values())
    redirects = sum(count for status, count in statuses.items() if status // 100 == 3)
    refusals = sum(count for status, count in statuses.items() if status // 100 == 4)
    known = statuses[200] + redirects + refusals + statuses[503] + statuses[0]
    return (
        engine,
        outcome.fault,
        *map(str, (total, statuses[200], redirects, refusals, statuses[503])),
        *map(str, (total - known, statuses[0])),
        f"{outcome.slowest:.2f} s",
        f"{outcome.slowest_health:.2f} s" if outcome.healths else "-",
        f"{outcome.recovery:.1f} s",
        *map(str, (outcome.verdict.tokens, outcome.verdict.excused)),
        str(len(outcome.verdict.violations)),
    )


def row(texts: tuple[str, ...]) -> str:
    first = "".join(text.ljust(width) for text, width in zip(texts[:2], WIDTHS[:2], strict=True))
    rest = zip(texts[2:], WIDTHS[2:], strict=True)
    return first + "".join(text.rjust(width) for text, width in rest)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    try:
        mount_privately()
    except NoDisk as missing:
        print(f"no disk will be full: {missing}")
    sys.exit(main())
