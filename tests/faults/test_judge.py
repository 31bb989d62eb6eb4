"""The judge finds what should not be: a trial that can't fail would prove nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.deployment import CALLBACK, Deployment, deployed
from tests.faults.faults import KilledStore
from tests.faults.judge import Judge, defects
from tests.faults.ledger import Family, Ledger, State
from tests.faults.person import Person
from tests.faults.stores import Redis, SQLite
from tests.faults.trial import Pace, tried
from tests.faults.wire import Answer, Wire
from tests.site import VERIFIER

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with deployed(SQLite) as made:
        yield made


@pytest.fixture
def wire(deployment: Deployment) -> Iterator[Wire]:
    made = Wire(deployment, 0, [])
    yield made
    made.close()


@pytest.fixture
def family(deployment: Deployment, wire: Wire) -> Family:
    """An authorization with its first tokens."""
    code = Person("alice", wire, deployment).authorize("openid profile:read")
    made = Family(str(code), offline=False)
    form = {"grant_type": "authorization_code", "code": made.code, "redirect_uri": CALLBACK}
    answer = wire.post("/oauth/token", form | {"code_verifier": VERIFIER}, deployment.app)
    made.redemptions, made.code_state = 1, State.DEAD
    made.gave(answer.json)
    return made


def judged(deployment: Deployment, family: Family) -> set[str]:
    verdict = Judge(deployment, []).judge([Ledger(families=[family])])
    return {sentence.partition(" (grant ")[0] for sentence in verdict.violations}


def test_kept_promises_are_no_violation(deployment, family):
    assert judged(deployment, family) == set()


def test_a_token_that_was_lost_is_found(deployment, family, wire):
    wire.post("/oauth/revoke", {"token": family.refresh}, deployment.app)
    assert judged(deployment, family) == {
        "an access token that was given was lost",
        "a refresh token that was given was lost",
    }


def test_a_token_that_outlives_its_end_is_found(deployment, family):
    family.end("a revocation", certainly=True)
    assert judged(deployment, family) == {
        "an access token lives on after the end that was answered",
        "a refresh token lives on after the end that was answered",
    }


def test_a_second_redemption_of_a_code_is_found(deployment, family):
    family.redemptions = 2
    assert judged(deployment, family) == {"a code was redeemed 2 times"}


def test_losses_that_are_allowed_are_not_judged(deployment, family):
    family.end("a revocation", certainly=True)
    ledger = Ledger(families=[family])
    verdict = Judge(deployment, []).judge(
        [ledger], lambda grant_id, _: grant_id == family.grant_id
    )
    assert (verdict.violations, verdict.excused, verdict.tokens) == ([], 1, 0)


def test_a_store_that_forgets_is_found():
    with deployed(lambda home: Redis(home, "--appendonly", "no")) as forgetful:
        with forgetful.store.admin() as client:
            client.save()  # the clients and accounts, and nothing that comes later
        violations = tried(forgetful, KilledStore(forgetful.store), Pace()).verdict.violations
    lost = [sentence for sentence in violations if "that was given was lost" in sentence]
    assert lost, violations


def answer(status: int, *, seconds: float = 0.0, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body, seconds, "/oauth/token", 8080)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (answer(500), "/oauth/token answered 500 (1 times)"),
        (answer(503), "/oauth/token answered 503 without Retry-After (1 times)"),
        (answer(0), "/oauth/token was never answered (1 times)"),
        (answer(200, seconds=9.0), "/oauth/token was answered after more than 8 s (1 times)"),
        (
            answer(400, body=b'{"error": "oops"}', content_type="application/json"),
            "/oauth/token answered 400: oops (1 times)",
        ),
    ],
)
def test_a_wrong_answer_is_found(wrong, sentence):
    assert defects([wrong], limit=8.0) == [sentence]


@pytest.mark.parametrize(
    "right",
    [
        answer(200),
        answer(503, retry_after="5"),
        answer(400, body=b'{"error": "invalid_grant"}', content_type="application/json"),
    ],
)
def test_a_right_answer_is_no_defect(right):
    assert defects([right], limit=8.0) == []


def test_a_killed_worker_may_be_silent_and_a_stopped_one_late():
    assert defects([answer(0)], limit=8.0, killed=[8080]) == []
    assert defects([answer(200, seconds=9.0)], limit=8.0, stopped=[8080]) == []
