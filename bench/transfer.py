"""Transfers records from engine to engine in a ring, and prints how long each transfer takes.

    python -m bench.transfer --records 100000
    python -m bench.transfer --records 1000000 sqlite postgresql

It starts a new server of each engine, fills the first with authorizations (a grant, an access
token, a used and a live refresh token each), and transfers everything to the second, from there to
the third and so on; with all engines, at last to a second SQLite file. Each transfer runs in a
process of its own, whose peak of memory is printed. The digests at the end must be those of the
beginning. At most ten million records.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from bench.storage import NOW, Family
from oauthprov.records import Record
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Storage, Stored, batches
from oauthprov.storage.transfer import begin, compare, copy
from tests.servers import cluster, mariadb, postgresql, redis
from tests.servers.run import Run

P = ParamSpec("P")
T = TypeVar("T")

SERVERS = {"postgresql": postgresql, "mariadb": mariadb, "redis": redis, "redis_cluster": cluster}
ENGINES = ("sqlite", *SERVERS)
MOST = 10_000_000
LIFETIME = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Transferred:
    """Seconds for the copy, the comparison, and a second run that finds nothing to copy.

    ``peak`` is the most memory of the process, in MiB.
    """

    copied: float
    compared: float
    again: float
    peak: float
    digests: Mapping[str, str]


def clock() -> int:
    return NOW


def opened(url: str) -> closing[Storage]:
    options = {} if url.startswith("redis") else {"timeout": "60"}
    if url.startswith("sqlite"):
        options["synchronous"] = "normal"  # the other engines don't wait for the disk here either
    return closing(open_storage(url, options))


def copies(families: int) -> Iterator[Stored[Record]]:
    # Nothing may expire on the way: Redis counts from when it was stored there.
    expires_at = NOW + LIFETIME
    for _ in range(families):
        family = Family()
        yield Stored(replace(family.grant(), expires_at=expires_at), 1)
        yield Stored(replace(family.access(), expires_at=expires_at), 1)
        yield Stored(replace(family.refresh(), expires_at=expires_at), 1, claimed_at=NOW)
        yield Stored(replace(family.refresh(), expires_at=expires_at), 1)


def fill(url: str, records: int) -> None:
    with opened(url) as storage:
        storage.upgrade()
        for some in batches(copies(records // 4)):
            storage.load(*some, now=NOW)


def transfer(source_url: str, target_url: str) -> Transferred:
    with opened(source_url) as source, opened(target_url) as target:
        target.upgrade()
        began = time.monotonic()
        filled = begin(source, target, "the ring", clock)
        sum(copy(source, filled, clock))
        copied = said("copied", began)
        digests = {}
        for kind, ours, theirs in compare(source, target, clock):
            if ours != theirs:
                raise AssertionError(f"{kind.shape.name}: {ours} and {theirs}")
            digests[kind.shape.name] = ours.digest
        compared = said("compared", copied)
        filled = begin(source, target, "the ring", clock)
        sum(copy(source, filled, clock))
        again = said("copied again", compared)
        filled.complete()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Transferred(copied - began, compared - copied, again - compared, peak, digests)


def said(what: str, since: float) -> float:
    """Say on stderr how long it took; return the time."""
    now = time.monotonic()
    print(f"  {what}: {now - since:.1f} s", file=sys.stderr, flush=True)
    return now


def apart(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Run ``work`` in a new process, which its peak of memory belongs to."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments, **named).result()


def ring(engines: Sequence[str], records: int) -> None:
    run = Run()
    try:
        urls = {
            name: SERVERS[name].url(run) if name in SERVERS else f"sqlite:///{run.directory}/1"
            for name in engines
        }
        stations = list(urls.items())
        if len(stations) == len(ENGINES):
            stations.append(("sqlite", f"sqlite:///{run.directory}/2"))
        print(f"filling {stations[0][0]} with {records:,} records", flush=True)
        apart(fill, stations[0][1], records)
        print("| from, to | copied | compared | nothing to copy | peak |\n|---|---|---|---|---|")
        digests = []
        for (one, source), (other, target) in pairwise(stations):
            done = apart(transfer, source, target)
            digests.append(done.digests)
            seconds = (done.copied, done.compared, done.again)
            figures = " | ".join(f"{took:.0f} s, {records / took:,.0f}/s" for took in seconds)
            print(f"| {one}, {other} | {figures} | {done.peak:.0f} MiB |", flush=True)
        if any(each != digests[0] for each in digests):
            raise AssertionError("the digests changed on the way")
    finally:
        run.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engines", nargs="*", default=ENGINES, metavar="ENGINE")
    parser.add_argument("--records", type=int, default=100_000)
    given = parser.parse_args()
    if unknown := set(given.engines) - set(ENGINES):
        parser.error(f"unknown engines: {', '.join(sorted(unknown))}")
    ring(given.engines, min(given.records, MOST))


if __name__ == "__main__":
    main()
