"""The rounds: every target in turn, workload by workload, so that noise meets them alike."""

from __future__ import annotations

import secrets
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.compare import installing, load, processes, serving, stores
from bench.compare.browser import Lost
from bench.compare.flows import Client, Seat, prove, prove_stored
from bench.compare.installing import Installed
from bench.compare.results import Round, Used
from bench.compare.targets import Target
from bench.compare.workloads import Workload
from tests.servers.run import Run, until

GUARDS = 30.0
"""Seconds in which the guards of ended servers must be gone."""
SHOWN = 3
"""Lines of a server's log that are shown when its answers were wrong."""


@dataclass
class Contestant:
    """A running target with its signed-in connections; ``sub`` is alice's name there."""

    client: Client
    seats: list[Seat]
    sub: str
    rounds: dict[str, list[Round]] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        return self.client.server.target

    def log(self) -> str:
        """Return the end of the server's log."""
        lines = self.client.server.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-SHOWN:])


@contextmanager
def running(installed: Mapping[Target, Installed]) -> Iterator[tuple[list[Contestant], Path]]:
    """Start the targets, prove their answers; yield them and a folder. All ends with the block.

    Whatever happens to this process, guards end the servers (``tests/servers/guard.py``).
    """
    with _run() as run, ExitStack() as ending:
        key = run.directory / "key.pem"
        key.write_bytes(_private_key())
        shared = serving.Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(24), key)
        contestants = []
        for target, where in installed.items():
            _say(f"Starting {target.title} ...")
            store = stores.start(run, target.name, target.store)
            ending.callback(store.end)
            server = serving.start(run, target, where, store, shared)
            ending.callback(processes.end, server.pid)
            contestants.append(_signed_in(Client(server, shared.password)))
        yield contestants, run.directory


@contextmanager
def _run() -> Iterator[Run]:
    """Open a run of servers; it is over, and its folder gone, when the block ends."""
    run = Run()
    try:
        yield run
    finally:
        run.close()
        with suppress(RuntimeError):
            until(lambda: _expect_only_files(run.directory), patience=GUARDS)
        shutil.rmtree(run.directory, ignore_errors=True)


def _expect_only_files(folder: Path) -> None:
    if folder.exists() and any(entry.is_dir() for entry in folder.iterdir()):
        raise RuntimeError("a server still runs")


def _private_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _signed_in(client: Client) -> Contestant:
    seats = [client.sign_in() for _ in range(load.CONNECTIONS)]
    prove_stored(client)
    return Contestant(client, seats, prove(client, seats[0]))


def measure(
    contestants: Sequence[Contestant],
    workloads: Sequence[Workload],
    rounds: int,
    seconds: int,
    folder: Path,
) -> None:
    """Add the rounds to the contestants; each round begins with another one.

    Before the first is one that isn't counted, since Node compiles what it runs often.
    """
    wrk = installing.tool("wrk", "wrk", "sends the load")
    for number in range(rounds):
        _say(f"Round {number + 1} of {rounds} ...")
        first = number % len(contestants)
        for workload in workloads:
            for one in (*contestants[first:], *contestants[:first]):
                if number == 0:
                    _round(one, workload, seconds, wrk, folder)
                done = _round(one, workload, seconds, wrk, folder)
                one.rounds.setdefault(workload.name, []).append(done)
                if done.errors:
                    _say(
                        f"{one.target.title}, {workload.name}: {done.errors} errors. {done.wrong}"
                    )
                    _say(one.log())


def problems(contestants: Sequence[Contestant]) -> Iterator[str]:
    """Go through every flow of each target once more; yield what was wrong."""
    for one in contestants:
        try:
            prove(one.client, one.seats[0])
        except Lost as problem:
            yield f"{one.target.name}, after the load: {problem}"


def _round(one: Contestant, workload: Workload, seconds: int, wrk: Path, folder: Path) -> Round:
    if workload.tokens:
        try:
            for seat in one.seats:
                one.client.authorize(seat, workload.scope)
        except Lost as problem:
            return Round.failed(str(problem))
    server = one.client.server
    planned = load.plan(workload, one.client, one.seats, one.sub, secrets.token_hex(4))
    before = _used(server)
    with _watched(server, seconds / 2) as connections:
        outcome = load.send(wrk, folder, planned, server.port, seconds)
    used = _used(server) - before
    return Round.of(outcome, used, processes.memory(server.pid), connections)


def _used(server: serving.Server) -> Used:
    return Used(
        processes.processor_seconds(server.pid),
        server.store.processor_seconds(),
        processes.machine_seconds(),
    )


@contextmanager
def _watched(server: serving.Server, after: float) -> Iterator[list[int]]:
    """Fill the list with how many connections each worker serves, ``after`` seconds from now."""
    found: list[int] = []
    timer = threading.Timer(after, lambda: found.extend(server.connections()))
    timer.start()
    try:
        yield found
    finally:
        timer.cancel()
        timer.join()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
