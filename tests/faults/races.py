"""Endings that race with authorizations: what is ended stays ended.

Eight user agents with one sign-in go through authorizations, one after another, while the account
is disabled, the app's access removed, or the session signed out. Whatever tokens they were given,
before, during or after, must be dead within ``SWEPT`` seconds.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from oauthprov.accounts import BuiltInAccounts
from tests.faults.deployment import CALLBACK, Deployment, accounts_of
from tests.faults.judge import SWEPT, defects
from tests.faults.person import NoAnswer, Person, Unexpected
from tests.faults.trial import CLIENTS, Outcome, Pace
from tests.faults.wire import Answer, Wire
from tests.site import PASSWORD, VERIFIER

SCOPE = "openid profile:read"
MOST = 50
"""Authorizations that one user agent makes at most."""


@dataclass
class Agent(threading.Thread):
    """A user agent that goes through authorizations until somebody would have to be there."""

    deployment: Deployment
    person: Person
    answers: list[Answer]
    tokens: list[dict[str, str]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name="agent", daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        for _ in range(MOST):
            try:
                code = self.person.authorize(SCOPE, prompted=False)
                if code is None:
                    return
                self._redeem(code)
            except NoAnswer:
                continue
            except Unexpected as wrong:
                self.trouble.append(str(wrong))
                return

    def _redeem(self, code: str) -> None:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": VERIFIER,
            "redirect_uri": CALLBACK,
        }
        answer = self.person.wire.post("/oauth/token", form, self.deployment.app)
        if answer.status == 200:
            self.tokens.append(answer.json)


Ending = Callable[[Deployment, Person], None]


def disable(deployment: Deployment, person: Person) -> None:
    """An operator disables the account."""
    command = [Path(sys.executable).with_name("oauthprov"), "user", "disable", deployment.ini]
    subprocess.run([*command, person.name], check=True, capture_output=True, timeout=60)  # noqa: S603


def disconnect(deployment: Deployment, person: Person) -> None:
    """The person removes the access of the app."""
    _expect_gone_on(person.end(f"/account/apps/{deployment.app.client_id}/remove"))


def sign_out(deployment: Deployment, person: Person) -> None:
    """The person signs out."""
    person.sign_out()


def sign_out_everywhere(deployment: Deployment, person: Person) -> None:
    """The person signs out in every browser."""
    _expect_gone_on(person.end("/account/sessions/end-all"))


ENDINGS: dict[str, Ending] = {
    "user disable": disable,
    "disconnect": disconnect,
    "sign-out": sign_out,
    "sign-out everywhere": sign_out_everywhere,
}


def raced(deployment: Deployment, name: str, rounds: int, pace: Pace) -> Outcome:
    """Let an ending race with eight authorizations, ``rounds`` times, each with a new account."""
    outcome = Outcome(f"{name} beside authorizations")
    found = outcome.verdict.violations
    with deployment.storage() as storage:
        accounts = accounts_of(storage)
        for number in range(rounds):
            found += _round(deployment, accounts, f"alice {name} {number}", name, outcome)
    found += defects(outcome.answers, limit=pace.limit)
    return outcome


def _round(
    deployment: Deployment,
    accounts: BuiltInAccounts,
    account: str,
    ending: str,
    outcome: Outcome,
) -> list[str]:
    accounts.sign_up(account, PASSWORD)
    owner = Person(account, Wire(deployment, 0, outcome.answers), deployment)
    owner.authorize(SCOPE)
    agents = []
    for number in range(CLIENTS):
        wire = Wire(deployment, number, outcome.answers)
        wire.cookies |= owner.wire.cookies
        agents.append(Agent(deployment, Person(account, wire, deployment), outcome.answers))
    for agent in agents:
        agent.start()
    try:
        while not all(agent.tokens or not agent.is_alive() for agent in agents):
            time.sleep(0.005)
        ENDINGS[ending](deployment, owner)
    finally:
        for agent in agents:
            agent.join(120)
    ended = time.monotonic()
    given = [token for agent in agents for token in agent.tokens]
    outcome.verdict.tokens += 2 * len(given)
    found = [trouble for agent in agents for trouble in agent.trouble]
    left = _alive(deployment, given, outcome)
    while left and time.monotonic() - ended < SWEPT:
        time.sleep(0.2)
        left = _alive(deployment, left, outcome)
    outcome.recovery = max(outcome.recovery, time.monotonic() - ended)
    if left:
        found.append(f"{len(left)} grants of {len(given)} live on, {SWEPT:g} s after {ending}")
    found += _refreshed(deployment, given, outcome)
    for agent in agents:
        agent.person.wire.close()
    owner.wire.close()
    return found


def _alive(
    deployment: Deployment, given: Sequence[dict[str, str]], outcome: Outcome
) -> list[dict[str, str]]:
    """Those of which the access or the refresh token is active."""
    wire = Wire(deployment, 0, outcome.answers)
    alive = []
    for token in given:
        for kind in ("access_token", "refresh_token"):
            answer = wire.post("/oauth/introspect", {"token": token[kind]}, deployment.app)
            if answer.status != 200 or answer.json["active"]:
                alive.append(token)
                break
    wire.close()
    return alive


def _refreshed(
    deployment: Deployment, given: Sequence[dict[str, str]], outcome: Outcome
) -> list[str]:
    wire = Wire(deployment, 1, outcome.answers)
    forms = [{"grant_type": "refresh_token", "refresh_token": t["refresh_token"]} for t in given]
    statuses = [wire.post("/oauth/token", form, deployment.app).status for form in forms]
    wire.close()
    good = statuses.count(200)
    return [f"{good} refresh tokens were redeemed after the end"] if good else []


def _expect_gone_on(answer: Answer) -> None:
    if answer.status != 303:
        raise Unexpected(f"{answer.path} answered {answer.status}")
