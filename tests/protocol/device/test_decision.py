"""Somebody types a user code and decides (RFC 8628 sections 3.3, 5.4)."""

import pytest

from oauthprov.accounts import SignedIn
from oauthprov.protocol.device.decision import Decided
from oauthprov.protocol.request.answers import (
    ConsentQuestion,
    InteractionRequired,
    Refusal,
    Visitor,
)
from oauthprov.records import Client, Consent, DeviceGrant, Interaction, UserCode
from oauthprov.storage.interface import Conflict, Replace
from tests.protocol.device.television import television
from tests.protocol.world import ALICE, BROWSER, OTHER_BROWSER

HER = Visitor(BROWSER, ALICE)


class Typed:
    """A device, and the request that waits for whoever typed its code."""

    def __init__(self, tv, **form):
        self.tv, self.told = tv, tv.begun(**form)
        self.waits = tv.world.provider.device_requests.find(self.told["user_code"], HER)

    def question(self, visitor=HER):
        return self.tv.world.authorization.question(self.waits, visitor)

    def decide(self, visitor=HER, *, allow=True):
        return self.tv.world.authorization.decide(self.waits, visitor, allow=allow)

    @property
    def record(self):
        return self.tv.record(self.told["device_code"])


@pytest.fixture
def typed(tv):
    return Typed(tv, scope="read photos")


def test_the_question_shows_who_asks_for_what_and_the_code(typed):
    question = typed.question()
    assert isinstance(question, ConsentQuestion)
    assert question.client.client_id == "tv"
    assert question.destination == typed.told["user_code"]
    assert [scope.name for scope in question.scopes] == ["read", "photos"]
    assert typed.record.decided_at is None


def test_the_decision_is_stored_with_the_sign_in_of_whoever_decided(typed):
    assert typed.decide() == Decided(allowed=True)
    record, now = typed.record, typed.tv.world.now
    assert (record.allowed, record.decided_at, record.account_id) == (True, now, "alice-id")
    assert (record.auth_time, record.amr) == (ALICE.auth_time, ALICE.amr)
    assert typed.tv.world.all(UserCode) == []
    assert typed.tv.world.all(Consent) == []


def test_a_denial_names_no_account(typed):
    assert typed.decide(allow=False) == Decided(allowed=False)
    record = typed.record
    assert (record.allowed, record.account_id) == (False, None)
    assert typed.tv.polled(typed.told["device_code"]) == "access_denied"


def test_somebody_may_deny_it_at_the_sign_in_page(typed):
    assert typed.decide(Visitor(BROWSER), allow=False) == Decided(allowed=False)


def test_nobody_else_may_decide(typed):
    for allow in (True, False):
        assert isinstance(typed.decide(Visitor(OTHER_BROWSER, ALICE), allow=allow), Refusal)
    assert typed.record.decided_at is None


def test_neither_code_is_stored_while_the_request_waits(typed):
    dump = typed.tv.world.dump()
    assert typed.told["user_code"].replace("-", "") not in dump
    assert typed.told["device_code"] not in dump


def test_a_consent_given_before_changes_nothing(tv):
    for _ in range(2):
        typed = Typed(tv, scope="read")
        assert typed.tv.world.resume(typed.waits) == InteractionRequired("consent", typed.waits)
        typed.decide()


def test_the_operators_own_client_is_asked_about(tv):
    tv.world.change(Client, "tv", first_party=True)
    typed = Typed(tv, scope="read")
    assert typed.tv.world.resume(typed.waits) == InteractionRequired("consent", typed.waits)
    assert typed.record.decided_at is None


class TestSignIn:
    """The steps of a sign-in are those of every request that waits."""

    def test_that_is_too_old_for_the_client_is_asked_for_again(self, tv):
        tv.world.change(Client, "tv", default_max_age=60)
        typed = Typed(tv, scope="openid")
        again = InteractionRequired("reauthenticate", typed.waits)
        assert typed.question() == again
        assert typed.decide() == again
        assert typed.record.decided_at is None
        fresh = SignedIn("alice-id", "alice", auth_time=tv.world.now, amr=("pwd", "otp"))
        assert typed.decide(Visitor(BROWSER, fresh)) == Decided(allowed=True)
        assert typed.record.amr == ("pwd", "otp")

    def test_comes_first(self, typed):
        assert typed.question(Visitor(BROWSER)) == InteractionRequired("login", typed.waits)

    def test_without_a_page_for_it_ends_with_an_error(self, typed):
        required = typed.question(Visitor(BROWSER))
        assert isinstance(required.otherwise, Refusal)
        assert required.otherwise.client.client_id == "tv"


class TestPollsInBetween:
    def losing(self, tv, monkeypatch, times):
        """Let so many decisions lose against a poll."""
        commit, left = tv.world.storage.commit, [None] * times

        def lose(*changes, now):
            for change in changes:
                decides = isinstance(change, Replace) and isinstance(change.record, DeviceGrant)
                if decides and change.record.decided_at and left:
                    left.pop()
                    raise Conflict(change, "changed", None)
            commit(*changes, now=now)

        monkeypatch.setattr(tv.world.storage, "commit", lose)

    @pytest.mark.parametrize("allow", [True, False])
    def test_a_decision_is_made_again(self, typed, monkeypatch, allow):
        self.losing(typed.tv, monkeypatch, 4)
        assert typed.decide(allow=allow) == Decided(allowed=allow)

    def test_after_five_times_the_person_is_asked_to_try_again(self, typed, monkeypatch):
        self.losing(typed.tv, monkeypatch, 5)
        refused = typed.decide()
        assert (refused.error, refused.status) == ("temporarily_unavailable", 503)
        assert typed.record.decided_at is None
        assert typed.decide() == Decided(allowed=True)


class TestMeanwhile:
    def test_the_code_expires(self, typed):
        typed.tv.world.now += 600
        assert isinstance(typed.question(), Refusal)
        assert isinstance(typed.decide(), Refusal)

    def test_the_client_loses_a_scope(self, typed):
        typed.tv.world.change(Client, "tv", scopes=("read",))
        typed.tv.world.now += 6
        assert typed.decide().error == "invalid_scope"
        assert typed.record.decided_at is None

    def test_somebody_else_decides(self, typed):
        typed.tv.decide(typed.told["device_code"], allowed=False)
        assert "expired or was used" in str(typed.decide().description)
        assert typed.record.allowed is False


def test_a_secret_that_is_replaced_keeps_codes_valid(tmp_path):
    stored = {"storage.url": f"sqlite:///{tmp_path}/devices.sqlite"}
    old, new = "old-0123456789abcdefghijklmnopqrstu", "new-9876543210zyxwvutsrqponmlkjihgf"
    tv = television(secret=old, **stored)
    told = tv.begun(scope="read")
    provider = television(secret=f"{new} {old}", client=False, **stored).world.provider
    assert provider.device_requests.find(told["user_code"], HER) is not None


def test_typing_and_deciding_cost_their_trips(tv):
    told = tv.begun(scope="read")
    world = tv.world
    world.provider = world.another_process()
    with world.counted(reads=2, writes=1):
        waits = world.provider.device_requests.find(told["user_code"], HER)
    world.provider = world.another_process()
    with world.counted(reads=3, writes=0):
        world.authorization.question(waits, HER)
    world.provider = world.another_process()
    with world.counted(reads=3, writes=1):
        assert world.authorization.decide(waits, HER, allow=True) == Decided(allowed=True)
    assert world.all(Interaction)[0].claimed_at is not None
