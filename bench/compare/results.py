"""Rounds, and what they come to: medians of rates and times, processor time an operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.compare.load import Outcome


@dataclass(frozen=True)
class Round:
    """One round of a workload at a target; times are in milliseconds, memory in bytes.

    ``server``, ``store`` and ``client`` are milliseconds of processor time for each operation.
    ``connections`` says how many each worker served.
    """

    rate: float
    p50: float
    p99: float
    server: float
    store: float
    client: float
    memory: int
    connections: list[int]
    operations: int
    errors: int
    wrong: str

    @classmethod
    def of(
        cls, outcome: Outcome, used: tuple[float, float], memory: int, connections: list[int]
    ) -> Round:
        times = sorted(outcome.times)
        many = max(len(times), 1)
        server, store, client = (1000 * each / many for each in (*used, outcome.client))
        return cls(
            rate=len(times) / outcome.seconds,
            p50=quantile(times, 0.5) / 1000,
            p99=quantile(times, 0.99) / 1000,
            server=server,
            store=store,
            client=client,
            memory=memory,
            connections=connections,
            operations=len(times),
            errors=outcome.errors,
            wrong=outcome.wrong,
        )


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


def summary(rounds: Sequence[Round]) -> Summary:
    names = ("rate", "p50", "p99", "server", "store", "client", "memory")
    medians = {name: median(getattr(one, name) for one in rounds) for name in names}
    return Summary(**medians, errors=sum(one.errors for one in rounds))
