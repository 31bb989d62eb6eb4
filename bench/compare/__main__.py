"""The command: measures, or shows a stored run."""

from __future__ import annotations

import argparse
import datetime
import signal
import sys
from pathlib import Path

import pytest

from bench.compare import facts, goals, readme, tables, views
from bench.compare.browser import Lost
from bench.compare.installing import ROOT, Installed, Missing, install, tool
from bench.compare.load import CONNECTIONS
from bench.compare.measuring import Contestant, measure, problems, running
from bench.compare.plot import drawn
from bench.compare.results import Interpreter, Report
from bench.compare.targets import TARGETS, WORKERS, Target
from bench.compare.workloads import WORKLOADS

RESULTS = ROOT / "bench" / "results"
BROKEN, WRONG = 2, 1
NoServer = pytest.skip.Exception
"""What ``tests.servers`` raises where there is no PostgreSQL or no Redis to start."""


def positive(text: str) -> int:
    """Read a whole number from 1; raises ValueError."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.compare",
        description=(sys.modules["bench.compare"].__doc__ or "").partition("\n")[0],
        epilog="workloads: " + "; ".join(f"{one.name} {one.title}" for one in WORKLOADS.values()),
    )
    add = parser.add_argument
    usual = [name for name, target in TARGETS.items() if target.by_default]
    add("--targets", nargs="+", choices=TARGETS, default=usual, metavar="NAME",
        help=f"which servers: {', '.join(TARGETS)}; by default without the "
        "observed and unobserved ones")  # fmt: skip
    add("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="NAME")
    add("--rounds", type=positive, default=5, help="rounds of each workload at each target (5)")
    add("--seconds", type=positive, default=5, help="seconds of load in a round (5)")
    add("--python", nargs="+", type=Path, default=[Path(sys.executable)], metavar="PATH",
        help="the interpreter of all Python targets, by default the one of .venv; "
        "with more than one, the others run oauthprov again")  # fmt: skip
    add("--machine", default=facts.machine(), metavar="WORDS", help="the machine in words")
    add("--output", type=Path, metavar="FILE", help="where to write the results as JSON, "
        "by default bench/results/DATE-REVISION.json")  # fmt: skip
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--show", type=Path, metavar="FILE", help="print the tables of a stored run"
    )
    shown.add_argument("--plot", type=Path, metavar="FILE", help="print the plot of one, as SVG")
    shown.add_argument("--readme", type=Path, metavar="FILE",
                       help="write one into README.md, with its plot")  # fmt: skip
    return parser.parse_args()


def run(given: argparse.Namespace) -> Report:
    """Measure; raises Missing for a program that isn't there, Lost for a wrong answer."""
    if sys.platform != "linux":
        raise Missing("The comparison needs Linux: it reads what processes use from /proc.")
    tool("wrk", "wrk", "sends the load")
    pythons = [facts.interpreter(path) for path in given.python]
    if len({python.version for python in pythons}) < len(pythons):
        raise Missing("Each --python must have a version of its own: results are named by it.")
    first, *others = given.python
    chosen = [TARGETS[name] for name in given.targets]
    installed = {target: install(target, first.absolute()) for target in chosen}
    for path, python in zip(others, pythons[1:], strict=True):
        for target in chosen:
            if target.ours:
                installed[target.on(python.version)] = install(target, path.absolute())
    workloads = [WORKLOADS[name] for name in given.workloads]
    revision = facts.revision()
    with running(installed) as (contestants, folder):
        measure(contestants, workloads, given.rounds, given.seconds, folder)
        return report(given, revision, pythons, installed, contestants)


def report(
    given: argparse.Namespace,
    revision: str,
    pythons: list[Interpreter],
    installed: dict[Target, Installed],
    contestants: list[Contestant],
) -> Report:
    """Put together what was measured, after timing the protected view of each target of ours."""
    wrong = list(problems(contestants))
    return Report(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        revision=revision,
        machine=given.machine,
        interpreters=pythons,
        versions=facts.versions(installed),
        settings={
            "workers": WORKERS,
            "connections": CONNECTIONS,
            "rounds": given.rounds,
            "seconds": given.seconds,
        },
        rounds={one.target.name: one.rounds for one in contestants},
        views=views.every(contestants, installed, wrong),
        problems=wrong,
    )


def show(stored: Report) -> None:
    """Print the tables, what they were made with, and the goals that were missed."""
    print(f"{stored.date}, revision {stored.revision}, {stored.machine}")
    for python in stored.interpreters:
        print(f"CPython {python.version} ({python.build}; {python.microseconds} us)")
    print(f"Other processes used {stored.others:.0%} of the machine.", end=" ")
    print("That is too much: measure again." if stored.others > goals.QUIET else "")
    for title, table in tables.every(stored):
        print(f"\n{title}\n{tables.as_text(table)}")
    if missed := goals.missed(stored):
        print("\nGoals that this run doesn't show:", *missed, sep="\n  ")


def main() -> int:
    given = arguments()
    if given.show:
        show(Report.read(given.show))
    elif given.plot:
        print(drawn(Report.read(given.plot)), end="")
    elif given.readme:
        try:
            readme.write(Report.read(given.readme), given.readme)
        except ValueError as problem:
            print(problem, file=sys.stderr)
            return BROKEN
    else:
        return measured(given)
    return 0


def measured(given: argparse.Namespace) -> int:
    # A polite end runs what ends the servers, as an interrupt from the keyboard does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(BROKEN))
    try:
        made = run(given)
    except (Missing, Lost, NoServer) as problem:
        print(problem, file=sys.stderr)
        return BROKEN
    except KeyboardInterrupt:
        print("Interrupted: everything that was started is stopped.", file=sys.stderr)
        return BROKEN
    show(made)
    RESULTS.mkdir(exist_ok=True)
    output = given.output or RESULTS / f"{made.date}-{made.revision.rstrip('+')}.json"
    made.write(output)
    print(f"\nWritten to {output}")
    if made.errors:
        print("\nNOT VALID, there were errors:", *made.errors, sep="\n  ", file=sys.stderr)
        return WRONG
    return 0


if __name__ == "__main__":
    sys.exit(main())
