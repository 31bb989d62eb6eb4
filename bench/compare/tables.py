"""The tables of a run, as text for a terminal and as Markdown."""

from __future__ import annotations

from bench.compare.goals import RACES, Line, Race, lines
from bench.compare.results import Report, Summary
from bench.compare.targets import TARGETS
from bench.compare.workloads import WORKLOADS

Table = list[list[str]]
"""Rows of cells, the first row the heading."""


def rates(report: Report, race: Race) -> Table:
    """Operations a second and the 99th percentile of their times; ours against the best peer."""
    measured = list(lines(report, race))
    targets = _targets(measured)
    heading = [race.store, *map(_short, targets)]
    rows = [
        [_title(line), *(_rate(line.summaries.get(target)) for target in targets)]
        for line in measured
    ]
    if any(line.ratio is not None for line in measured):
        heading += ["rate", "p99", "CPU"]
        for row, line in zip(rows, measured, strict=True):
            row += map(_ratio, (line.ratio, line.p99, line.cost))
    return [heading, *rows] if rows else []


def costs(report: Report, race: Race) -> Table:
    """Processor time of an operation, server and store, and memory of all server processes."""
    measured = list(lines(report, race))
    targets = _targets(measured)
    rows = [
        [_title(line), *(_cost(line.summaries.get(target)) for target in targets)]
        for line in measured
    ]
    return [[race.store, *map(_short, targets)], *rows] if rows else []


def views(report: Report) -> Table:
    """What a view costs, and what its protection adds, in microseconds."""
    heading = ["embedded view, us", "plain", "protected", "longer by", "a bare read"]
    rows = [
        [name, *(f"{us:.0f}" for us in (one.plain, one.protected, one.extra, one.bare) if us)]
        for name, one in report.views.items()
        if name in TARGETS
    ]
    return [heading[: len(rows[0])], *rows] if rows else []


def interpreters(report: Report, target: str) -> Table:
    """Operations a second and processor time of a target of ours, by interpreter."""
    names = [target, *(f"{target}@{one.version}" for one in report.interpreters[1:])]
    rows = []
    for name, workload in WORKLOADS.items():
        found = [report.summary(one, name) for one in names]
        if len(found) > 1 and all(found):
            rows.append([workload.title, *(f"{s.rate:.0f}; {s.cost:.2f} ms" for s in found if s)])
    heading = [TARGETS[target].title, *(one.version for one in report.interpreters)]
    return [heading, *rows] if rows else []


def every(report: Report) -> list[tuple[str, Table]]:
    """Return all tables that have rows, with their titles."""
    found = []
    for race in RACES:
        found.append(
            ("Operations a second (p99 in ms); ours against the best", rates(report, race))
        )
        found.append(("CPU ms an operation: server + store; memory", costs(report, race)))
    for race in RACES:
        found.append(("Operations a second; CPU ms an operation", interpreters(report, race.ours)))
    found.append(("Local introspection", views(report)))
    return [(title, table) for title, table in found if table]


def _targets(measured: list[Line]) -> list[str]:
    seen = {target for line in measured for target in line.summaries}
    return [name for name in TARGETS if name in seen]


def _short(target: str) -> str:
    return (
        "oauthprov" if target.startswith("oauthprov-") else TARGETS[target].title.split(" on ")[0]
    )


def _title(line: Line) -> str:
    return WORKLOADS[line.workload].title


def _rate(one: Summary | None) -> str:
    return f"{one.rate:.0f} ({one.p99:.0f})" if one else "-"


def _cost(one: Summary | None) -> str:
    if one is None:
        return "-"
    return f"{one.server:.2f} + {one.store:.2f}; {one.memory / 2**20:.0f} MB"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def as_text(table: Table) -> str:
    """Return a table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )


def as_markdown(table: Table) -> str:
    """Return a table for GitHub's Markdown, its numbers on the right."""
    heading, *rows = table
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heading, rule, *rows))
