"""Refresh: rotation, receipts, replay. RFC 6749 section 6, RFC 9700 section 4.14.2."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.records import AccessToken, Client, Grant, Receipt, RefreshToken
from tests.protocol.world import NOTES, PHOTOS, World, openid_world


def test_a_refresh_token_rotates(world):
    first = world.tokens(scope="read write")
    second = world.refresh(first["refresh_token"])
    assert second.status == 200
    assert second.body["scope"] == "read write"
    assert second.body["refresh_token"] != first["refresh_token"]
    assert world.is_live(second.body["access_token"])
    assert world.refresh(second.body["refresh_token"]).status == 200


def test_public_clients_rotate_too():
    world = World()
    world.client("spa", "browser")
    first = world.tokens("spa")
    second = world.refresh(first["refresh_token"], "spa").body
    assert second["refresh_token"] != first["refresh_token"]


def test_a_lost_response_is_given_again(world):
    token = world.tokens()["refresh_token"]
    first = world.refresh(token)
    world.now += 9
    again = world.refresh(token)
    assert (again.status, again.body) == (200, first.body)


def test_a_retry_writes_nothing(world):
    token = world.tokens()["refresh_token"]
    world.refresh(token)
    # The token, what may have ended, the receipt, and the successor.
    with world.counted(reads=4, writes=0):
        assert world.refresh(token).status == 200


def assert_replay(world, answer, *access_tokens):
    """The answer is invalid_grant, and the whole grant is dead."""
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    assert [grant.revoked_at is not None for grant in world.all(Grant)] == [True]
    for token in access_tokens:
        assert not world.is_live(token)


def test_a_retry_after_the_grace_period_is_a_replay(world):
    first = world.tokens()
    second = world.refresh(first["refresh_token"]).body
    world.now += 10
    answer = world.refresh(first["refresh_token"])
    assert_replay(world, answer, first["access_token"], second["access_token"])
    assert world.refresh(second["refresh_token"]).body["error"] == "invalid_grant"


def test_a_retry_after_the_successor_was_used_is_a_replay(world):
    first = world.tokens()
    second = world.refresh(first["refresh_token"]).body
    third = world.refresh(second["refresh_token"]).body
    assert_replay(world, world.refresh(first["refresh_token"]), third["access_token"])


def test_another_client_with_a_rotated_token_is_a_replay(world):
    world.client("other")
    first = world.tokens()
    second = world.refresh(first["refresh_token"]).body
    assert_replay(world, world.refresh(first["refresh_token"], "other"), second["access_token"])


def test_another_client_with_a_live_token_changes_nothing(world):
    world.client("other")
    first = world.tokens()
    assert world.refresh(first["refresh_token"], "other").body["error"] == "invalid_grant"
    assert world.refresh(first["refresh_token"]).status == 200


def test_without_grace_a_retry_is_a_replay():
    world = World(refresh_token_grace=0)
    world.client()
    token = world.tokens()["refresh_token"]
    second = world.refresh(token).body
    assert world.all(Receipt) == []
    assert_replay(world, world.refresh(token), second["access_token"])


def test_a_receipt_opens_with_the_presented_token_only(world):
    first = world.tokens()
    second = world.refresh(first["refresh_token"]).body
    dump = world.dump()
    assert len(world.all(Receipt)) == 1
    for secret in (first["refresh_token"], second["refresh_token"], second["access_token"]):
        assert secret not in dump
        assert secret.partition(".")[2] not in dump


def race(world, token, count=16):
    """Refresh in ``count`` threads at once; return the answers."""
    barrier = threading.Barrier(count)

    def refresh(_):
        barrier.wait()
        return world.refresh(token)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(refresh, range(count)))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///{}/race.sqlite"])
def test_sixteen_threads_get_one_identical_response(url, tmp_path):
    world = World(**{"storage.url": url.format(tmp_path)})
    world.client()
    token = world.tokens()["refresh_token"]
    for _ in range(5):
        answers = race(world, token)
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body["access_token"] for answer in answers}) == 1
        assert all(answer.body == answers[0].body for answer in answers)
        spent, token = token, answers[0].body["refresh_token"]
    last = world.refresh(token).body
    assert_replay(world, world.refresh(spent), last["access_token"])


def test_sixteen_threads_without_grace_leave_no_live_token():
    world = World(refresh_token_grace=0)
    world.client()
    answers = race(world, world.tokens()["refresh_token"])
    won = [answer.body for answer in answers if answer.status == 200]
    assert len(won) == 1
    assert {a.body["error"] for a in answers if a.status != 200} == {"invalid_grant"}
    assert not world.is_live(won[0]["access_token"])
    assert world.refresh(won[0]["refresh_token"]).body["error"] == "invalid_grant"


def test_a_narrowed_scope_can_be_widened_to_the_original_again(world):
    first = world.tokens(scope="read write")
    second = world.refresh(first["refresh_token"], scope="read").body
    assert second["scope"] == "read"
    assert world.refresh(second["refresh_token"]).body["scope"] == "read write"


@pytest.mark.parametrize("scope", ["read notes", "admin", "read\twrite", "read  write"])
def test_scope_may_not_be_widened(world, scope):
    token = world.tokens(scope="read write")["refresh_token"]
    answer = world.refresh(token, scope=scope)
    assert (answer.status, answer.body["error"]) == (400, "invalid_scope")
    assert world.refresh(token).status == 200


class TestTheScopeOfTheAuthorizationRequestRepeated:
    """Clients refresh with their configured scope; part of it may never have been granted."""

    @pytest.fixture
    def openid(self):
        return openid_world(resources=f"{PHOTOS} | photos | Photos\n{NOTES} | read | Notes")

    @pytest.mark.parametrize("scope", ["openid read offline_access", "openid offline_access"])
    def test_offline_access_that_was_dropped_is_ignored(self, openid, scope):
        token = openid.tokens(scope="openid read offline_access")["refresh_token"]
        answer = openid.refresh(token, scope=scope)
        assert answer.status == 200, answer
        assert answer.body["scope"] == scope.removesuffix(" offline_access")
        assert "offline_access" not in openid.all(Grant)[0].record.scopes

    def test_scopes_of_other_resources_that_were_dropped_are_ignored(self, openid):
        asked = {"scope": "openid read photos", "resource": PHOTOS}
        first = openid.tokens(**asked)
        assert first["scope"] == "openid photos"
        assert openid.refresh(first["refresh_token"], **asked).body["scope"] == "openid photos"

    @pytest.mark.parametrize(
        "scope", ["openid read email", "openid read photos offline_access", "openid read admin"]
    )
    def test_any_other_scope_beyond_the_grant_is_refused(self, openid, scope):
        token = openid.tokens(scope="openid read offline_access")["refresh_token"]
        assert openid.refresh(token, scope=scope).body["error"] == "invalid_scope"
        assert openid.refresh(token).status == 200

    def test_offline_access_alone_leaves_nothing_to_grant(self, openid):
        token = openid.tokens(scope="openid read")["refresh_token"]
        assert openid.refresh(token, scope="offline_access").body["error"] == "invalid_scope"

    def test_offline_access_is_refused_to_a_client_that_may_not_request_it(self, openid):
        openid.client("online", scopes=("openid", "read"))
        token = openid.tokens("online", scope="openid read")["refresh_token"]
        refused = openid.refresh(token, "online", scope="openid offline_access")
        assert refused.body["error"] == "invalid_scope"

    def test_plain_oauth_drops_no_offline_access(self, openid):
        token = openid.tokens(scope="read")["refresh_token"]
        refused = openid.refresh(token, scope="read offline_access")
        assert refused.body["error"] == "invalid_scope"


def test_a_scope_that_the_client_lost_is_not_given_again(world):
    token = world.tokens(scope="read write")["refresh_token"]
    world.change(Client, "app", scopes=("read",))
    world.provider.clients.evict("app")
    assert world.refresh(token).body["scope"] == "read"


def test_a_refresh_token_expires(world):
    token = world.tokens()["refresh_token"]
    world.now += world.settings.refresh_token_lifetime
    assert world.refresh(token).body["error"] == "invalid_grant"


def test_use_is_stored_once_an_hour(world):
    token = world.tokens()["refresh_token"]
    began = world.now
    world.now += 3599
    token = world.refresh(token).body["refresh_token"]
    assert world.all(Grant)[0].record.last_used_at == began
    world.now += 1
    with world.counted(reads=2, writes=1):
        token = world.refresh(token).body["refresh_token"]
    assert world.all(Grant)[0].record.last_used_at == world.now


def test_a_simultaneous_change_of_the_grant_does_not_fail_a_refresh(world):
    token = world.tokens()["refresh_token"]
    world.now += 3600

    def another_mark():
        world.change(Grant, world.all(Grant)[0].record.grant_id, last_used_at=world.now - 1)

    world.storage.meanwhile = [another_mark]
    assert world.refresh(token).status == 200


def test_the_loser_of_a_race_gets_the_winner_s_response(world):
    token = world.tokens()["refresh_token"]
    winners = []
    world.storage.meanwhile = [lambda: winners.append(world.refresh(token))]
    loser = world.refresh(token)
    assert (loser.status, loser.body) == (200, winners[0].body)


def test_losing_a_race_without_grace_ends_the_grant():
    world = World(refresh_token_grace=0)
    world.client()
    token = world.tokens()["refresh_token"]
    winners = []
    world.storage.meanwhile = [lambda: winners.append(world.refresh(token))]
    assert_replay(world, world.refresh(token), winners[0].body["access_token"])


def test_a_revocation_wins_over_a_rotation(world):
    token = world.tokens()["refresh_token"]
    world.storage.meanwhile = [lambda: world.provider.endings.withdraw("alice-id", "app")]
    assert world.refresh(token).body["error"] == "invalid_grant"
    assert len(world.all(AccessToken)) == 1


@pytest.mark.parametrize("token", ["opr_x.y", "nonsense", "opa_x.y"])
def test_an_unknown_refresh_token_is_an_invalid_grant(world, token):
    assert world.refresh(token).body["error"] == "invalid_grant"


def test_an_access_token_is_no_refresh_token(world):
    tokens = world.tokens()
    assert world.refresh(tokens["access_token"]).body["error"] == "invalid_grant"
    assert world.refresh(tokens["refresh_token"]).status == 200


def test_a_missing_refresh_token_is_an_invalid_request(world):
    assert world.refresh("").body["error"] == "invalid_request"


def test_refresh_tokens_keep_the_original_scopes(world):
    token = world.tokens(scope="read write")["refresh_token"]
    world.refresh(token, scope="read")
    assert {stored.record.scopes for stored in world.all(RefreshToken)} == {("read", "write")}
