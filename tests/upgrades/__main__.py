"""The long form: on every engine, the previous version is upgraded under load.

    python -m tests.upgrades
    python -m tests.upgrades --engine redis

Eight clients sign in, get tokens, refresh and revoke them meanwhile; then each token is judged.
Prints a row for each engine and, below it, what should not be; exits with 1 if there is anything.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time

import pytest

from tests.faults.__main__ import HEAD, MORE, cells, row
from tests.faults.deployment import deployed
from tests.faults.scenarios import ENGINES
from tests.faults.trial import Outcome, Pace, tried
from tests.upgrades.rolling import Rolling, Upgrade

PACE = Pace(before=1.0, after=1.0)
"""Nothing fails, so a request takes long only where servers start beside others: the longest time
of an answer is that after which a client gives up.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.upgrades", description=__doc__)
    parser.add_argument("--engine", choices=sorted(ENGINES), action="append")
    given = parser.parse_args()
    begun, wrong = time.monotonic(), 0
    print(row((*HEAD, *MORE)), flush=True)
    for engine in given.engine or ENGINES:
        try:
            outcome = upgraded(engine)
        except pytest.skip.Exception as skipped:
            print(f"    {engine} wasn't tried: {skipped}")
            continue
        wrong += len(outcome.verdict.violations)
        print(row(cells(engine, outcome)), flush=True)
        for sentence in sorted(set(outcome.verdict.violations)):
            print(f"    {sentence}", flush=True)
    print(f"{wrong} violations, {time.monotonic() - begun:.0f} s")
    return int(wrong > 0)


def upgraded(engine: str) -> Outcome:
    """Upgrade a deployment over an engine, and judge what its clients were given."""
    make, _ = ENGINES[engine]
    with deployed(make, Rolling) as deployment:
        return tried(deployment, Upgrade(deployment), PACE)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    sys.exit(main())
