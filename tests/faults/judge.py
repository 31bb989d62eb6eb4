"""The judge: asks about every token that a client was given, and says what should not be."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.faults.deployment import CALLBACK, Application, Deployment
from tests.faults.ledger import Family, Ledger, State, Token, grant_of
from tests.faults.wire import Answer, Wire
from tests.site import VERIFIER

TRIES = 20
"""Times that a question is put again after 503: storage has come back, connections may not."""

SWEPT = 30.0
"""Seconds after which all that hung on what was ended is dead, once the store works: its access
tokens, too, which aren't judged by the session they came from.
"""

Excuses = Callable[[str | None, Sequence[float]], bool]
"""Whether what was answered at these moments may be lost by design: what lies with a grant, or,
for None, what lies anywhere.
"""


def no_excuse(grant_id: str | None, touched: Sequence[float]) -> bool:
    """No write that was answered may be lost."""
    return False


@dataclass
class Verdict:
    """What was judged, and what should not be. ``excused`` grants weren't judged."""

    tokens: int = 0
    excused: int = 0
    states: Counter[State] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


class Unanswered(Exception):
    """The provider doesn't answer the judge."""


class Judge:
    """Judges families and tokens over HTTP, by what their ledger says of them."""

    def __init__(self, deployment: Deployment, answers: list[Answer]) -> None:
        self._deployment = deployment
        self._answers = answers
        self._app, self._machine = deployment.app, deployment.machine

    def judge(self, ledgers: Sequence[Ledger], excuses: Excuses = no_excuse) -> Verdict:
        """Judge all that ``ledgers`` hold. It redeems what is left, so it can be done once."""
        verdict, self._begun = Verdict(), time.monotonic()
        families = [family for ledger in ledgers for family in ledger.families]
        judged = [
            one
            for one in families
            if not excuses(one.grant_id, one.touched) and not excuses(None, one.signed_out)
        ]
        every = [token for ledger in ledgers for token in ledger.machine]
        machine = [one for one in every if not excuses(grant_of(one.value), [one.at])]
        verdict.excused = len(families) - len(judged) + len(every) - len(machine)
        verdict.tokens = sum(family.tokens for family in judged) + len(machine)
        verdict.states.update(family.state for family in judged)
        shares = [(judged[number::8], machine[number::8], number) for number in range(8)]
        with ThreadPoolExecutor(8) as threads:
            for found in threads.map(lambda share: self._share(*share), shares):
                verdict.violations += found
        return verdict

    def _share(self, families: list[Family], machine: list[Token], number: int) -> list[str]:
        wire = Wire(self._deployment, number, self._answers)
        found: list[str] = []
        try:
            for token in machine:
                found += self._token(wire, token, self._machine, token.state)
            for family in families:
                found += self._family(wire, family)
        except Unanswered as silence:
            found.append(str(silence))
        finally:
            wire.close()
        return found

    def _family(self, wire: Wire, family: Family) -> list[str]:
        found = list(family.complaints)
        if family.signed_out and family.state is State.DEAD:
            self._wait_for_sweep(wire, family)
        for token in family.access:
            wanted = token.state if family.state is State.LIVE else family.state
            found += self._token(wire, token, self._app, wanted)
        found += self._refresh(wire, family)
        found += self._code(wire, family)
        ended = f", ended by {family.ended_by}" if family.ended_by else ""
        return [f"{sentence} (grant {family.grant_id}{ended})" for sentence in found]

    def _wait_for_sweep(self, wire: Wire, family: Family) -> None:
        """Wait until no access token is active, for a sign-out may leave that to a sweep."""
        while time.monotonic() - self._begun < 2 * SWEPT:  # the machine may be busy
            if not any(self._active(wire, token.value, self._app) for token in family.access):
                return
            time.sleep(0.2)

    def _token(self, wire: Wire, token: Token, by: Application, wanted: State) -> list[str]:
        active = self._active(wire, token.value, by)
        if wanted is State.LIVE and not active:
            return ["an access token that was given was lost"]
        if wanted is State.DEAD and active:
            return ["an access token lives on after the end that was answered"]
        return []

    def _refresh(self, wire: Wire, family: Family) -> list[str]:
        """Present what a client holds; then, where that was good, one that was rotated before."""
        if family.refresh is None:
            return []
        answer = self._present(wire, family.refresh)
        if family.state is State.DEAD and answer.status == 200:
            return ["a refresh token lives on after the end that was answered"]
        if family.state is not State.LIVE:
            return []
        if answer.status != 200:
            return ["a refresh token that was given was lost"]
        if not family.rotated:
            return []
        if self._present(wire, family.rotated[0]).status != 400:
            return ["a refresh token that was rotated, and its successor used, was redeemed again"]
        if self._active(wire, answer.json["access_token"], self._app):
            return ["a replayed refresh token left its grant alive"]
        return []

    def _code(self, wire: Wire, family: Family) -> list[str]:
        given = family.redemptions
        for _ in range(2):
            answer = self._ask(
                wire,
                "/oauth/token",
                {
                    "grant_type": "authorization_code",
                    "code": family.code,
                    "code_verifier": VERIFIER,
                    "redirect_uri": CALLBACK,
                },
                self._app,
            )
            given += answer.status == 200
        return [f"a code was redeemed {given} times"] if given > 1 else []

    def _present(self, wire: Wire, token: str) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self._ask(wire, "/oauth/token", form, self._app)

    def _active(self, wire: Wire, token: str, by: Application) -> bool:
        return bool(self._ask(wire, "/oauth/introspect", {"token": token}, by).json["active"])

    def _ask(self, wire: Wire, path: str, form: dict[str, str], by: Application) -> Answer:
        for _ in range(TRIES):
            answer = wire.post(path, form, by)
            if answer.status in (200, 400):
                return answer
            time.sleep(0.1)
        raise Unanswered(f"{path} answered {answer.status} to the judge, {TRIES} times")


def defects(
    answers: Iterable[Answer],
    *,
    limit: float,
    killed: Sequence[int] = (),
    stopped: Sequence[int] = (),
) -> list[str]:
    """What is wrong with answers by themselves: a status, a silence, a time beyond ``limit``.

    It is nobody's fault that ``killed`` ports were silent, and ``stopped`` ones late.
    """
    found: Counter[str] = Counter()
    for answer in answers:
        if answer.status == 0:
            found[f"{answer.path} was never answered"] += answer.port not in killed
            continue
        if answer.defect is not None:
            found[answer.defect] += 1
        if answer.seconds > limit and answer.port not in stopped:
            found[f"{answer.path} was answered after more than {limit:g} s"] += 1
    return [f"{what} ({times} times)" for what, times in found.items() if times]
