"""Times the purge during traffic, and the search for consents without a client.

    python -m bench.purge sqlite:////tmp/bench.sqlite
    python -m bench.purge postgresql+psycopg://user@host/database --rows 100000
    python -m bench.purge redis://localhost:6379/15

It writes ``--rows`` expired authorization codes of a hundred accounts, as many live tokens, and as
many consents for 300 existing clients. Then it makes one pass while a thread keeps adding tokens,
and walks the consents, none of which is dropped. The database is upgraded, and should be empty:
live records stay there. On Redis it first waits a minute, until Redis has dropped the codes.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import threading
import time
from collections.abc import Iterable, Iterator

from oauthprov.protocol.clients.removal import drop_orphaned_consents
from oauthprov.records import (
    AccessToken,
    AuthorizationCode,
    Client,
    Consent,
    Record,
    consent_key,
)
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Storage

NOW = 1_800_000_000
BATCH = 100
ACCOUNTS = 100
CLIENTS = 300
REDIS_DROPS_AFTER = 65
"""Seconds until Redis has dropped records that were already expired when stored."""


def token() -> AccessToken:
    key = f"{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}"
    return AccessToken(key, None, "client0", None, ("read",), (), NOW, NOW + 9000)


def code(number: int) -> AuthorizationCode:
    key = f"{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}"
    account, uri = f"account{number % ACCOUNTS}", "https://client.example/callback"
    challenge = secrets.token_urlsafe(32)
    return AuthorizationCode(
        key, "client0", account, uri, challenge, ("read",), (), NOW - 2000, NOW - 1000
    )


def consent(number: int) -> Consent:
    account, client = f"account{number}", f"client{number % CLIENTS}"
    return Consent(consent_key(account, client), account, client, ("read",), (), NOW, NOW)


def add(storage: Storage, records: Iterable[Record]) -> None:
    batch: list[Add] = []
    for record in records:
        batch.append(Add(record))
        if len(batch) == BATCH:
            storage.commit(*batch, now=NOW)
            batch.clear()
    if batch:
        storage.commit(*batch, now=NOW)


def fill(storage: Storage, rows: int) -> None:
    clients = (Client(f"client{n}", "Bench", "web", NOW) for n in range(CLIENTS))
    add(storage, clients)
    for make in (code, consent):
        add(storage, map(make, range(rows)))
    add(storage, (token() for _ in range(rows)))


class Traffic:
    """A thread that adds tokens and records the time of each."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.seconds: list[float] = []

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            began = time.perf_counter()
            self._storage.commit(Add(token()), now=NOW)
            self.seconds.append(time.perf_counter() - began)
            self._over.wait(0.005)

    def __str__(self) -> str:
        p99 = statistics.quantiles(self.seconds, n=100)[98] if len(self.seconds) > 1 else 0
        median = statistics.median(self.seconds) if self.seconds else 0
        return f"a commit beside it {median * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms"


def timed(steps: Iterator[int]) -> str:
    """Run all steps; return a text with their number, the dropped records and the time."""
    took, dropped = [], 0
    began = time.perf_counter()
    for more in steps:
        dropped += more
        took.append(time.perf_counter() - began)
        began = time.perf_counter()
    slowest = max(took)
    return (
        f"{sum(took):.2f} s for {dropped} dropped in {len(took)} steps,"
        f" the longest {slowest * 1e3:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=100_000)
    given = parser.parse_args()
    storage = open_storage(given.url)
    storage.upgrade()
    fill(storage, given.rows)
    if "redis" in given.url.partition("://")[0]:
        time.sleep(REDIS_DROPS_AFTER)
    with Traffic(storage) as traffic:
        print("purge:", timed(storage.purge_pass(now=NOW)))
    print("      ", traffic)
    print("again:", timed(storage.purge_pass(now=NOW)))
    print("consents, nothing to drop:", timed(drop_orphaned_consents(storage, NOW)))
    storage.close()


if __name__ == "__main__":
    main()
