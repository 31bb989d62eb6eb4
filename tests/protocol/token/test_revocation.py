"""Revocation: RFC 7009."""

import pytest

from oauthprov.records import Grant
from tests.protocol.world import World


def revoke(world, token, client_id="app", **form):
    return world.post("revoke", {"token": token} | form, client_id=client_id)


def assert_done(answer):
    assert (answer.status, answer.body) == (200, None)
    assert answer.headers["Cache-Control"] == "no-store"


def test_revoking_an_access_token_revokes_it_alone(world):
    first = world.tokens()
    assert_done(revoke(world, first["access_token"]))
    assert not world.is_live(first["access_token"])
    assert world.introspect(first["access_token"]).body == {"active": False}
    assert world.refresh(first["refresh_token"]).status == 200


def test_revoking_a_refresh_token_revokes_its_grant(world):
    first = world.tokens()
    second = world.refresh(first["refresh_token"]).body
    assert_done(revoke(world, second["refresh_token"]))
    assert not world.is_live(first["access_token"])
    assert not world.is_live(second["access_token"])
    assert world.refresh(second["refresh_token"]).body["error"] == "invalid_grant"


def test_revoking_a_rotated_refresh_token_revokes_its_grant_too(world):
    first = world.tokens()
    second = world.refresh(first["refresh_token"]).body
    assert_done(revoke(world, first["refresh_token"]))
    assert not world.is_live(second["access_token"])


def test_revoking_a_token_leaves_other_grants(world):
    first, second = world.tokens(), world.tokens()
    revoke(world, first["refresh_token"])
    assert world.is_live(second["access_token"])


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "bogus", ""])
def test_a_wrong_token_type_hint_is_ignored(world, hint):
    tokens = world.tokens()
    assert_done(revoke(world, tokens["access_token"], token_type_hint=hint))
    assert_done(revoke(world, tokens["refresh_token"], token_type_hint=hint))
    assert all(grant.revoked_at is not None for grant in world.all(Grant))


@pytest.mark.parametrize("token", ["x", "opa_x.y", "opr_x.y", "opc_x.y", "ä", "x" * 5000])
def test_revoking_an_unknown_token_succeeds(world, token):
    assert_done(revoke(world, token))


def test_revoking_a_token_twice_succeeds(world):
    tokens = world.tokens()
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert_done(revoke(world, token))
        assert_done(revoke(world, token))


def test_revoking_an_expired_token_succeeds(world):
    token = world.tokens()["access_token"]
    world.now += 600
    assert_done(revoke(world, token))


def test_another_client_s_token_is_refused_and_stays_live(world):
    world.client("other")
    tokens = world.tokens()
    for token in (tokens["access_token"], tokens["refresh_token"]):
        answer = revoke(world, token, "other")
        assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
        assert answer.headers["Cache-Control"] == "no-store"
    assert world.is_live(tokens["access_token"])
    assert world.refresh(tokens["refresh_token"]).status == 200


def test_a_public_client_can_revoke_its_own_token():
    world = World()
    world.client("spa", "browser")
    tokens = world.tokens("spa")
    form = {"token": tokens["refresh_token"], "client_id": "spa"}
    assert_done(world.post("revoke", form))
    assert not world.is_live(tokens["access_token"])


def test_revocation_needs_client_authentication(world):
    token = world.tokens()["access_token"]
    answer = world.post("revoke", {"token": token})
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    assert world.is_live(token)


def test_a_missing_token_is_an_invalid_request(world):
    answer = revoke(world, "")
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_machine_revokes_its_own_token(world):
    world.client("worker", "machine")
    form = {"grant_type": "client_credentials"}
    token = world.post("token", form, client_id="worker").body["access_token"]
    assert_done(revoke(world, token, "worker"))
    assert not world.is_live(token)


def test_jsonp_is_not_offered(world):
    answer = revoke(world, world.tokens()["access_token"], callback="evil")
    assert_done(answer)
