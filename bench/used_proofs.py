"""Times the purge of used proofs of possession (DPoP): six minutes of 1,000 requests a second.

    python -m bench.used_proofs sqlite:////tmp/proofs.sqlite
    python -m bench.used_proofs postgresql+psycopg://user@host/database

The database is upgraded, and should be empty. Redis drops the marks by itself.
"""

from __future__ import annotations

import argparse
import secrets
import time
from itertools import pairwise

from oauthprov.records import ReplayMark
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add

NOW = 1_800_000_000
BATCH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=360_000)
    given = parser.parse_args()
    storage = open_storage(given.url)
    storage.upgrade()
    for _ in range(0, given.rows, BATCH):
        marks = [ReplayMark(secrets.token_urlsafe(32), NOW - 1000) for _ in range(BATCH)]
        storage.commit(*map(Add, marks), now=NOW - 2000)
    begun, steps, removed = time.perf_counter(), [0.0], 0
    for count in storage.purge_pass(now=NOW):
        removed += count
        steps.append(time.perf_counter() - begun)
    longest = max(after - before for before, after in pairwise(steps))
    print(f"{removed} marks in {steps[-1]:.1f} s, the longest step {longest * 1000:.0f} ms")
    storage.close()


if __name__ == "__main__":
    main()
