"""Times commits of a hundred changes, and of a different number of changes each time.

    python -m bench.big_commits sqlite:////tmp/bench.sqlite
    python -m bench.big_commits postgresql+psycopg://user@host/database --rounds 40
    python -m bench.big_commits redis://localhost:6379/15

Such commits end the grants of an ended session or a disabled account. The database is upgraded,
and some of the records written there stay.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence

from bench.storage import NOW, Family
from oauthprov.records import AuthorizationCode, Grant, RefreshToken
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Change, Claim, Remove, Revoke, Storage

MOST = 100
"""The most changes in a commit."""

Work = tuple[Sequence[Change], Sequence[Change]]
"""Preparing changes, committed one by one, and the timed changes."""


def adds(count: int) -> Work:
    return (), [Add(Family().grant()) for _ in range(count)]


def revokes(count: int) -> Work:
    grants = [Family().grant() for _ in range(count)]
    return [Add(grant) for grant in grants], [Revoke(grant.grant_id) for grant in grants]


def removes(count: int) -> Work:
    codes = [Family().code() for _ in range(count)]
    return [Add(code) for code in codes], [Remove(AuthorizationCode, code.key) for code in codes]


def claims(count: int) -> Work:
    codes = [Family().code() for _ in range(count)]
    return [Add(code) for code in codes], [Claim(AuthorizationCode, code.key) for code in codes]


def mixed(count: int) -> Work:
    """Return changes, a quarter each: revoke grants, remove grants, remove codes, add tokens."""
    families = [Family() for _ in range(count)]
    prepared: list[Change] = []
    changes: list[Change] = []
    for number, family in enumerate(families):
        grant, code = family.grant(), family.code()
        prepared += [Add(grant), Add(code)]
        changes.append(
            (
                Revoke(grant.grant_id),
                Remove(Grant, grant.grant_id),
                Remove(AuthorizationCode, code.key),
                Add(RefreshToken(family.key(), family.slot, "bench", (), (), NOW, NOW + 9000)),
            )[number % 4]
        )
    return prepared, changes


KINDS_OF_WORK: tuple[Callable[[int], Work], ...] = (adds, revokes, removes, claims, mixed)


def timed(storage: Storage, work: Work) -> float:
    """Return the wall time of the commit in milliseconds."""
    prepared, changes = work
    for change in prepared:
        storage.commit(change, now=NOW)
    began = time.perf_counter_ns()
    storage.commit(*changes, now=NOW)
    return (time.perf_counter_ns() - began) / 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    storage = open_storage(given.url, dict(pair.split("=", 1) for pair in given.option))
    storage.upgrade()
    print(", ".join(f"{name} {fact}" for name, fact in storage.describe().items()))
    print(f"{'median (slowest) ms':20}{f'{MOST} each time':>20}{'another number':>20}")
    for make in KINDS_OF_WORK:
        lengths = itertools.islice(itertools.cycle(range(MOST - 1, MOST // 2, -1)), given.rounds)
        cells = ""
        for counts in ([MOST] * given.rounds, lengths):
            taken = [timed(storage, make(count)) for count in counts]
            cells += f"{f'{statistics.median(taken):.1f} ({max(taken):.1f})':>20}"
        print(f"{make.__name__:20}{cells}")
    storage.close()


if __name__ == "__main__":
    main()
