"""What this project wants to reach, and whether a run shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.compare.results import Report, Summary
from bench.compare.targets import TARGETS
from bench.compare.workloads import WORKLOADS

QUIET = 0.1
"""How much of the machine other processes may use, for the figures to mean something."""
VIEW = 60.0
"""Microseconds that the protection of an embedded view may take."""


@dataclass(frozen=True)
class Race:
    """Ours against peers on the same store; ``goal`` is the ratio to the fastest of them."""

    store: str
    ours: str
    peers: tuple[str, ...]
    goal: float


RACES = (
    Race("Redis", "oauthprov-redis", ("oidc-provider",), 1.2),
    Race("PostgreSQL", "oauthprov-postgresql", ("authlib", "django-oauth-toolkit"), 6.0),
    Race("SQLite", "oauthprov-sqlite", (), 0.0),
)


@dataclass(frozen=True)
class Line:
    """One workload of a race: medians by target, and ours against the best of the peers.

    ``ratio`` is of rates, ``p99`` of times at the 99th percentile, ``cost`` of the processor time
    of server and store together: of each the best peer counts.
    """

    workload: str
    summaries: dict[str, Summary]
    ratio: float | None = None
    p99: float | None = None
    cost: float | None = None


def lines(report: Report, race: Race) -> Iterator[Line]:
    """Yield the workloads of a race that were measured."""
    for name in WORKLOADS:
        found = {one: report.summary(one, name) for one in (race.ours, *race.peers)}
        summaries = {target: summary for target, summary in found.items() if summary}
        ours = summaries.get(race.ours)
        peers = [summaries[peer] for peer in race.peers if peer in summaries]
        if ours and peers:
            yield Line(
                name,
                summaries,
                _divided(ours.rate, max(peer.rate for peer in peers)),
                _divided(ours.p99, min(peer.p99 for peer in peers)),
                _divided(ours.cost, min(peer.cost for peer in peers)),
            )
        elif summaries:
            yield Line(name, summaries)


def _divided(one: float, other: float) -> float | None:
    return one / other if other else None


def missed(report: Report) -> list[str]:
    """Return the goals that this run doesn't show as reached, a sentence each."""
    found = []
    for race in RACES:
        for line in lines(report, race):
            if line.ratio is not None and line.ratio < race.goal:
                found.append(
                    f"{line.workload} on {race.store}: {line.ratio:.2f} times the best peer's,"
                    f" the goal is {race.goal:g}"
                )
            if line.p99 is not None and line.p99 > 1:
                found.append(
                    f"{line.workload} on {race.store}: p99 is {line.p99:.2f} times the best peer's"
                )
    for name, view in report.views.items():
        if name in TARGETS and view.extra > VIEW:
            found.append(
                f"{name}: a protected view takes {view.extra:.0f} us longer, the goal is {VIEW:g}"
            )
    return found
