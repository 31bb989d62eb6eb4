"""Fills a storage with tokens, and shows how time and space grow with them.

    python -m bench.growth sqlite:////tmp/growth.sqlite --sizes 1000 10000 100000
    python -m bench.growth redis://127.0.0.1:6379/15
    python -m bench.growth postgresql+psycopg://user@127.0.0.1/empty --sizes 1000 1000000

At each size it prints the processor time of the storage part of each flow (bench.storage), the
bytes of a token with its share of grant and refresh token, and on PostgreSQL the tables that were
read as a whole.
Use an empty database: the records stay. It writes 1,500 to 5,000 tokens a second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import sqlalchemy

from bench.storage import CLIENT, FLOWS, NOW, Family, measure
from oauthprov.records import Client
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Storage

SIZES = (1_000, 10_000, 100_000)
MOST = 10_000_000
WRITERS = 4
BATCH = 1_000


def fill(storage: Storage, tokens: int) -> None:
    """Add ``tokens`` access tokens, each with a grant and a refresh token."""

    def write(many: int) -> None:
        for _ in range(many):
            family = Family()
            added = (Add(family.grant()), Add(family.access()), Add(family.refresh()))
            storage.commit(*added, now=NOW)

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(write, _batches(tokens)))


def _batches(tokens: int) -> Iterator[int]:
    while tokens > 0:
        yield min(BATCH, tokens)
        tokens -= BATCH


def space_of(url: str) -> Callable[[], int]:
    """Return what tells the bytes that the storage at ``url`` takes."""
    if url.startswith("redis:"):
        import redis

        client = redis.Redis.from_url(url)
        return lambda: int(client.info("memory")["used_memory"])  # type: ignore[index]
    if url.startswith("postgresql"):
        return lambda: int(_ask(url, "SELECT pg_database_size(current_database())")[0][0])
    path = Path(sqlalchemy.make_url(url).database or "")
    return lambda: sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))


def scans(url: str) -> dict[str, int]:
    """Return how often each large table was read as a whole, on PostgreSQL."""
    if not url.startswith("postgresql"):
        return {}
    large = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE n_live_tup > 500"
    return {name: int(many) for name, many in _ask(url, large)}


def _ask(url: str, question: str) -> list[sqlalchemy.Row[tuple[str, int]]]:
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        rows = list(connection.execute(sqlalchemy.text(question)))
    engine.dispose()
    return rows


def row(size: int, bytes_each: float, cpu: dict[str, float], first: dict[str, float]) -> str:
    """Return a line of the table: what a flow costs, and how much more than at the first size."""
    cells = [f"{cpu[name]:.0f} us {100 * cpu[name] / first[name] - 100:+.0f} %" for name in FLOWS]
    return f"{size:>10,}{bytes_each:>12.0f}" + "".join(f"{cell:>20}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("url")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=300)
    given = parser.parse_args()
    if max(given.sizes) > MOST:
        parser.error(f"at most {MOST:,} tokens")
    with closing(open_storage(given.url)) as storage:
        storage.upgrade()
        if storage.get(Client, "bench") is None:
            storage.commit(Add(CLIENT), now=NOW)
        space, filled, first = space_of(given.url), 0, {}
        empty = space()
        print(f"{'tokens':>10}{'bytes each':>12}" + "".join(f"{name:>20}" for name in FLOWS))
        for size in sorted(given.sizes):
            began = time.monotonic()
            fill(storage, size - filled)
            rate = (size - filled) / (time.monotonic() - began)
            filled, bytes_each = size, (space() - empty) / size
            before = scans(given.url)
            medians = measure(storage, None, given.rounds)
            cpu = {name: sides[0][1] for name, sides in medians.items()}
            first = first or cpu
            print(row(size, bytes_each, cpu, first), f"  ({rate:,.0f} a second)", flush=True)
            read = {
                name: n - before[name] for name, n in scans(given.url).items() if name in before
            }
            if any(read.values()):
                print("  whole tables read:", {k: n for k, n in read.items() if n})


if __name__ == "__main__":
    main()
