"""The command: see the package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.compare.installing import Missing
from bench.compare.measuring import measure, running
from bench.compare.results import summary
from bench.compare.targets import TARGETS
from bench.compare.workloads import WORKLOADS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.compare")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    given = parser.parse_args()
    try:
        with running([TARGETS[n] for n in given.targets], given.python) as (all_, folder):
            measure(
                all_, [WORKLOADS[n] for n in given.workloads], given.rounds, given.seconds, folder
            )
            for one in all_:
                for name, rounds in one.rounds.items():
                    print(
                        one.target.name,
                        name,
                        summary(rounds),
                        rounds[-1].connections,
                        rounds[-1].wrong,
                    )
    except Missing as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
