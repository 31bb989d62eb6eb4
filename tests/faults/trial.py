"""One trial: eight clients, a fault, the time until all is well again, and the judge."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.faults.clients import Client
from tests.faults.deployment import Deployment
from tests.faults.faults import Fault
from tests.faults.judge import Judge, Verdict, defects
from tests.faults.person import visit_every_page
from tests.faults.wire import PATIENCE, Answer, Wire
from tests.servers.run import until

CLIENTS = 8
RECOVERY = 60.0
"""Seconds in which every worker must serve again; a trial is ended then."""


@dataclass(frozen=True)
class Pace:
    """How long the parts of a trial last, in seconds; ``limit`` is for answers, ``health`` for
    ``/healthz``, ``recovery`` until every worker serves again.

    Whatever these say, a fault lasts until each client had an answer that was asked for after it
    began, as long as its patience reaches: how fast the machine is decides nothing.
    """

    before: float = 0.5
    during: float = 0.0
    after: float = 0.5
    limit: float = PATIENCE
    health: float = PATIENCE
    recovery: float = RECOVERY


@dataclass
class Outcome:
    """What one trial showed; ``stopped`` are the ports of workers that were."""

    fault: str
    stopped: list[int] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    healths: list[Answer] = field(default_factory=list)
    recovery: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    @property
    def slowest(self) -> float:
        return max((answer.seconds for answer in self.answers), default=0.0)

    @property
    def slowest_health(self) -> float:
        found = (answer for answer in self.healths if answer.port not in self.stopped)
        return max((answer.seconds for answer in found), default=0.0)


def tried(deployment: Deployment, fault: Fault, pace: Pace) -> Outcome:
    """Let a fault strike a deployment under load, and judge."""
    visit_every_page(deployment)
    outcome = Outcome(fault.name, fault.stopped)
    before = [worker.process.pid for worker in deployment.workers]
    done, quiet = threading.Event(), threading.Event()
    clients = [Client(deployment, number, done) for number in range(CLIENTS)]
    watch = Watch(deployment, quiet)
    for thread in (*clients, watch):
        thread.start()
    try:
        until(lambda: _expect_tokens(clients))
        time.sleep(pace.before)
        begun = time.monotonic()
        try:
            fault.begin()
            time.sleep(pace.during)
            silent = _wait_for_answers(clients, begun) if fault.waits else []
        finally:
            fault.end()
        outcome.recovery = recovered(deployment, fault.since or time.monotonic())
        time.sleep(pace.after)
    finally:
        done.set()
        quiet.set()
        for thread in (*clients, watch):
            thread.join(2 * PATIENCE)
    outcome.healths = watch.answers
    judging: list[Answer] = []
    outcome.verdict = Judge(deployment, judging).judge(
        [client.ledger for client in clients], fault.excuses
    )
    outcome.answers = [answer for client in clients for answer in client.answers] + judging
    found = outcome.verdict.violations
    found += [f"a client had no answer while it lasted: {name}" for name in silent]
    found += [
        sentence
        for client in clients
        for at, sentence in client.ledger.complaints
        if not fault.explains(at)
    ]
    struck = {"killed": fault.killed, "stopped": fault.stopped}
    found += defects(outcome.answers, limit=pace.limit, **struck)
    found += defects(outcome.healths, limit=pace.health, **struck)
    found += fault.findings
    if outcome.recovery > pace.recovery:
        found.append(f"it took {outcome.recovery:.1f} s until every worker served again")
    if not fault.killed and before != [worker.process.pid for worker in deployment.workers]:
        found.append("a worker had to be restarted")
    return outcome


def _expect_tokens(clients: list[Client]) -> None:
    """Raise unless every client has been through a whole cycle: then there is what can be lost."""
    if not all(client.ledger.machine for client in clients):
        raise RuntimeError("the clients haven't begun")


def _wait_for_answers(clients: list[Client], since: float) -> list[str]:
    """Wait until every client had an answer that it asked for since then; return who hadn't."""
    deadline = time.monotonic() + PATIENCE + 5
    while True:
        silent = [client.name for client in clients if not _has_asked(client, since)]
        if not silent or time.monotonic() > deadline:
            return silent
        time.sleep(0.02)


def _has_asked(client: Client, since: float) -> bool:
    answers = client.answers
    return bool(answers) and answers[-1].at >= since


def recovered(deployment: Deployment, begun: float) -> float:
    """Return the seconds from ``begun`` until every worker has given a token, or given up on."""
    form = {"grant_type": "client_credentials", "scope": "profile:read"}
    for number in range(len(deployment.ports)):
        while time.monotonic() - begun < RECOVERY:
            wire = Wire(deployment, number, [])
            answer = wire.post("/oauth/token", form, deployment.machine)
            wire.close()
            if answer.status == 200 and answer.port == deployment.ports[number]:
                break
            time.sleep(0.05)
    return time.monotonic() - begun


class Watch(threading.Thread):
    """A supervisor that asks every worker for its health, twice a second, until ``quiet``."""

    def __init__(self, deployment: Deployment, quiet: threading.Event) -> None:
        super().__init__(name="watch", daemon=True)
        self.answers: list[Answer] = []
        self._deployment = deployment
        self._quiet = quiet

    def run(self) -> None:
        while not self._quiet.wait(0.5):
            for number in range(len(self._deployment.ports)):
                wire = Wire(self._deployment, number, self.answers)
                wire.get("/healthz")
                wire.close()
