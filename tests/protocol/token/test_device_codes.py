"""Device codes at the token endpoint (RFC 8628 sections 3.4, 3.5)."""

import logging

import pytest

from oauthprov.events import Reason, RequestRefused
from oauthprov.protocol.request.answers import Call
from oauthprov.records import (
    AccessToken,
    Account,
    Client,
    Consent,
    DeviceGrant,
    Grant,
    consent_key,
)
from oauthprov.storage.interface import Add, Conflict, Replace
from tests.protocol.device.television import GRANT_TYPES, television
from tests.protocol.world import FORM, NOTES, PHOTOS


@pytest.fixture
def tv():
    return television()


class TestUntilSomebodyDecides:
    def test_a_poll_is_told_to_wait(self, tv):
        answer = tv.poll(tv.begun()["device_code"])
        assert (answer.status, answer.body["error"]) == (400, "authorization_pending")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_polls_at_the_interval_are_told_to_wait(self, tv):
        code = tv.begun()["device_code"]
        for _ in range(5):
            assert tv.polled(code) == "authorization_pending"
            tv.world.now += 5
        assert tv.record(code).interval == 5

    def test_a_poll_may_be_a_second_early(self, tv):
        code = tv.begun()["device_code"]
        tv.poll(code)
        tv.world.now += 4
        assert tv.polled(code) == "authorization_pending"

    def test_a_poll_that_is_too_early_adds_five_seconds_for_good(self, tv):
        code = tv.begun()["device_code"]
        tv.poll(code)
        tv.world.now += 3
        assert tv.polled(code) == "slow_down"
        tv.world.now += 8
        assert tv.polled(code) == "slow_down"
        tv.world.now += 14
        assert tv.polled(code) == "authorization_pending"
        tv.world.now += 5
        assert tv.polled(code) == "slow_down"
        assert tv.record(code).interval == 20

    def test_an_early_poll_counts_as_the_last_one(self, tv):
        code = tv.begun()["device_code"]
        for _ in range(3):
            tv.poll(code)
        assert tv.record(code).interval == 15

    def test_a_poll_that_loses_against_another_change_is_still_answered(self, tv, monkeypatch):
        code = tv.begun()["device_code"]
        commit = tv.world.storage.commit

        def lose(*changes, now):
            for change in changes:
                if isinstance(change, Replace) and isinstance(change.record, DeviceGrant):
                    raise Conflict(change, "changed", None)
            commit(*changes, now=now)

        monkeypatch.setattr(tv.world.storage, "commit", lose)
        assert tv.polled(code) == "authorization_pending"

    def test_a_device_that_waits_for_its_interval_gets_its_tokens_at_once_then(self, tv):
        code = tv.begun()["device_code"]
        tv.poll(code)
        tv.decide(code)
        assert tv.poll(code).status == 200


def test_polls_are_routine_and_other_refusals_are_not():
    """They come every few seconds from each device that waits: the audit may leave them out."""
    for error in ("authorization_pending", "slow_down"):
        event = RequestRefused(error=error)
        assert (event.is_routine, event.severity) == (True, logging.DEBUG)
    for error in ("access_denied", "expired_token", "invalid_grant"):
        event = RequestRefused(error=error, reason=Reason.DEVICE_CODE_EXPIRED)
        assert (event.is_routine, event.severity) == (False, logging.INFO)


class TestAnotherClient:
    def test_learns_nothing_and_slows_nobody_down(self, tv):
        tv.world.client("other", "native", grant_types=GRANT_TYPES, redirect_uris=())
        code = tv.begun()["device_code"]
        before = tv.record(code)
        for _ in range(3):
            answer = tv.poll(code, "other")
            assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
        assert tv.record(code) == before
        tv.decide(code)
        assert tv.polled(code, who="other") == "invalid_grant"
        assert tv.poll(code).status == 200

    def test_without_the_grant_type_is_unauthorized(self, tv):
        tv.world.client("other", "native")
        answer = tv.poll(tv.begun()["device_code"], "other")
        assert (answer.status, answer.body["error"]) == (400, "unauthorized_client")


@pytest.mark.parametrize(
    "code", ["nonsense", "opd_unknown." + "x" * 43, "opc_" + "x" * 22 + "." + "y" * 43]
)
def test_an_unknown_code_is_no_grant(tv, code):
    assert tv.polled(code) == "invalid_grant"


def test_a_code_is_required(tv):
    answer = tv.poll(None)
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_code_that_comes_twice_is_a_bad_request(tv):
    code = tv.begun()["device_code"]
    pairs = [
        ("grant_type", GRANT_TYPES[0]),
        ("client_id", "tv"),
        ("device_code", code),
        ("device_code", code),
    ]
    assert tv.world.post("token", pairs).body["error"] == "invalid_request"


class TestAnExpiredCode:
    @pytest.mark.parametrize("decided", [None, True, False])
    def test_is_told_from_an_unknown_one_for_ten_minutes(self, tv, decided):
        code = tv.begun()["device_code"]
        if decided is not None:
            tv.decide(code, allowed=decided)
        tv.world.now += 600
        answer = tv.poll(code)
        assert (answer.status, answer.body["error"]) == (400, "expired_token")
        tv.world.now += 599
        list(tv.world.storage.purge_pass(now=tv.world.now))
        assert tv.polled(code) == "expired_token"
        tv.world.now += 1
        list(tv.world.storage.purge_pass(now=tv.world.now))
        assert tv.polled(code) == "invalid_grant"


def test_a_denied_device_is_told_so(tv):
    code = tv.begun()["device_code"]
    tv.decide(code, allowed=False)
    for _ in range(2):
        answer = tv.poll(code)
        assert (answer.status, answer.body["error"]) == (400, "access_denied")
    assert tv.world.all(Grant) == []


class TestAnAllowedDevice:
    def test_gets_the_tokens_of_the_person(self, tv):
        body = tv.tokens(scope="read photos")
        assert set(body) == {
            "access_token",
            "refresh_token",
            "token_type",
            "expires_in",
            "scope",
        }
        assert body["scope"] == "read photos"
        assert tv.world.provider.token_info(body["access_token"]).account_id == "alice-id"

    def test_goes_on_with_its_refresh_token(self, tv):
        body = tv.tokens(scope="read")
        assert tv.world.refresh(body["refresh_token"], "tv").status == 200

    def test_gets_no_refresh_token_that_it_has_not_registered_for(self, tv):
        tv.world.change(Client, "tv", grant_types=GRANT_TYPES[:1])
        assert "refresh_token" not in tv.tokens()

    def test_gets_an_id_token_of_the_sign_in_of_the_person_without_a_nonce(self, tv):
        code = tv.begun(scope="openid")["device_code"]
        tv.decide(code, acr="high")
        claims = tv.world.id_token(tv.poll(code).body["id_token"]).claims
        assert (claims["sub"], claims["aud"]) == ("alice-id", "tv")
        assert (claims["auth_time"], claims["amr"], claims["acr"]) == (999, ["pwd"], "high")
        assert not claims.keys() & {"nonce", "sid"}

    def test_has_a_grant_that_knows_no_session(self, tv):
        tv.tokens(scope="openid")
        [stored] = tv.world.all(Grant)
        assert (stored.record.session_key, stored.record.sid) == (None, None)

    def test_may_narrow_the_resources_and_not_widen_them(self):
        tv = television(
            scopes="photos | See photos\nnotes | See notes",
            default_scopes="",
            resources=f"{PHOTOS} | photos | Photos\n{NOTES} | notes | Notes",
        )
        asked = {"scope": "photos notes", "resource": [PHOTOS, NOTES]}
        code = tv.begun(**asked)["device_code"]
        tv.decide(code)
        other = tv.poll(code, resource="https://elsewhere.example/")
        assert other.body["error"] == "invalid_target"
        body = tv.poll(code, resource=PHOTOS).body
        assert body["scope"] == "photos"
        assert tv.world.provider.token_info(body["access_token"]).resources == (PHOTOS,)
        narrow = tv.begun(scope="photos", resource=PHOTOS)["device_code"]
        tv.decide(narrow)
        assert tv.polled(narrow, resource=NOTES) == "invalid_target"

    def test_gets_tokens_once_and_a_second_redemption_revokes_nothing(self, tv):
        code = tv.begun()["device_code"]
        tv.decide(code)
        body = tv.poll(code).body
        for _ in range(2):
            answer = tv.poll(code)
            assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
        assert tv.world.is_live(body["access_token"])
        assert tv.world.refresh(body["refresh_token"], "tv").status == 200

    def test_that_is_faster_elsewhere_gets_no_grant(self, tv, monkeypatch):
        code = tv.begun()["device_code"]
        tv.decide(code)
        load = tv.world.storage.get_many
        stale = {}

        def read(wanted):
            for pair, found in zip(wanted, load(wanted), strict=True):
                stale.setdefault(pair, found)
            return [stale[pair] for pair in wanted]

        monkeypatch.setattr(tv.world.storage, "get_many", read)
        assert tv.poll(code).status == 200
        assert tv.polled(code) == "invalid_grant"
        assert len(tv.world.all(AccessToken)) == 1


class TestSinceTheDecision:
    """The person and the client are judged again when the device redeems its code."""

    @pytest.fixture
    def code(self, tv):
        code = tv.begun(scope="read")["device_code"]
        tv.decide(code)
        return code

    def test_a_withdrawn_consent_counts(self, tv, code):
        now = tv.world.now
        consent = Consent(
            key=consent_key("alice-id", "tv"),
            account_id="alice-id",
            client_id="tv",
            scopes=(),
            resources=(),
            created_at=now,
            updated_at=now,
            withdrawn_at=now,
            epoch=1,
        )
        tv.world.storage.commit(Add(consent), now=now)
        assert tv.polled(code) == "invalid_grant"
        assert tv.world.all(Grant) == []

    @pytest.mark.parametrize("changes", [{"disabled_at": 1}, {"epoch": 1}])
    def test_a_disabled_account_and_a_sign_out_everywhere_count(self, tv, code, changes):
        account = Account("alice-id", "alice", "hash", tv.world.now, **changes)
        tv.world.storage.commit(Add(account), now=tv.world.now)
        assert tv.polled(code) == "invalid_grant"

    def test_a_disabled_client_counts(self, tv, code):
        tv.world.change(Client, "tv", disabled_at=tv.world.now)
        tv.world.now += 6
        assert tv.polled(code) == "invalid_client"

    def test_a_grant_type_that_was_taken_away_counts(self, tv, code):
        tv.world.change(Client, "tv", grant_types=("refresh_token",))
        tv.world.now += 6
        assert tv.polled(code) == "unauthorized_client"


class TestSwitchedOff:
    @pytest.fixture
    def tv(self):
        return television(device="false")

    def test_the_grant_type_is_unknown(self, tv):
        answer = tv.poll("opd_x." + "y" * 43)
        assert (answer.status, answer.body["error"]) == (400, "unsupported_grant_type")


def test_a_device_code_is_no_token_and_no_code(tv):
    code = tv.begun()["device_code"]
    tv.decide(code)
    assert not tv.world.is_live(code)
    tv.world.client("app")
    assert tv.world.introspect(code).body == {"active": False}
    assert tv.world.redeem(code, "app").body["error"] == "invalid_grant"
    revoked = Call("POST", b"", f"client_id=tv&token={code}".encode(), FORM)
    assert tv.world.provider.endpoints.revoke(revoked).status == 200
    assert tv.poll(code).status == 200
