"""Refresh tokens that stay the same, under a FAPI 2.0 profile (Security Profile 5.3.2.1)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.protocol.provider import Provider
from oauthprov.records import AccessToken, Grant, Receipt, RefreshToken
from tests.engines import engines
from tests.protocol.fapi import HOLDER, OTHER_HOLDER, FapiWorld, refused
from tests.protocol.world import NOTES, Accounts, World
from tests.servers import fresh

DAY = 86_400


@pytest.fixture
def world():
    return FapiWorld()


def test_a_refresh_token_stays_the_same(world):
    token = world.tokens()["refresh_token"]
    for seconds in (0, 30, 3600, DAY):
        world.now += seconds
        answer = world.refresh(token)
        assert (answer.status, answer.body["refresh_token"]) == (200, token)
        assert world.is_live(answer.body["access_token"])
    assert len(world.all(RefreshToken)) == 1
    assert world.all(Receipt) == []


def test_each_refresh_gives_another_access_token_and_the_earlier_ones_live_on(world):
    first = world.tokens()
    second, third = (world.refresh(first["refresh_token"]).body for _ in range(2))
    every = {made["access_token"] for made in (first, second, third)}
    assert len(every) == 3
    assert all(map(world.is_live, every))


@pytest.mark.parametrize("engine", engines(["sqlite", "postgresql", "redis"], "sqlite"))
def test_many_at_once_all_get_a_token(request, engine):
    url = "sqlite://" if engine == "sqlite" else fresh(request.getfixturevalue(f"{engine}_url"))
    world = FapiWorld(**{"storage.url": url})
    token = world.tokens()["refresh_token"]
    world.now += 2 * DAY  # the end is to be moved on, and the last use to be written
    ready = threading.Barrier(8)

    def refresh():
        ready.wait()
        return world.refresh(token)

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(refresh) for _ in range(8)]]
    assert [answer.status for answer in answers] == [200] * 8
    assert len({answer.body["access_token"] for answer in answers}) == 8
    assert {answer.body["refresh_token"] for answer in answers} == {token}
    (stored,) = world.all(RefreshToken)
    assert stored.record.expires_at == world.now + 30 * DAY
    world.storage.close()


def test_its_end_moves_on_as_it_is_used_and_never_beyond_the_grant(world):
    token = world.tokens()["refresh_token"]
    began = world.now
    (grant,) = world.all(Grant)
    for _ in range(9):
        world.now += 20 * DAY  # of 30 days
        if world.now >= grant.record.expires_at:
            break
        assert world.refresh(token).status == 200
        (stored,) = world.all(RefreshToken)
        ends_at = min(world.now + 30 * DAY, grant.record.expires_at)
        assert stored.record.expires_at == ends_at
    assert world.now - began == 180 * DAY
    refused(world.refresh(token), "invalid_grant")


def test_unused_it_ends_after_its_lifetime(world):
    token = world.tokens()["refresh_token"]
    world.now += 30 * DAY
    refused(world.refresh(token), "invalid_grant")


def test_its_end_is_written_at_most_once_an_hour(world):
    token = world.tokens()["refresh_token"]
    (before,) = world.all(RefreshToken)
    world.now += 3599
    world.refresh(token)
    assert world.all(RefreshToken) == [before]
    world.now += 1
    world.refresh(token)
    (after,) = world.all(RefreshToken)
    assert after.record.expires_at == before.record.expires_at + 3600


def test_a_short_lifetime_moves_on_by_a_tenth_of_it():
    world = FapiWorld(refresh_token_lifetime=100)
    token = world.tokens()["refresh_token"]
    for _ in range(20):
        world.now += 90
        assert world.refresh(token).status == 200


def test_a_refresh_costs_two_reads_and_one_write(world):
    token = world.tokens()["refresh_token"]
    with world.counted(reads=2, writes=1):
        assert world.refresh(token).status == 200
    world.now += 2 * DAY
    with world.counted(reads=2, writes=1):
        assert world.refresh(token).status == 200


def test_a_revoked_refresh_token_is_refused_and_so_are_its_access_tokens(world):
    first = world.tokens()
    second = world.refresh(first["refresh_token"]).body
    assert world.call("revoke", {"token": first["refresh_token"]}).status == 200
    refused(world.refresh(first["refresh_token"]), "invalid_grant")
    assert not world.is_live(first["access_token"])
    assert not world.is_live(second["access_token"])


def test_it_is_worth_nothing_to_another_client_and_stays_good(world):
    token = world.tokens()["refresh_token"]
    refused(world.refresh(token, "other"), "invalid_grant")
    assert world.refresh(token).status == 200


def test_it_is_worth_nothing_without_authentication(world):
    token = world.tokens()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "app"}
    refused(world.call("token", form, HOLDER, client_id=None), "invalid_client", 401)
    assert world.refresh(token).status == 200


def test_without_a_proof_there_is_no_token(world):
    token = world.tokens()["refresh_token"]
    refused(world.refresh(token, proof=None), "invalid_dpop_proof")
    assert world.refresh(token).status == 200


def test_a_client_may_change_its_key(world):
    token = world.tokens()["refresh_token"]
    assert world.refresh(token, proof=OTHER_HOLDER).status == 200
    bound = {one.record.confirmation for one in world.all(AccessToken)}
    assert bound == {f"jkt:{HOLDER.jkt}", f"jkt:{OTHER_HOLDER.jkt}"}


def test_the_scope_can_be_narrowed_and_is_whole_again(world):
    token = world.tokens(scope="read write")["refresh_token"]
    assert world.refresh(token, scope="read").body["scope"] == "read"
    assert world.refresh(token).body["scope"] == "read write"


def test_the_access_token_may_be_a_jwt_and_then_nothing_of_it_is_stored():
    world = FapiWorld(resources=f"{NOTES} | notes | Notes | jwt")
    made = world.tokens(scope="notes", resource=NOTES)
    answer = world.refresh(made["refresh_token"])
    assert answer.status == 200
    assert world.is_live(answer.body["access_token"])
    assert world.all(AccessToken) == []
    replayed = dict(world.assertion())
    form = {"grant_type": "refresh_token", "refresh_token": made["refresh_token"]} | replayed
    assert world.call("token", form, HOLDER, client_id=None).status == 200
    refused(world.call("token", form, HOLDER, client_id=None), "invalid_client", 401)


def under(world, profile):
    """Let the provider run on with another profile over the same storage."""
    world.settings = World(profile=profile).settings
    world.provider = Provider(world.settings, world.storage, Accounts(), lambda: world.now)


def test_a_token_that_rotated_before_the_profile_came_still_revokes_when_it_is_replayed(world):
    under(world, "none")
    first = world.tokens(proof=HOLDER)
    second = world.refresh(first["refresh_token"]).body
    assert second["refresh_token"] != first["refresh_token"]
    under(world, "fapi2")
    kept = world.refresh(second["refresh_token"]).body
    assert kept["refresh_token"] == second["refresh_token"]
    world.now += 60
    refused(world.refresh(first["refresh_token"]), "invalid_grant")
    refused(world.refresh(second["refresh_token"]), "invalid_grant")


def test_a_kept_token_rotates_again_once_the_profile_is_gone(world):
    token = world.tokens()["refresh_token"]
    world.refresh(token)
    under(world, "none")
    assert world.refresh(token).body["refresh_token"] != token
