"""Twenty polls, or two people, at once, on every engine: one of them wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from oauthprov.protocol.request.answers import Refusal, Visitor
from oauthprov.records import AccessToken, DeviceGrant, Grant, UserCode
from tests.protocol.device.television import television
from tests.protocol.world import ALICE, BOB, BROWSER, OTHER_BROWSER
from tests.servers import fresh

POLLS = 20


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "redis", "redis_cluster"])
def tv(request, tmp_path):
    url = f"sqlite:///{tmp_path}/devices.sqlite"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{request.param}_url")
    made = television(**{"storage.url": fresh(url)})
    yield made
    made.world.storage.close()


def at_once(*calls):
    """Call all of them in threads that begin together; return their results in order."""
    begin = Barrier(len(calls))

    def call(one):
        begin.wait(30)
        return one()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


def waiting(tv, told, person, browser):
    """Type the code of a device; return the id of the request that waits."""
    return tv.world.provider.device_requests.find(told["user_code"], Visitor(browser, person))


def decide(tv, interaction, person, browser, *, allow=True):
    return tv.world.authorization.decide(interaction, Visitor(browser, person), allow=allow)


def test_of_twenty_redemptions_one_gets_tokens(tv):
    told = tv.begun()
    waits = waiting(tv, told, ALICE, BROWSER)
    decide(tv, waits, ALICE, BROWSER)
    polls = [lambda: tv.poll(told["device_code"])] * POLLS
    answers = at_once(*polls)
    assert sorted(answer.status for answer in answers) == [200] + [400] * (POLLS - 1)
    assert {a.body["error"] for a in answers if a.status == 400} == {"invalid_grant"}
    [won] = [answer.body for answer in answers if answer.status == 200]
    assert tv.world.is_live(won["access_token"])
    assert (len(tv.world.all(Grant)), len(tv.world.all(AccessToken))) == (1, 1)


def test_a_decision_amid_polls_is_stored_and_heard(tv):
    told = tv.begun()
    waits = waiting(tv, told, ALICE, BROWSER)
    polls = [lambda: tv.poll(told["device_code"])] * 6
    *answers, decided = at_once(*polls, lambda: decide(tv, waits, ALICE, BROWSER))
    if isinstance(decided, Refusal):  # six polls came in between: the person tries again
        assert decided.status == 503
        decide(tv, waits, ALICE, BROWSER)
    errors = {answer.body.get("error") for answer in answers}
    assert errors <= {"authorization_pending", "slow_down", "invalid_grant", None}
    if None not in errors:
        assert tv.poll(told["device_code"]).status == 200
    assert len(tv.world.all(Grant)) == 1


@pytest.mark.parametrize("his", [True, False])
def test_of_two_people_one_decides(tv, his):
    told = tv.begun()
    hers = waiting(tv, told, ALICE, BROWSER)
    other = waiting(tv, told, BOB, OTHER_BROWSER)
    ends = at_once(
        lambda: decide(tv, hers, ALICE, BROWSER),
        lambda: decide(tv, other, BOB, OTHER_BROWSER, allow=his),
    )
    assert sum(isinstance(end, Refusal) for end in ends) == 1
    [stored] = tv.world.all(DeviceGrant)
    winner = ALICE.account_id if isinstance(ends[1], Refusal) else BOB.account_id
    if stored.record.allowed:
        assert stored.record.account_id == winner
        [token] = [tv.poll(told["device_code"]).body["access_token"]]
        assert tv.world.provider.token_info(token).account_id == winner
    else:
        assert tv.polled(told["device_code"]) == "access_denied"
    assert tv.world.all(UserCode) == []
