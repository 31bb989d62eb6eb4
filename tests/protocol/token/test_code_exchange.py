"""Authorization code to tokens: RFC 6749 section 4.1, RFC 7636, OAuth 2.1."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.records import AccessToken, AuthorizationCode, Grant, RefreshToken, slot
from oauthprov.storage.interface import Remove
from tests.protocol.world import ALICE, CALLBACK, World


def test_a_code_gives_tokens(world):
    answer = world.redeem(world.code(scope="read write"))
    assert answer.status == 200
    assert answer.body["token_type"] == "Bearer"
    assert answer.body["scope"] == "read write"
    assert answer.body["expires_in"] == 600
    assert world.is_live(answer.body["access_token"])
    assert answer.body["refresh_token"].startswith("opr_")
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_grant_stores_client_account_scopes_and_sign_in(world):
    world.tokens(scope="read")
    (grant,) = [stored.record for stored in world.all(Grant)]
    assert (grant.client_id, grant.account_id) == ("app", "alice-id")
    assert (grant.scopes, grant.auth_time, grant.amr) == (("read",), 999, ("pwd",))


def test_an_abandoned_code_leaves_no_grant(world):
    world.code()
    assert world.all(Grant) == []


def test_a_second_redemption_revokes_the_tokens_of_the_first(world):
    code = world.code()
    first = world.redeem(code).body
    again = world.redeem(code)
    assert (again.status, again.body["error"]) == (400, "invalid_grant")
    assert not world.is_live(first["access_token"])
    assert world.refresh(first["refresh_token"]).body["error"] == "invalid_grant"


def test_another_client_neither_consumes_a_code_nor_revokes_its_grant(world):
    world.client("other")
    code = world.code()
    assert world.redeem(code, "other").body["error"] == "invalid_grant"
    tokens = world.redeem(code)
    assert tokens.status == 200
    assert world.redeem(code, "other").body["error"] == "invalid_grant"
    assert world.is_live(tokens.body["access_token"])


def test_a_wrong_verifier_neither_consumes_a_code_nor_revokes_its_grant(world):
    code = world.code()
    wrong = world.redeem(code, code_verifier="w" * 50)
    assert (wrong.status, wrong.body["error"]) == (400, "invalid_grant")
    tokens = world.redeem(code)
    assert tokens.status == 200
    assert world.redeem(code, code_verifier="w" * 50).body["error"] == "invalid_grant"
    assert world.is_live(tokens.body["access_token"])


@pytest.mark.parametrize("verifier", [None, "", "short", "v" * 129, "ä" * 50, "v" * 49 + "="])
def test_a_verifier_is_required_and_well_formed(world, verifier):
    answer = world.redeem(world.code(), code_verifier=verifier)
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_code_lives_a_minute(world):
    early, late = world.code(), world.code()
    world.now += 59
    assert world.redeem(early).status == 200
    world.now += 1
    assert world.redeem(late).body["error"] == "invalid_grant"


@pytest.mark.parametrize("code", ["opc_x.y", "opc_", "nonsense", "opa_a.b", "ä.b", "o" * 5000])
def test_an_unknown_code_is_an_invalid_grant(world, code):
    answer = world.redeem(code)
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


def test_a_missing_code_is_an_invalid_request(world):
    assert world.redeem(None).body["error"] == "invalid_request"


def test_the_redirect_uri_is_optional(world):
    assert world.redeem(world.code(), redirect_uri=CALLBACK).status == 200
    assert world.redeem(world.code(), redirect_uri="").status == 200


def test_another_redirect_uri_is_an_invalid_grant(world):
    answer = world.redeem(world.code(), redirect_uri="https://app.example/other")
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


def test_the_scope_of_a_token_request_is_ignored(world):
    assert world.redeem(world.code(scope="read"), scope="write").body["scope"] == "read"


def test_state_is_not_echoed_by_the_token_endpoint(world):
    assert "state" not in world.redeem("opc_x.y", state="s").body


def test_no_refresh_token_without_its_grant_type():
    world = World()
    world.client(grant_types=("authorization_code",))
    assert "refresh_token" not in world.tokens()
    assert world.all(RefreshToken) == []


def test_a_public_client_redeems_with_its_verifier_alone():
    world = World()
    world.client("spa", "browser")
    assert world.tokens("spa")["refresh_token"]


def test_no_token_outlives_its_grant():
    world = World(grant_lifetime=100)
    world.client()
    tokens = world.tokens()
    assert tokens["expires_in"] == 100
    world.now += 100
    assert not world.is_live(tokens["access_token"])
    assert world.refresh(tokens["refresh_token"]).body["error"] == "invalid_grant"


def test_a_code_shares_the_slot_of_its_grant(world):
    world.tokens()
    (code,) = world.all(AuthorizationCode)
    (grant,) = world.all(Grant)
    assert slot(code.record.key) == grant.record.grant_id
    assert code.record.account_id == ALICE.account_id


@pytest.mark.parametrize("grant_type", ["password", "implicit", "openid", "x", "urn:x"])
def test_other_grant_types_are_unsupported(world, grant_type):
    form = {"grant_type": grant_type, "code": "opc_x.y", "username": "alice", "password": "p"}
    with world.counted(reads=0, writes=0):
        answer = world.post("token", form, client_id="app")
    assert (answer.status, answer.body["error"]) == (400, "unsupported_grant_type")


def test_a_missing_grant_type_is_an_invalid_request(world):
    answer = world.post("token", {"code": "x"}, client_id="app")
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_client_without_the_grant_type_is_unauthorized(world):
    world.client("worker", "machine")
    form = {"grant_type": "authorization_code", "code": "opc_x.y", "code_verifier": "v" * 43}
    assert world.post("token", form, client_id="worker").body["error"] == "unauthorized_client"


def test_losing_the_race_for_a_code_ends_its_grant(world):
    code = world.code()
    winners = []
    world.storage.meanwhile = [lambda: winners.append(world.redeem(code))]
    loser = world.redeem(code)
    assert (loser.status, loser.body["error"]) == (400, "invalid_grant")
    assert winners[0].status == 200
    assert not world.is_live(winners[0].body["access_token"])


def test_a_code_that_is_gone_when_it_is_claimed_is_an_invalid_grant(world):
    code = world.code()
    (stored,) = world.all(AuthorizationCode)
    gone = Remove(AuthorizationCode, stored.record.key)
    world.storage.meanwhile = [lambda: world.storage.inner.commit(gone, now=world.now)]
    assert world.redeem(code).body["error"] == "invalid_grant"
    assert world.all(Grant) == []


def test_sixteen_threads_redeem_a_code_once(world):
    code = world.code()
    barrier = threading.Barrier(16)

    def redeem(_):
        barrier.wait()
        return world.redeem(code)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(redeem, range(16)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 15
    assert len(world.all(AccessToken)) == 1
    (won,) = [answer.body for answer in answers if answer.status == 200]
    assert not world.is_live(won["access_token"])
