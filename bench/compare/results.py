"""Rounds, the report of a run as it is stored, and the medians of its rounds."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.compare.load import Outcome


@dataclass(frozen=True)
class Used:
    """Seconds of processor time: of the server, of its store, and of the whole machine."""

    server: float
    store: float
    machine: float

    def __sub__(self, before: Used) -> Used:
        return Used(
            self.server - before.server, self.store - before.store, self.machine - before.machine
        )


@dataclass(frozen=True)
class Round:
    """One round of a workload at a target; times are in milliseconds, memory in bytes.

    ``server``, ``store`` and ``client`` are milliseconds of processor time for each operation.
    ``connections`` says how many each worker served, ``others`` which part of the machine's
    processor time went to processes that had nothing to do with it.
    """

    rate: float
    p50: float
    p99: float
    server: float
    store: float
    client: float
    others: float
    memory: int
    connections: list[int]
    operations: int
    errors: int
    wrong: str

    @classmethod
    def of(cls, outcome: Outcome, used: Used, memory: int, connections: list[int]) -> Round:
        times = sorted(outcome.times)
        many = max(len(times), 1)
        known = (used.server, used.store, outcome.client)
        server, store, client = (1000 * each / many for each in known)
        others = (used.machine - sum(known)) / (outcome.seconds * (os.cpu_count() or 1))
        return cls(
            rate=len(times) / outcome.seconds,
            p50=quantile(times, 0.5) / 1000,
            p99=quantile(times, 0.99) / 1000,
            server=server,
            store=store,
            client=client,
            others=max(others, 0.0),
            memory=memory,
            connections=connections,
            operations=len(times),
            errors=outcome.errors,
            wrong=outcome.wrong,
        )

    @classmethod
    def failed(cls, why: str) -> Round:
        """Return a round that couldn't even begin."""
        return cls(0, 0, 0, 0, 0, 0, 0, 0, [], operations=0, errors=1, wrong=why)


def quantile(ordered: Sequence[int], part: float) -> float:
    """Return the value below which ``part`` of the values are; 0 without values."""
    return float(ordered[min(int(part * len(ordered)), len(ordered) - 1)]) if ordered else 0.0


@dataclass(frozen=True)
class Summary:
    """The medians over the rounds of one workload at one target; ``errors`` are all."""

    rate: float
    p50: float
    p99: float
    server: float
    store: float
    client: float
    memory: float
    errors: int

    @property
    def cost(self) -> float:
        """The processor time of server and store for one operation."""
        return self.server + self.store


def summary(rounds: Sequence[Round]) -> Summary:
    names = ("rate", "p50", "p99", "server", "store", "client", "memory")
    medians = {name: median(getattr(one, name) for one in rounds) for name in names}
    return Summary(**medians, errors=sum(one.errors for one in rounds))


@dataclass(frozen=True)
class View:
    """Microseconds of a view: without protection, with it, and what it takes longer.

    ``bare`` is one read of the store by its bare driver, None in runs that didn't measure it.
    """

    plain: float
    protected: float
    extra: float
    bare: float | None = None


@dataclass(frozen=True)
class Interpreter:
    """A Python: how it was built, and the microseconds that a piece of pure Python takes in it."""

    version: str
    build: str
    microseconds: float


@dataclass(frozen=True)
class Report:
    """A whole run. ``rounds`` are by target and workload, ``views`` by target.

    The first of ``interpreters`` runs every Python target; the others run those of ours again,
    which are named ``TARGET@VERSION``. ``problems`` are wrong answers after the load.
    """

    date: str
    revision: str
    machine: str
    interpreters: list[Interpreter]
    versions: dict[str, dict[str, str]]
    settings: dict[str, int]
    rounds: dict[str, dict[str, list[Round]]]
    views: dict[str, View]
    problems: list[str]

    def summary(self, target: str, workload: str) -> Summary | None:
        """Return the medians, None if this wasn't measured."""
        rounds = self.rounds.get(target, {}).get(workload)
        return summary(rounds) if rounds else None

    @property
    def others(self) -> float:
        """The part of the machine that other processes used, as the median of all rounds."""
        every = (rounds for workloads in self.rounds.values() for rounds in workloads.values())
        return median(one.others for rounds in every for one in rounds)

    @property
    def errors(self) -> list[str]:
        """Everything that went wrong, in sentences."""
        return self.problems + [
            f"{target}, {workload}: {sum(one.errors for one in rounds)} errors, such as: "
            + next((one.wrong for one in rounds if one.wrong), "no answer at all")
            for target, workloads in self.rounds.items()
            for workload, rounds in workloads.items()
            if any(one.errors or not one.operations for one in rounds)
        ]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(_rounded(dataclasses.asdict(self)), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Report:
        stored = json.loads(path.read_text())
        stored["rounds"] = {
            target: {name: [Round(**one) for one in rounds] for name, rounds in workloads.items()}
            for target, workloads in stored["rounds"].items()
        }
        stored["interpreters"] = [Interpreter(**one) for one in stored["interpreters"]]
        stored["views"] = {name: View(**view) for name, view in stored["views"].items()}
        return cls(**stored)


def _rounded(value: Any) -> Any:
    """Return the value with its floats cut to what a noisy machine can tell."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value
