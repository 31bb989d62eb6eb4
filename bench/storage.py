"""Times the storage part of four flows, and the same work on the bare driver.

    python -m bench.storage sqlite:////tmp/bench.sqlite
    python -m bench.storage postgresql+psycopg://user@host/database --rounds 500

    python -m bench.storage redis://localhost:6379/15

Both run alternately in one process, so that a busy machine slows both equally: compare the ratio.
The database is upgraded, and the written records stay. On Redis only the contract is timed.
"""

from __future__ import annotations

import argparse
import itertools
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bench.bare import Bare, bare
from oauthprov.records import (
    AccessToken,
    AuthorizationCode,
    Client,
    Grant,
    Receipt,
    RefreshToken,
)
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Claim, Storage

NOW = 1_800_000_000
SCOPES = ("read", "write")
CLIENT = Client("bench", "Bench", "web", NOW, scopes=SCOPES)


@dataclass
class Family:
    """The records of one authorization."""

    slot: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def key(self) -> str:
        return f"{self.slot}.{secrets.token_urlsafe(32)}"

    def grant(self) -> Grant:
        return Grant(self.slot, "bench", "alice", SCOPES, (), NOW, NOW, NOW + 9000)

    def code(self) -> AuthorizationCode:
        uri = "https://client.example/callback"
        challenge = secrets.token_urlsafe(32)
        return AuthorizationCode(
            self.key(), "bench", "alice", uri, challenge, SCOPES, (), NOW, NOW + 60
        )

    def access(self, grant: bool = True) -> AccessToken:
        named = self.slot if grant else None
        return AccessToken(self.key(), named, "bench", "alice", SCOPES, (), NOW, NOW + 600)

    def refresh(self) -> RefreshToken:
        return RefreshToken(self.key(), self.slot, "bench", SCOPES, (), NOW, NOW + 9000)

    def receipt(self, old: RefreshToken, new: RefreshToken) -> Receipt:
        return Receipt(old.key, self.slot, "bench", new.key, "s" * 400, NOW + 10)


class Flows:
    """The flows through the contract; each yields when prepared, then does the timed work."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def client_credentials(self) -> Iterator[None]:
        access = Family().access(grant=False)
        yield
        self.storage.get(Client, "bench")
        self.storage.commit(Add(access), now=NOW)

    def introspection(self) -> Iterator[None]:
        family = Family()
        access = family.access()
        self.storage.commit(Add(family.grant()), Add(access), now=NOW)
        yield
        self.storage.get(Client, "bench")
        self.storage.get(AccessToken, access.key)

    def code_exchange(self) -> Iterator[None]:
        family = Family()
        code, grant, access = family.code(), family.grant(), family.access()
        refresh = family.refresh()
        self.storage.commit(Add(code), now=NOW)
        yield
        self.storage.get(Client, "bench")
        self.storage.get(AuthorizationCode, code.key)
        self.storage.commit(
            Claim(AuthorizationCode, code.key), Add(grant), Add(access), Add(refresh), now=NOW
        )

    def refresh(self) -> Iterator[None]:
        family = Family()
        old, new, access = family.refresh(), family.refresh(), family.access()
        receipt = family.receipt(old, new)
        self.storage.commit(Add(family.grant()), Add(old), now=NOW)
        yield
        self.storage.get(Client, "bench")
        self.storage.get(RefreshToken, old.key)
        self.storage.commit(
            Claim(RefreshToken, old.key), Add(new), Add(access), Add(receipt), now=NOW
        )


FLOWS = ("client_credentials", "introspection", "code_exchange", "refresh")


def timed(flow: Callable[[], Iterator[None]]) -> tuple[float, float]:
    """Return the wall time and the processor time of one run, in microseconds."""
    run = flow()
    next(run)
    wall, processor = time.perf_counter_ns(), time.thread_time_ns()
    next(run, None)
    return (time.perf_counter_ns() - wall) / 1000, (time.thread_time_ns() - processor) / 1000


def measure(storage: Storage, rival: Bare | None, rounds: int) -> Mapping[str, list[list[float]]]:
    """Return the medians of each flow: contract and bare driver, wall and processor time."""
    sides = [side for side in (Flows(storage), rival) if side is not None]
    taken: dict[str, list[list[tuple[float, float]]]]
    taken = {name: [[] for _ in sides] for name in FLOWS}
    # Flows and sides in turn: a processor that was idle is slower for a while.
    for _, name, (number, side) in itertools.product(range(rounds), FLOWS, enumerate(sides)):
        taken[name][number].append(timed(getattr(side, name)))
    medians = {}
    for name, each in taken.items():
        medians[name] = [
            [statistics.median(run[unit] for run in runs[rounds // 10 :]) for unit in (0, 1)]
            for runs in each
        ]
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    storage = open_storage(given.url, dict(pair.split("=", 1) for pair in given.option))
    storage.upgrade()
    if storage.get(Client, "bench") is None:
        storage.commit(Add(CLIENT), now=NOW)
    print(", ".join(f"{name} {fact}" for name, fact in storage.describe().items()))
    rival = bare(given.url, dict(pair.split("=", 1) for pair in given.option))
    beside = f"{'bare driver':>18}{'ratio':>14}" if rival else ""
    print(f"{'median us':20}{'contract':>18}{beside}")
    for name, sides in measure(storage, rival, given.rounds).items():
        cells = "".join(f"{f'{wall:.0f} ({cpu:.0f} cpu)':>18}" for wall, cpu in sides)
        (wall, cpu), (bare_wall, bare_cpu) = sides[0], sides[-1]
        ratio = f"{wall / bare_wall:.2f} ({cpu / bare_cpu:.2f})" if rival else ""
        print(f"{name.replace('_', ' '):20}{cells}{ratio:>14}")
    storage.close()
    if rival is not None:
        rival.close()


if __name__ == "__main__":
    main()
