"""Tokens that are bound to a key of the client: DPoP at the token endpoint (RFC 9449)."""

import logging
import re

import pytest

from oauthprov.protocol.engine.request import EngineRequest
from oauthprov.protocol.request.answers import Redirect
from oauthprov.records import AccessToken, AuthorizationCode, Receipt, RefreshToken, ReplayMark
from tests.proofs import Holder
from tests.protocol.device.television import television
from tests.protocol.world import PHOTOS, TOKEN_URL, World

HOLDER, OTHER = Holder(), Holder()
BOUND = f"jkt:{HOLDER.jkt}"


def worlds(**settings):
    made = World(**settings)
    made.client()
    made.client("phone", "native")
    made.client("job", "machine")
    return made


@pytest.fixture
def world():
    return worlds()


def refused(answer, error, status=400):
    assert (answer.status, answer.body.get("error")) == (status, error), answer
    assert "access_token" not in answer.body


def machine(world, proof=None, client_id="job", **more):
    form = {"grant_type": "client_credentials"} | more
    return world.post("token", form, client_id=client_id, proof=proof)


@pytest.mark.parametrize("client_id", ["app", "phone"])
def test_the_tokens_of_a_code_are_bound_to_the_key_of_the_proof(world, client_id):
    body = world.tokens(client_id, proof=HOLDER)
    assert body["token_type"] == "DPoP"
    assert [one.record.confirmation for one in world.all(AccessToken)] == [BOUND]
    described = world.introspect(body["access_token"], "app")
    if client_id == "app":
        assert described.body["cnf"] == {"jkt": HOLDER.jkt}
        assert described.body["token_type"] == "DPoP"


def test_without_a_proof_tokens_are_bearer_tokens(world):
    body = world.tokens()
    assert body["token_type"] == "Bearer"
    described = world.introspect(body["access_token"]).body
    assert described["token_type"] == "Bearer"
    assert "cnf" not in described


def test_the_token_of_a_machine_is_bound(world):
    answer = machine(world, HOLDER)
    assert answer.body["token_type"] == "DPoP"
    assert [one.record.confirmation for one in world.all(AccessToken)] == [BOUND]


def test_a_token_that_is_a_jwt_says_what_it_is_bound_to():
    world = worlds(resources=f"{PHOTOS} | photos | Photos | jwt")
    answer = machine(world, HOLDER, resource=PHOTOS, scope="photos")
    token = answer.body["access_token"]
    assert answer.body["token_type"] == "DPoP"
    assert world.provider.keys.verify(
        token, algorithms=("RS256",), types=("at+jwt",), now=world.now
    ).claims["cnf"] == {"jkt": HOLDER.jkt}
    described = world.introspect(token, "job").body
    assert (described["cnf"], described["token_type"]) == ({"jkt": HOLDER.jkt}, "DPoP")
    assert world.provider.token_info(token).confirmation == BOUND


def test_the_refresh_token_of_a_public_client_is_bound(world):
    body = world.tokens("phone", proof=HOLDER)
    assert [one.record.confirmation for one in world.all(RefreshToken)] == [BOUND]
    refused(world.refresh(body["refresh_token"], "phone"), "invalid_dpop_proof")
    refused(world.refresh(body["refresh_token"], "phone", proof=OTHER), "invalid_grant")
    again = world.refresh(body["refresh_token"], "phone", proof=HOLDER)
    assert again.body["token_type"] == "DPoP"


def test_the_refresh_token_of_a_confidential_client_is_not_bound(world):
    body = world.tokens(proof=HOLDER)
    assert [one.record.confirmation for one in world.all(RefreshToken)] == [None]
    answer = world.refresh(body["refresh_token"], proof=OTHER)
    assert answer.body["token_type"] == "DPoP"
    described = world.introspect(answer.body["access_token"]).body
    assert described["cnf"] == {"jkt": OTHER.jkt}
    assert world.refresh(answer.body["refresh_token"]).body["token_type"] == "Bearer"


def test_the_refresh_token_of_a_public_client_becomes_bound_once_a_proof_comes(world):
    body = world.tokens("phone")
    again = world.refresh(body["refresh_token"], "phone", proof=HOLDER).body
    refused(world.refresh(again["refresh_token"], "phone"), "invalid_dpop_proof")
    assert world.refresh(again["refresh_token"], "phone", proof=HOLDER).status == 200


def test_who_lacks_the_key_cannot_revoke_the_grant_of_a_used_refresh_token(world):
    body = world.tokens("phone", proof=HOLDER)
    again = world.refresh(body["refresh_token"], "phone", proof=HOLDER).body
    world.now += 60
    refused(world.refresh(body["refresh_token"], "phone"), "invalid_dpop_proof")
    refused(world.refresh(body["refresh_token"], "phone", proof=OTHER), "invalid_grant")
    assert world.is_live(again["access_token"])
    refused(world.refresh(body["refresh_token"], "phone", proof=HOLDER), "invalid_grant")
    assert not world.is_live(again["access_token"])  # the holder of the key has used it twice


@pytest.mark.parametrize("client_id", ["app", "phone"])
def test_a_lost_response_comes_again_to_the_same_key_only(world, client_id):
    body = world.tokens(client_id, proof=HOLDER)
    first = world.refresh(body["refresh_token"], client_id, proof=HOLDER)
    again = world.refresh(body["refresh_token"], client_id, proof=HOLDER)
    assert again.body == first.body
    refused(world.refresh(body["refresh_token"], client_id, proof=OTHER), "invalid_grant")
    assert world.is_live(first.body["access_token"])
    assert world.refresh(first.body["refresh_token"], client_id, proof=HOLDER).status == 200


def test_a_response_that_was_lost_without_a_key_comes_to_no_key(world):
    body = world.tokens()
    first = world.refresh(body["refresh_token"])
    refused(world.refresh(body["refresh_token"], proof=OTHER), "invalid_grant")
    assert world.refresh(body["refresh_token"]).body == first.body


def test_a_proof_is_good_once(world):
    proof = HOLDER.proof("POST", TOKEN_URL, world.now)
    assert machine(world, proof).status == 200
    refused(machine(world, proof), "invalid_dpop_proof")
    code = world.code()
    refused(world.redeem(code, proof=proof), "invalid_dpop_proof")
    assert world.redeem(code, proof=HOLDER).status == 200  # the code wasn't used up


def test_a_proof_stays_used_as_long_as_a_slow_node_might_accept_it(world):
    proof = HOLDER.proof("POST", TOKEN_URL, world.now + 30)
    assert machine(world, proof).status == 200
    world.now += 330
    refused(machine(world, proof), "invalid_dpop_proof")
    [mark] = world.all(ReplayMark)
    assert mark.record.expires_at == world.now + 60


def test_a_refused_request_uses_up_neither_proof_nor_code(world):
    proof, code = HOLDER.proof("POST", TOKEN_URL, world.now), world.code()
    refused(world.redeem(code, proof=proof, code_verifier="w" * 50), "invalid_grant")
    assert world.all(ReplayMark) == []
    assert world.redeem(code, proof=proof).body["token_type"] == "DPoP"


def test_the_proof_is_checked_before_the_client_authenticates(world):
    proof = HOLDER.proof("POST", TOKEN_URL, world.now - 301)
    form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "wrong"}
    with world.counted(reads=0, writes=0):
        refused(world.post("token", form, proof=proof), "invalid_dpop_proof")


@pytest.mark.parametrize("url", ["https://evil.example/oauth/token", "https://as.example/other"])
def test_a_proof_for_another_url_is_refused(world, url):
    refused(machine(world, HOLDER.proof("POST", url, world.now)), "invalid_dpop_proof")


def test_a_code_is_bound_by_the_authorization_request(world):
    code = world.code(dpop_jkt=HOLDER.jkt)
    [stored] = world.all(AuthorizationCode)
    assert stored.record.confirmation == BOUND
    refused(world.redeem(code), "invalid_grant")
    refused(world.redeem(code, proof=OTHER), "invalid_grant")
    assert world.redeem(code, proof=HOLDER).body["token_type"] == "DPoP"


def test_a_client_may_demand_that_its_tokens_are_bound(world):
    world.client("strict", "machine", dpop_bound_access_tokens=True)
    refused(machine(world, client_id="strict"), "invalid_dpop_proof")
    assert machine(world, HOLDER, "strict").body["token_type"] == "DPoP"


def test_a_client_that_demands_a_proof_keeps_its_code_without_one(world):
    world.client("strict", dpop_bound_access_tokens=True)
    code = world.code("strict")
    refused(world.redeem(code, "strict"), "invalid_dpop_proof")
    tokens = world.redeem(code, "strict", proof=HOLDER).body
    refused(world.refresh(tokens["refresh_token"], "strict"), "invalid_dpop_proof")
    assert world.refresh(tokens["refresh_token"], "strict", proof=HOLDER).status == 200


def test_the_server_may_demand_a_proof_of_all():
    world = worlds(dpop="required")
    refused(machine(world), "invalid_dpop_proof")
    assert machine(world, HOLDER).status == 200


def test_proofs_are_ignored_where_binding_is_off():
    world = worlds(dpop="off")
    assert machine(world, "no proof at all").body["token_type"] == "Bearer"
    world.client("strict", "machine", dpop_bound_access_tokens=True)
    refused(machine(world, HOLDER, "strict"), "invalid_dpop_proof")


def test_with_a_proof_the_token_endpoint_makes_no_more_trips(world):
    machine(world)  # keys and clients are known from now on
    code = world.code()
    with world.counted(reads=2, writes=1):
        tokens = world.redeem(code, proof=HOLDER).body
    with world.counted(reads=2, writes=1):
        assert world.refresh(tokens["refresh_token"], proof=HOLDER).status == 200
    machine(world)
    with world.counted(reads=0, writes=1):
        assert machine(world, HOLDER).status == 200


@pytest.mark.parametrize("value", ["short", "x" * 44, "x" * 42 + "=", "x" * 42 + "\n"])
def test_what_is_no_thumbprint_is_refused(world, value):
    answer = world.authorize(dpop_jkt=value)
    assert isinstance(answer, Redirect)
    assert dict(answer.params)["error"] == "invalid_request"


def test_the_thumbprint_is_ignored_where_binding_is_off():
    world = worlds(dpop="off")
    world.code(dpop_jkt="short")
    assert [one.record.confirmation for one in world.all(AuthorizationCode)] == [None]


def test_what_is_logged_says_why(world, caplog):
    caplog.set_level(logging.DEBUG)
    machine(world, HOLDER.proof("POST", TOKEN_URL, 1))
    assert any("the proof is too old" in one.getMessage() for one in caplog.records)
    proof = HOLDER.proof("POST", TOKEN_URL, world.now)
    machine(world, proof)
    machine(world, proof)
    logged = "\n".join(one.getMessage() for one in caplog.records)
    assert "reason=dpop_proof_replayed" in logged
    assert proof not in logged


def test_a_receipt_opens_for_the_key_of_the_rotation_alone(world):
    body = world.tokens("phone", proof=HOLDER)
    world.refresh(body["refresh_token"], "phone", proof=HOLDER)
    [receipt] = world.all(Receipt)
    assert HOLDER.jkt not in receipt.record.sealed


@pytest.fixture
def nonces():
    return worlds(**{"dpop.nonce": "true"})


def with_nonce(world, nonce, holder=HOLDER):
    return holder.proof("POST", TOKEN_URL, world.now, nonce=nonce)


def test_a_proof_without_a_nonce_gets_one(nonces):
    answer = machine(nonces, HOLDER)
    refused(answer, "use_dpop_nonce")
    nonce = answer.headers["DPoP-Nonce"]
    again = machine(nonces, with_nonce(nonces, nonce))
    assert again.body["token_type"] == "DPoP"
    assert again.headers["DPoP-Nonce"] == nonce  # it is good for several proofs


def test_the_round_trip_for_a_nonce_uses_up_nothing(nonces):
    code = nonces.code("phone")
    nonces.storage.reads = nonces.storage.writes = 0
    answer = nonces.redeem(code, "phone", proof=HOLDER)
    assert (nonces.storage.reads, nonces.storage.writes) == (0, 0)
    refused(answer, "use_dpop_nonce")
    proof = with_nonce(nonces, answer.headers["DPoP-Nonce"])
    assert nonces.redeem(code, "phone", proof=proof).status == 200


@pytest.mark.parametrize("nonce", ["", "x", "x" * 43, "ä"])
def test_another_nonce_is_refused(nonces, nonce):
    refused(machine(nonces, with_nonce(nonces, nonce)), "use_dpop_nonce")


def test_a_nonce_is_good_for_minutes_on_servers_whose_clocks_differ(nonces):
    nonce = machine(nonces, HOLDER).headers["DPoP-Nonce"]
    for seconds in (-30, 30, 180):
        nonces.now += seconds
        assert machine(nonces, with_nonce(nonces, nonce)).status == 200
        nonces.now -= seconds
    nonces.now += 360
    refused(machine(nonces, with_nonce(nonces, nonce)), "use_dpop_nonce")


def test_nonces_hold_the_characters_of_the_header_alone(nonces):
    nonce = machine(nonces, HOLDER).headers["DPoP-Nonce"]
    assert re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", nonce)


def test_a_nonce_outlives_a_change_of_the_secret(nonces):
    nonce = machine(nonces, HOLDER).headers["DPoP-Nonce"]
    old = nonces.settings.secret[0]
    newer = worlds(
        **{"dpop.nonce": "true", "secret": f"{'9876543210zyxwvutsrqponmlkjihgfe'} {old}"}
    )
    newer.now = nonces.now
    assert machine(newer, with_nonce(newer, nonce)).status == 200


def test_without_a_proof_nobody_needs_a_nonce(nonces):
    assert machine(nonces).body["token_type"] == "Bearer"


def test_no_nonce_is_given_where_none_is_demanded(world):
    assert "DPoP-Nonce" not in machine(world, HOLDER).headers
    assert machine(world, with_nonce(world, "of another server")).status == 200


def test_oauthlib_s_hook_for_bearer_tokens_refuses_a_bound_one(world):
    bearer = machine(world).body["access_token"]
    bound = machine(world, HOLDER).body["access_token"]
    with world.provider.validator.request():
        validate = world.provider.validator.validate_bearer_token
        assert validate(bearer, ["read"], EngineRequest("POST", ()))
        assert not validate(bound, ["read"], EngineRequest("POST", ()))


def test_the_tokens_of_a_device_are_bound():
    tv = television(dpop="required")
    code = tv.begun()["device_code"]
    assert tv.poll(code, proof=HOLDER).body["error"] == "authorization_pending"
    tv.decide(code)
    refused(tv.poll(code), "invalid_dpop_proof")  # the code isn't used up
    tokens = tv.poll(code, proof=HOLDER).body
    assert tokens["token_type"] == "DPoP"
    refused(tv.world.refresh(tokens["refresh_token"], "tv", proof=OTHER), "invalid_grant")
    assert tv.world.refresh(tokens["refresh_token"], "tv", proof=HOLDER).status == 200


def test_a_token_with_a_binding_of_a_newer_version_is_refused_and_breaks_nothing(world):
    body = world.tokens("app")
    [stored] = world.all(AccessToken)
    world.change(AccessToken, stored.record.key, confirmation="newer:x")
    assert world.introspect(body["access_token"]).body == {"active": False}
    assert world.provider.token_info(body["access_token"]) is None
