"""The previous version serves beside this one, over a storage that this one has upgraded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.records import Account, Client, Consent, Grant, Session
from oauthprov.storage.interface import Replace, Storage
from oauthprov.storage.sql.tables import REVISION
from tests.faults.clients import OFFLINE
from tests.faults.deployment import CALLBACK, deployed
from tests.faults.person import Person
from tests.faults.stores import PostgreSQL, Redis
from tests.faults.wire import Answer, Wire
from tests.site import VERIFIER
from tests.upgrades import archive, later
from tests.upgrades.rolling import PREVIOUS, THIS, Beside, Rolling

pytestmark = pytest.mark.faults
STORES = {"postgresql": PostgreSQL, "redis": Redis}
BOTH_WAYS = [pytest.param(PREVIOUS, THIS, id="to-this"), pytest.param(THIS, PREVIOUS, id="back")]


@dataclass
class Side:
    """One of the two servers, as an application and a person reach it."""

    rolling: Rolling
    number: int
    noted: list[Answer]
    wires: list[Wire]

    def wire(self, cookies: dict[str, str] | None = None) -> Wire:
        made = Wire(self.rolling, self.number, self.noted)
        made.cookies = dict(cookies or {})
        self.wires.append(made)
        return made

    def post(self, path: str, form: dict[str, str]) -> Answer:
        return self.wire().post(path, form, self.rolling.app)

    def redeem(self, code: str) -> Answer:
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        return self.post("/oauth/token", form | {"redirect_uri": CALLBACK})

    def refresh(self, token: str) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.post("/oauth/token", form)

    def is_active(self, token: str) -> bool:
        return bool(self.post("/oauth/introspect", {"token": token}).json["active"])

    def person(self, name: str, cookies: dict[str, str] | None = None) -> Person:
        return Person(name, self.wire(cookies), self.rolling)


class Alternating(Wire):
    """Behind a proxy that sends every request to the server that the last one didn't go to."""

    def _send(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> Answer:
        self.close()
        self._number += 1
        return super()._send(method, url, body, headers)


@pytest.fixture(scope="module", params=sorted(STORES))
def rolling(request: pytest.FixtureRequest) -> Iterator[Rolling]:
    """The previous version and this one, over a storage that has just been upgraded."""
    with deployed(STORES[request.param], Beside) as made:
        yield made


@pytest.fixture
def sides(rolling: Rolling) -> Iterator[tuple[Side, Side]]:
    """Both servers. No answer of theirs may be an error of a server."""
    noted: list[Answer] = []
    wires: list[Wire] = []
    yield Side(rolling, PREVIOUS, noted, wires), Side(rolling, THIS, noted, wires)
    for wire in wires:
        wire.close()
    assert [answer.defect for answer in noted if answer.defect] == []
    assert {answer.status for answer in noted} & {0, 503} == set()


def test_the_kept_version_has_an_older_schema(rolling: Rolling) -> None:
    assert archive.schema(rolling.previous) < REVISION


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS)
def test_tokens_of_either_version_are_good_at_the_other(
    sides: tuple[Side, Side], one: int, other: int
) -> None:
    here, there = sides[one], sides[other]
    code = here.person("alice").authorize(OFFLINE)
    given = there.redeem(str(code)).json
    assert here.is_active(given["access_token"])
    rotated = here.refresh(given["refresh_token"]).json
    assert there.is_active(rotated["access_token"])
    again = there.refresh(rotated["refresh_token"]).json
    # The first refresh token is a replay at either, and ends what both have issued.
    assert there.refresh(given["refresh_token"]).status == 400
    assert here.refresh(again["refresh_token"]).status == 400
    assert not here.is_active(again["access_token"])
    assert not there.is_active(rotated["access_token"])


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS)
def test_a_code_is_redeemed_once_by_both_together(
    sides: tuple[Side, Side], one: int, other: int
) -> None:
    here, there = sides[one], sides[other]
    code = str(here.person("alice").authorize(OFFLINE))
    given = here.redeem(code).json
    assert there.redeem(code).status == 400
    assert not here.is_active(given["access_token"])


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS)
def test_what_one_version_revokes_is_dead_at_the_other(
    sides: tuple[Side, Side], one: int, other: int
) -> None:
    here, there = sides[one], sides[other]
    given = here.redeem(str(here.person("bob").authorize(OFFLINE))).json
    assert there.post("/oauth/revoke", {"token": given["access_token"]}).status == 200
    assert not here.is_active(given["access_token"])
    assert there.post("/oauth/revoke", {"token": given["refresh_token"]}).status == 200
    assert here.refresh(given["refresh_token"]).status == 400


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS)
def test_a_session_goes_on_at_the_other_version_until_it_ends_at_either(
    sides: tuple[Side, Side], one: int, other: int
) -> None:
    here, there = sides[one], sides[other]
    person = here.person("bob")
    person.authorize("openid profile:read")
    elsewhere = there.person("bob", person.wire.cookies)
    assert elsewhere.authorize("openid profile:read", prompted=False) is not None
    elsewhere.sign_out()
    assert person.authorize("openid profile:read", prompted=False) is None


@pytest.mark.parametrize("begun_at", [PREVIOUS, THIS], ids=["at-previous", "at-this"])
def test_a_page_of_one_version_is_answered_by_the_other(
    rolling: Rolling, sides: tuple[Side, Side], begun_at: int
) -> None:
    """Sign-in, consent and sign-out, each shown by one and sent to the other."""
    wire = Alternating(rolling, begun_at, sides[THIS].noted)
    sides[THIS].wires.append(wire)
    person = Person("alice", wire, rolling)
    code = person.authorize(OFFLINE)
    assert sides[begun_at].redeem(str(code)).status == 200
    person.sign_out()
    assert person.authorize("openid profile:read", prompted=False) is None
    ports = {answer.port for answer in sides[THIS].noted if answer.path in ("/login", "/consent")}
    assert ports == set(rolling.ports)


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS)
def test_an_id_token_of_one_version_verifies_by_the_keys_of_the_other(
    sides: tuple[Side, Side], one: int, other: int
) -> None:
    here, there = sides[one], sides[other]
    given = here.redeem(str(here.person("alice").authorize(OFFLINE))).json
    published = parse_key_set(there.wire().get("/oauth/jwks").body)
    jose.verify(
        given["id_token"], published, algorithms=jose.ALGORITHMS, types=(None, "JWT"), now=None
    )


def age(storage: Storage) -> None:
    """Let what is written only now and then be due."""
    for kind in (Grant, Client, Session):
        for item in storage.walk(kind):
            match item.record:
                case Session():
                    before = replace(item.record, last_seen_at=1)
                case _:
                    before = replace(item.record, last_used_at=1)
            storage.commit(Replace(before, expecting=item), now=1)


def version(storage: Storage, key: later.Key) -> int | None:
    stored = storage.get(*key)
    return None if stored is None else stored.version


def test_neither_version_loses_a_field_that_a_later_one_wrote(
    rolling: Rolling, sides: tuple[Side, Side]
) -> None:
    url = rolling.store.url
    person = sides[THIS].person("alice")
    given = sides[THIS].redeem(str(person.authorize(OFFLINE))).json
    for number, code in ((PREVIOUS, rolling.previous), (THIS, None)):
        side = sides[number]
        # The servers may keep the client for a while: only an edit is sure to write it.
        homepage_uri = f"{CALLBACK}/{number}"
        with rolling.storage() as storage:
            age(storage)
            planted = later.plant(url, storage, "kept")
            before = {key: version(storage, key) for key in planted}
        given = side.refresh(given["refresh_token"]).json
        side.person("alice", person.wire.cookies).authorize(OFFLINE)
        rolling.run(
            ["user", "developer", "alice"],
            ["client", "edit", rolling.app.client_id, "--homepage-uri", homepage_uri],
            code=code,
        )
        with rolling.storage() as storage:
            replaced = {key for key in planted if version(storage, key) not in (None, before[key])}
        assert {kind for kind, _ in replaced} >= {Account, Client, Grant, Session, Consent}
        assert {key for key in replaced if later.read(url, key) != "kept"} == set()


def test_the_previous_version_is_content_with_the_newer_storage_and_leaves_it_alone(
    rolling: Rolling,
) -> None:
    with rolling.storage() as storage:
        before = storage.describe()
        rolling.run(["storage", "upgrade"], ["storage", "check"], code=rolling.previous)
        storage.ping()
        assert storage.describe() == before
