"""Clients as they behave in the field: they keep what they get, and ask again after no answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.faults.deployment import CALLBACK, GRACE, PEOPLE, Application, Deployment
from tests.faults.ledger import Family, Ledger, State, Token
from tests.faults.person import NoAnswer, Person, Unexpected
from tests.faults.wire import Answer, Wire
from tests.site import VERIFIER

OFFLINE = "openid offline_access profile:read"
ONLINE = "openid profile:read"
AGAIN = 0.2
"""Seconds before a request without an answer is made again."""
MOST = 400
"""Authorizations that one client makes at most."""


class Stopped(Exception):
    """The clients are to end, while an answer is still outstanding."""


class Client(threading.Thread):
    """One of the clients that are in flight. It ends soon after ``done`` is set.

    ``answers`` are all that it had. Each cycle is an authorization with all that follows; some
    present a code or refresh token twice at once, some revoke, some sign out.
    """

    def __init__(self, deployment: Deployment, number: int, done: threading.Event) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.ledger = Ledger()
        self.answers: list[Answer] = []
        self._done = done
        self._app, self._machine = deployment.app, deployment.machine
        self._wire = Wire(deployment, number, self.answers)
        self._rival = Wire(deployment, number + 1, self.answers)
        browser = Wire(deployment, number, self.answers)
        self._person = Person(PEOPLE[number % len(PEOPLE)], browser, deployment)
        self._cycle = number

    def run(self) -> None:
        with ThreadPoolExecutor(2) as self._both:
            for _ in range(MOST):
                if self._done.is_set():
                    break
                try:
                    self._live()
                except (NoAnswer, Stopped):
                    self._done.wait(AGAIN)
                except Unexpected as wrong:
                    self.ledger.complaints.append((time.monotonic(), str(wrong)))
                except Exception as wrong:  # an answer that this client can't read
                    self.ledger.complaints.append((time.monotonic(), repr(wrong)))
        for wire in (self._wire, self._rival, self._person.wire):
            wire.close()

    def _live(self) -> None:
        self._cycle += 1
        offline = self._cycle % 2 == 0
        code = str(self._person.authorize(OFFLINE if offline else ONLINE))
        family = Family(code, offline)
        family.touch()
        self.ledger.families.append(family)
        self._person.session.families.append(family)
        self._redeem(family, twice=self._cycle % 7 == 0)
        for number in range(2):
            if family.state is State.LIVE and family.refresh is not None:
                self._refresh(family, twice=(self._cycle + number) % 5 == 0)
        self._ask(family)
        self._act_for_itself()
        if self._cycle % 4 == 1 and family.refresh is not None:
            self._revoke(family)
        if self._cycle % 10 == 3:
            self._insist(self._person.sign_out)

    def _redeem(self, family: Family, *, twice: bool) -> None:
        form = {
            "grant_type": "authorization_code",
            "code": family.code,
            "code_verifier": VERIFIER,
            "redirect_uri": CALLBACK,
        }
        asked = False
        while True:
            answers = self._present(form, twice=twice)
            given = [answer for answer in answers if answer.status == 200]
            refused = [answer for answer in answers if answer.status == 400]
            for answer in given:
                family.redemptions += 1
                family.code_state = State.DEAD
                family.gave(answer.json)
            if given and len(answers) > 1:
                # The loser's answer tells that what the winner got was revoked.
                family.end("a second redemption", certainly=bool(refused))
            if given:
                return
            if refused:
                if not asked and not twice:
                    family.complain("a code that nobody had redeemed was refused")
                family.code_state = State.DEAD
                family.end("a second redemption", certainly=True)
                return
            asked, family.code_state = True, State.DOUBTFUL
            self._wait()

    def _refresh(self, family: Family, *, twice: bool) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": str(family.refresh)}
        begun = time.monotonic()
        while True:
            answers = self._present(form, twice=twice)
            given = [answer.json for answer in answers if answer.status == 200]
            if any(one != given[0] for one in given):
                family.complain("a refresh token was redeemed twice, for two responses")
            if any(answer.status == 400 for answer in answers):
                late = time.monotonic() - begun > GRACE - 5
                if not late:
                    family.complain("a refresh token that was good was refused")
                family.end("a replay", certainly=False)
                return
            if given:
                family.gave(given[0])
                return
            self._wait()

    def _present(self, form: dict[str, str], *, twice: bool) -> list[Answer]:
        """Present a code or token once, or twice at the same moment over two connections."""
        if not twice:
            return [self._token(self._wire, form)]
        return list(
            self._both.map(lambda wire: self._token(wire, form), (self._wire, self._rival))
        )

    def _token(self, wire: Wire, form: dict[str, str]) -> Answer:
        answer = wire.post("/oauth/token", form, self._app)
        if answer.definite and answer.status not in (200, 400):
            raise Unexpected(f"/oauth/token answered {answer.status}")
        return answer

    def _ask(self, family: Family) -> None:
        if family.state is not State.LIVE or not family.access:
            return
        active = self._introspect(family.access[-1].value, self._app)
        if active is False:
            family.complain("an access token that was good wasn't active")

    def _act_for_itself(self) -> None:
        form = {"grant_type": "client_credentials", "scope": "profile:read"}
        answer = self._wire.post("/oauth/token", form, self._machine)
        if answer.status != 200:
            if answer.definite:
                raise Unexpected(f"client credentials were answered {answer.status}")
            return
        token = Token(answer.json["access_token"])
        self.ledger.machine.append(token)
        if self._introspect(token.value, self._machine) is False:
            self.ledger.complaints.append((token.at, "a machine's token wasn't active"))
        if self._cycle % 4 == 2:
            token.state = State.DOUBTFUL
            self._insist(lambda: self._revoke_token(token.value, self._machine))
            token.state = State.DEAD

    def _revoke(self, family: Family) -> None:
        """Revoke a refresh token and so its grant (RFC 7009 section 2.1), or an access token."""
        if self._cycle % 8 == 1:
            family.touch()
            family.access[0].state = State.DOUBTFUL
            self._insist(lambda: self._revoke_token(family.access[0].value, self._app))
            family.access[0].state = State.DEAD
            return
        family.end("a revocation", certainly=False)
        self._insist(lambda: self._revoke_token(str(family.refresh), self._app))
        family.end("a revocation", certainly=True)

    def _revoke_token(self, token: str, by: Application) -> None:
        answer = self._wire.post("/oauth/revoke", {"token": token}, by)
        if not answer.definite:
            raise NoAnswer
        if answer.status != 200:
            raise Unexpected(f"a revocation was answered {answer.status}")

    def _introspect(self, token: str, by: Application) -> bool | None:
        answer = self._wire.post("/oauth/introspect", {"token": token}, by)
        if not answer.definite:
            return None
        if answer.status != 200:
            raise Unexpected(f"/oauth/introspect answered {answer.status}")
        return bool(answer.json["active"])

    def _insist(self, do: Callable[[], object]) -> None:
        """Do something until an answer tells that it is done."""
        while True:
            try:
                do()
            except NoAnswer:
                self._wait()
            else:
                return

    def _wait(self) -> None:
        if self._done.wait(AGAIN):
            raise Stopped
