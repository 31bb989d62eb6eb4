"""Times the ending of many grants of an account, on each engine, during other traffic.

    python -m bench.endings
    python -m bench.endings --engine sqlite --grants 200 --grants 2000

A deployment of two workers (as in tests/faults) has an account with that many live grants, a third
each of OpenID Connect with and without offline access, and of OAuth only; every other one has a
refresh token. Each way of ending them is tried on a separate account: over HTTP if there is a
page, else by the command. The table shows how long the response took, how long until the last
grant to end was dead for a client (by introspection) and in storage, how many stay live, and how
long four other clients (client credentials, refresh) waited before and meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from oauthprov import credentials
from oauthprov.credentials import Bearer, mint_id
from oauthprov.records import AccessToken, Grant, RefreshToken
from oauthprov.storage.interface import Add, Change, Storage, StorageError
from tests.faults.deployment import CALLBACK, Deployment, accounts_of, deployed
from tests.faults.person import NoAnswer, Person, Unexpected
from tests.faults.scenarios import ENGINES
from tests.faults.wire import Answer, Wire
from tests.site import PASSWORD, VERIFIER

SCOPES = {
    "online": "openid profile:read",
    "offline": "openid offline_access profile:read",
    "plain": "profile:read",
}
ALL = tuple(SCOPES)
BATCH = 30
SAMPLES = 30
PATIENCE = 60.0
"""Seconds after the response within which all grants must have ended."""

R = TypeVar("R", AccessToken, RefreshToken)


@dataclass
class Template:
    """A grant made by the provider, from which copies are made."""

    grant: Grant
    access: AccessToken
    refresh: RefreshToken

    def copy(self, *, refreshed: bool) -> tuple[str, list[Change]]:
        """Return the access token of a new copy, and the changes that store the copy."""
        grant_id = mint_id()
        access = Bearer.mint(credentials.ACCESS_TOKEN, grant_id)
        records = [
            replace(self.grant, grant_id=grant_id),
            replace(self.access, key=access.key, grant_id=grant_id),
        ]
        if refreshed:
            refresh = Bearer.mint(credentials.REFRESH_TOKEN, grant_id)
            records.append(replace(self.refresh, key=refresh.key, grant_id=grant_id))
        return access.raw, [Add(record) for record in records]


@dataclass
class Crowd:
    """An account and its grants: access tokens by kind of scope, and grant ids."""

    owner: Person
    account_id: str
    tokens: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in SCOPES})


def crowd(on: Deployment, storage: Storage, name: str, grants: int) -> Crowd:
    """Create an account with that many grants."""
    account_id = accounts_of(storage).sign_up(name, PASSWORD).account_id
    made = Crowd(Person(name, Wire(on, 0, []), on), account_id)
    templates = {kind: _template(on, storage, made.owner, scope) for kind, scope in SCOPES.items()}
    waiting: list[Change] = []
    for number in range(grants):
        kind = list(SCOPES)[number % len(SCOPES)]
        token, changes = templates[kind].copy(refreshed=number % 2 == 0)
        made.tokens[kind].append(token)
        waiting += changes
        if len(waiting) > 3 * BATCH - 3 or number == grants - 1:
            storage.commit(*waiting, now=int(time.time()))
            waiting = []
    return made


def _template(on: Deployment, storage: Storage, owner: Person, scope: str) -> Template:
    code = str(owner.authorize(scope))
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    answer = owner.wire.post("/oauth/token", form | {"redirect_uri": CALLBACK}, on.app)
    given = answer.json
    access = _record(storage, AccessToken, given["access_token"])
    refresh = _record(storage, RefreshToken, given["refresh_token"])
    grant = storage.get(Grant, refresh.grant_id)
    assert grant is not None  # noqa: S101
    return Template(grant.record, access, refresh)


def _record(storage: Storage, kind: type[R], token: str) -> R:
    bearer = Bearer.parse(token)
    stored = storage.get(kind, bearer.key) if bearer else None
    assert stored is not None  # noqa: S101
    return stored.record


def _page(path: str) -> Callable[[Deployment, Person], None]:
    def press(on: Deployment, owner: Person) -> None:
        answer = owner.end(path.format(on.app.client_id))
        if answer.status != 303:
            raise Unexpected(f"{answer.path} answered {answer.status}")

    return press


def _new_password(on: Deployment, owner: Person) -> None:
    passwords = {"current": PASSWORD, "password": f"{PASSWORD} anew"}
    answer = owner.end("/account/password", passwords)
    if answer.status != 303:
        raise Unexpected(f"{answer.path} answered {answer.status}")


def _command(*words: str) -> Callable[[Deployment, Person], None]:
    def run(on: Deployment, owner: Person) -> None:
        oauthprov = Path(sys.executable).with_name("oauthprov")
        named = [word.format(ini=on.ini, name=owner.name) for word in words]
        done = subprocess.run([oauthprov, *named], capture_output=True, text=True, timeout=300)  # noqa: S603
        if done.returncode != 0:
            raise Unexpected(done.stderr.strip().splitlines()[-1])

    return run


ENDINGS: dict[str, tuple[Callable[[Deployment, Person], None], tuple[str, ...]]] = {
    "sign-out everywhere": (_page("/account/sessions/end-all"), ("online",)),
    "new password": (_new_password, ("online",)),
    "disconnect": (_page("/account/apps/{}/remove"), ALL),
    "user disable": (_command("user", "disable", "{ini}", "{name}"), ALL),
    "token revoke --user": (
        _command("token", "revoke", "{ini}", "--user", "{name}"),
        tuple(SCOPES),
    ),
}
"""The ways of ending, by name: the action, and the kinds of grants that it ends."""


class Traffic(threading.Thread):
    """A client that requests tokens, one after the other, and records the time of each."""

    def __init__(self, on: Deployment, number: int, done: threading.Event) -> None:
        super().__init__(name=f"traffic {number}", daemon=True)
        self.answers: list[Answer] = []
        self._wire, self._done = Wire(on, number, self.answers), done
        self._on, self._refreshes = on, number % 2 == 0
        self._person = Person("bob", Wire(on, number, []), on)

    def run(self) -> None:
        refresh = None
        while not self._done.wait(0.005):
            if not self._refreshes:
                form = {"grant_type": "client_credentials", "scope": "profile:read"}
                self._wire.post("/oauth/token", form, self._on.machine)
            elif refresh is None:
                with suppress(NoAnswer):
                    refresh = self._first()
            else:
                form = {"grant_type": "refresh_token", "refresh_token": refresh}
                answer = self._wire.post("/oauth/token", form, self._on.app)
                if answer.definite:
                    refresh = answer.json.get("refresh_token")

    def _first(self) -> str | None:
        code = str(self._person.authorize("profile:read"))
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        answer = self._wire.post("/oauth/token", form | {"redirect_uri": CALLBACK}, self._on.app)
        return answer.json["refresh_token"] if answer.status == 200 else None


@contextmanager
def traffic(on: Deployment) -> Iterator[list[Traffic]]:
    done = threading.Event()
    clients = [Traffic(on, number, done) for number in range(4)]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        done.set()
        for client in clients:
            client.join(60)


@dataclass
class Timed:
    """The times of one ending, in seconds; None for a time limit exceeded."""

    answered: float
    said: str
    dead: float | None = None
    swept: float | None = None
    alive: int = 0


def timed(on: Deployment, storage: Storage, who: Crowd, ending: str) -> Timed:
    """End the grants of an account, and wait until the last one has ended."""
    do, kinds = ENDINGS[ending]
    begun = time.monotonic()
    try:
        do(on, who.owner)
        said = "done"
    except (Unexpected, NoAnswer, subprocess.TimeoutExpired) as wrong:
        said = str(wrong) or "503"
    result = Timed(time.monotonic() - begun, said)
    tokens = [token for kind in kinds for token in who.tokens[kind]]
    sample = tokens[:: max(1, len(tokens) // SAMPLES)]
    ids = {token.partition("_")[2].partition(".")[0] for token in tokens}
    wire = Wire(on, 1, [])
    while time.monotonic() - begun < result.answered + PATIENCE:
        now = time.monotonic() - begun
        if result.dead is None and not any(_is_active(on, wire, token) for token in sample):
            result.dead = now
        if result.swept is None and not _left(storage, who, ids):
            result.swept = time.monotonic() - begun
        if result.dead is not None and result.swept is not None:
            break
        time.sleep(0.2)
    wire.close()
    result.alive = sum(
        1
        for grant in storage.walk(Grant, account_id=who.account_id)
        if grant.state(int(time.time())) == "live"
    )
    return result


def _is_active(on: Deployment, wire: Wire, token: str) -> bool:
    answer = wire.post("/oauth/introspect", {"token": token}, on.app)
    return answer.status != 200 or bool(answer.json["active"])


def _left(storage: Storage, who: Crowd, ids: set[str]) -> bool:
    now = int(time.time())
    try:
        every = storage.walk(Grant, account_id=who.account_id)
        return any(one.record.grant_id in ids and one.state(now) == "live" for one in every)
    except StorageError:
        return True


def waits(clients: list[Traffic], since: float, until: float) -> str:
    """Return median and 99th percentile of the responses between two times, in ms."""
    took = [
        answer.seconds * 1000
        for client in clients
        for answer in client.answers
        if since <= answer.at < until
    ]
    if len(took) < 2:
        return "-"
    return f"{statistics.median(took):.0f}/{statistics.quantiles(took, n=100)[98]:.0f}"


def seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"


HEAD = ("engine", "grants", "ending", "answered", "dead", "swept", "alive", "before", "during")
WIDTHS = (14, 8, 22, 10, 10, 10, 8, 12, 12)


def row(*texts: object) -> str:
    return "".join(str(text).ljust(width) for text, width in zip(texts, WIDTHS, strict=False))


def measure(engine: str, sizes: list[int], endings: list[str]) -> None:
    make, _ = ENGINES[engine]
    with deployed(make) as on, on.storage() as storage, traffic(on) as clients:
        for grants in sizes:
            for ending in endings:
                who = crowd(on, storage, f"alice {ending} {grants}", grants)
                since = time.monotonic()
                time.sleep(3)
                begun = time.monotonic()
                result = timed(on, storage, who, ending)
                ended = max(time.monotonic(), begun + 1)
                before, during = waits(clients, since, begun), waits(clients, begun, ended)
                took = map(seconds, (result.answered, result.dead, result.swept))
                said = "" if result.said == "done" else result.said
                print(row(engine, grants, ending, *took, result.alive, before, during), said)
                sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--engine", choices=list(ENGINES), action="append")
    parser.add_argument("--grants", type=int, action="append")
    parser.add_argument("--ending", choices=list(ENDINGS), action="append")
    given = parser.parse_args()
    print(row(*HEAD), flush=True)
    for engine in given.engine or ENGINES:
        measure(engine, given.grants or [10_000], given.ending or list(ENDINGS))


if __name__ == "__main__":
    main()
