"""Fills a storage with many records of every kind, and measures pages and commands.

    python -m bench.pages sqlite mariadb redis --sizes 1000 10000 100000
    python -m bench.pages redis --sizes 1000 1000000 --page /account/passkeys --minutes 60

It starts a new server of each engine and fills it: so many accounts, clients, grants, tokens,
waiting logouts, expired records and entries of the audit, for one account so many apps and clients
of its own, and as many sessions as it may have. At each size it prints the time and the bytes of
each page (the fastest of five), those of an admin too, and the time and the most memory of each
command, which runs in a process of its own. After the last size it opens the same pages in
Chromium, judges them as the tests of pages do, and measures what ends all of the account. In the
end it lists each page that takes over half a second and each command whose memory has grown; the
exit status is then 1.

No size begins once ``--minutes`` are over. The servers and all records are gone afterwards.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from bench.pages.chromium import visitors
from bench.pages.commands import commands, endings
from bench.pages.deployment import Deployment
from bench.pages.results import Cell, Table
from bench.pages.visits import Direct, Visitor, admin_pages, pages
from tests.browser.chromium import chromium
from tests.servers import mariadb, postgresql, redis
from tests.servers.run import Run
from tests.servers.wsgi import SPARES

SERVERS = {"postgresql": postgresql.url, "mariadb": mariadb.url, "redis": redis.url}
ENGINES = ("sqlite", *SERVERS)
SIZES = (1_000, 10_000, 100_000)
MOST = 1_000_000


@contextmanager
def started(engine: str) -> Iterator[tuple[str, Path]]:
    """Start a server; yield its URL and a folder, and remove both."""
    run = Run()
    try:
        file = f"sqlite:///{run.directory}/growth.sqlite"
        yield SERVERS[engine](run) if engine in SERVERS else file, run.directory
    finally:
        run.close()


def measure(
    engine: str,
    browser: Browser,
    sizes: Sequence[int],
    more: Sequence[str],
    ends: float,
    *,
    only_pages: bool = False,
) -> Table:
    """Measure one engine at each size, and print the table."""
    table, filled, done = Table(), 0, list[int]()
    with started(engine) as (url, folder):
        deployment = Deployment(url, folder)
        with closing(deployment.site):
            for size in sizes:
                if time.monotonic() > ends:
                    print(f"{engine}: the time is over before {size:,}", file=sys.stderr)
                    break
                began = time.monotonic()
                deployment.fill(filled, size)
                filled = size
                done.append(size)
                say(f"{engine}: filled to {size:,} in {time.monotonic() - began:.0f} s")
                for name, cell in visited(deployment, more):
                    note(table.pages, name, size, cell)
                for name, cell in () if only_pages else commands(deployment):
                    note(table.commands, name, size, cell)
            for name, cell in in_chromium(browser, deployment, more):
                note(table.pages, f"{name} in Chromium", filled, cell)
            for name, cell in () if only_pages else endings(deployment):
                note(table.commands, name, filled, cell)
    table.print(engine, done)
    return table


def visited(deployment: Deployment, more: Sequence[str]) -> Iterator[tuple[str, Cell]]:
    alice, bob = (Direct(deployment, deployment.signed_in(name)) for name in ("alice", "bob"))
    return _all(alice, bob, deployment, more)


def in_chromium(
    browser: Browser, deployment: Deployment, more: Sequence[str]
) -> Iterator[tuple[str, Cell]]:
    with visitors(browser, deployment, "alice", "bob") as (alice, bob):
        yield from _all(alice, bob, deployment, more)


def _all(
    alice: Visitor, bob: Visitor, deployment: Deployment, more: Sequence[str]
) -> Iterator[tuple[str, Cell]]:
    yield from pages(alice, deployment, more)
    yield from admin_pages(bob, deployment)


def note(cells: dict[str, dict[int, Cell]], name: str, size: int, cell: Cell) -> None:
    say(f"  {name}: {cell}")
    cells.setdefault(name, {})[size] = cell


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engines", nargs="*", default=ENGINES, metavar="ENGINE")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--page", action="append", default=[], help="the path of one page more")
    parser.add_argument("--only-pages", action="store_true", help="leave out commands and ends")
    parser.add_argument("--minutes", type=float, default=60)
    given = parser.parse_args()
    if unknown := set(given.engines) - set(ENGINES):
        parser.error(f"unknown engines: {', '.join(sorted(unknown))}")
    if max(given.sizes) > MOST:
        parser.error(f"at most {MOST:,}")
    ends = time.monotonic() + 60 * given.minutes
    failures = []
    try:
        with chromium() as browser:
            for engine in given.engines:
                table = measure(
                    *(engine, browser, sorted(given.sizes), given.page, ends),
                    only_pages=given.only_pages,
                )
                failures += [f"{engine}: {line}" for line in table.failures()]
    finally:
        SPARES.close()
    print("\n".join(["", *failures]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
