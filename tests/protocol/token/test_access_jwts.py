"""JWT access tokens (RFC 9068): for resources that ask for them, and revoked here at once."""

from __future__ import annotations

import dataclasses

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request.answers import InteractionRequired, Redirect
from oauthprov.records import AccessToken, Client, Grant, ReplayMark, slot
from oauthprov.storage.interface import Revoke
from tests.protocol.world import ALICE, CLAIMS, ISSUER, NOTES, OPENID, PHOTOS, SCOPES, World
from tests.servers import empty

API = "https://api.example/v1"
RESOURCES = (
    f"{PHOTOS} | photos | Photos | jwt\n"
    f"{NOTES} | notes | Notes\n"
    f"{API} | read write | An API | jwt ES256"
)
ALGORITHMS = {"keys.algorithms": "RS256 ES256"}
PERSON = dataclasses.replace(ALICE, acr="2", amr=("pwd", "otp"))


@pytest.fixture
def world():
    """A provider without OpenID Connect; PHOTOS and API have JWT access tokens."""
    made = World(resources=RESOURCES, **ALGORITHMS)
    made.client()
    made.client("worker", "machine")
    return made


def for_itself(world, resource=PHOTOS, client_id="worker", **form):
    """Get a token by the client credentials grant."""
    form = {"grant_type": "client_credentials", "resource": resource} | form
    return world.post("token", form, client_id=client_id)


def read(world, token, **options):
    """Verify a token with the published keys and nothing else of ours."""
    keys = KeySet.import_key_set(world.provider.keys.jwks())
    return jwt.decode(token, keys, algorithms=["RS256", "ES256"], **options)


def tokens_for(world, resource=PHOTOS, scope="photos", **changes):
    return world.tokens(resource=resource, scope=scope, person=PERSON, **changes)


def test_a_token_without_a_resource_and_one_for_another_resource_stay_opaque(world):
    for changes in ({}, {"resource": NOTES, "scope": "notes"}):
        assert world.tokens(**changes)["access_token"].startswith("opa_")
    assert for_itself(world, NOTES).body["access_token"].startswith("opa_")


def test_9068_2_a_token_for_a_person_has_these_header_members_and_claims(world):
    answer = tokens_for(world)
    made = read(world, answer["access_token"])
    assert made.header["typ"] == "at+jwt"
    assert made.header["alg"] == "RS256"
    jti = made.claims.pop("jti")
    assert made.claims == {
        "iss": ISSUER,
        "aud": PHOTOS,
        "sub": "alice-id",
        "client_id": "app",
        "iat": world.now,
        "exp": world.now + 300,
        "scope": "photos",
        "auth_time": 999,
        "acr": "2",
        "amr": ["pwd", "otp"],
    }
    [grant] = world.all(Grant)
    assert jti.startswith(f"{grant.record.grant_id}.")
    assert answer["expires_in"] == 300
    assert answer["token_type"] == "Bearer"


def test_9068_2_2_a_machine_is_its_own_subject(world):
    made = read(world, for_itself(world).body["access_token"])
    assert made.claims["sub"] == made.claims["client_id"] == "worker"
    assert made.claims.keys().isdisjoint({"auth_time", "acr", "amr"})


def test_a_resource_may_name_its_algorithm(world):
    token = for_itself(world, API).body["access_token"]
    assert jws.extract_compact(token.encode()).headers()["alg"] == "ES256"
    assert read(world, token).claims["aud"] == API


def test_two_tokens_never_have_one_jti(world):
    made = {read(world, for_itself(world).body["access_token"]).claims["jti"] for _ in range(9)}
    assert len(made) == 9


def test_a_refresh_does_not_move_the_time_of_the_sign_in(world):
    answer = tokens_for(world)
    world.now += 3600
    renewed = world.refresh(answer["refresh_token"]).body["access_token"]
    claims = read(world, renewed).claims
    assert (claims["auth_time"], claims["acr"], claims["amr"]) == (999, "2", ["pwd", "otp"])
    assert (claims["iat"], claims["exp"]) == (world.now, world.now + 300)


def test_a_lost_refresh_response_is_sent_again_with_the_same_token(world):
    answer = tokens_for(world)
    first = world.refresh(answer["refresh_token"])
    assert world.refresh(answer["refresh_token"]).body == first.body


def test_no_token_outlives_its_grant():
    world = World(resources=RESOURCES, grant_lifetime=100, **ALGORITHMS)
    world.client()
    answer = tokens_for(world)
    assert answer["expires_in"] == 100


def test_a_grant_without_a_refresh_token_lasts_as_long_as_its_token():
    world = World(
        resources=RESOURCES,
        jwt_access_token_lifetime=1200,
        **ALGORITHMS,
    )
    world.client(grant_types=("authorization_code",))
    token = tokens_for(world)["access_token"]
    world.now += 1199
    assert world.is_live(token)


def test_a_pairwise_client_gets_its_pairwise_subject():
    world = World(
        scopes=OPENID,
        default_scopes="",
        resources=f"{PHOTOS} | photos | Photos | jwt",
        **{"openid.pairwise_secret": "abcdefghijklmnopqrstuvwxyz0123456789"},
    )
    world.client(scopes=SCOPES, subject_type="pairwise")
    answer = tokens_for(world, scope="openid photos")
    subject = world.id_token(answer["id_token"]).claims["sub"]
    claims = read(world, answer["access_token"]).claims
    assert claims["sub"] == subject != "alice-id"
    assert claims["aud"] == PHOTOS
    assert claims.keys().isdisjoint(CLAIMS["alice-id"].keys() - {"sub", "acr"})


# Two resources


@pytest.mark.parametrize("others", [[NOTES], [API]])
def test_a_machine_gets_no_token_for_a_jwt_resource_and_another(world, others):
    form = [("grant_type", "client_credentials"), ("resource", PHOTOS)]
    form += [("resource", uri) for uri in others]
    answer = world.post("token", form, client_id="worker")
    assert (answer.status, answer.body["error"]) == (400, "invalid_target")
    assert PHOTOS in answer.body["error_description"]


def test_a_grant_for_several_resources_gives_a_token_for_one_at_a_time(world):
    """RFC 8707 section 2.2."""
    code = world.code(resource=[PHOTOS, NOTES], scope="photos notes")
    answer = world.redeem(code)
    assert (answer.status, answer.body["error"]) == (400, "invalid_target")
    answer = world.redeem(code, resource=PHOTOS)
    assert read(world, answer.body["access_token"]).claims["scope"] == "photos"
    refresh_token = answer.body["refresh_token"]
    answer = world.refresh(refresh_token)
    assert (answer.status, answer.body["error"]) == (400, "invalid_target")
    answer = world.refresh(refresh_token, resource=NOTES)
    assert answer.body["access_token"].startswith("opa_")
    assert answer.body["scope"] == "notes"


def test_the_implicit_flow_refuses_two_resources_before_the_person_is_asked():
    world = World(
        scopes=OPENID,
        default_scopes="",
        resources=f"{PHOTOS} | photos | Photos | jwt\n{NOTES} | read | Notes",
        **{"openid.implicit": "true"},
    )
    world.client(scopes=SCOPES, grant_types=("implicit",), response_types=("id_token token",))
    asked = {
        "response_type": "id_token token",
        "scope": "openid photos",
        "nonce": "n",
        "code_challenge": None,
        "code_challenge_method": None,
    }
    answer = world.authorize(resource=[PHOTOS, NOTES], **asked)
    assert isinstance(answer, Redirect)
    assert dict(answer.params)["error"] == "invalid_target"
    answer = world.authorize(resource=PHOTOS, **asked)
    assert isinstance(answer, InteractionRequired)
    made = world.allow(resource=PHOTOS, **asked)
    assert read(world, made["access_token"]).claims["aud"] == PHOTOS


# Revocation, seen here at once


def test_the_data_of_a_token_are_those_of_an_opaque_one(world):
    info = world.provider.token_info(tokens_for(world)["access_token"])
    [grant] = world.all(Grant)
    assert (info.account_id, info.subject, info.client_id) == ("alice-id", "alice-id", "app")
    assert (info.scopes, info.resources) == (("photos",), (PHOTOS,))
    assert (info.issued_at, info.expires_at) == (world.now, world.now + 300)
    assert info.grant_id == grant.record.grant_id
    machine = world.provider.token_info(for_itself(world).body["access_token"])
    assert (machine.account_id, machine.subject, machine.grant_id) == (None, None, None)


def test_a_token_expires_here_to_the_second(world):
    token = for_itself(world).body["access_token"]
    world.now += 299
    assert world.is_live(token)
    world.now += 1
    assert not world.is_live(token)


def test_introspection_describes_a_token(world):
    token = tokens_for(world)["access_token"]
    body = world.introspect(token).body
    assert body["active"] is True
    assert {name: body[name] for name in ("sub", "client_id", "aud", "scope", "iss")} == {
        "sub": "alice-id",
        "client_id": "app",
        "aud": [PHOTOS],
        "scope": "photos",
        "iss": ISSUER,
    }
    assert (body["iat"], body["exp"]) == (world.now, world.now + 300)
    assert body["token_type"] == "Bearer"


def test_an_api_introspects_a_token_for_its_own_resources_only(world):
    world.client("photos-api", "api", introspects=(PHOTOS,))
    world.client("notes-api", "api", introspects=(NOTES,))
    token = tokens_for(world)["access_token"]
    assert world.introspect(token, "photos-api").body["active"] is True
    assert world.introspect(token, "notes-api").body == {"active": False}


@pytest.mark.parametrize("get", [tokens_for, for_itself])
def test_a_revoked_token_is_dead_here_and_no_other_is(world, get):
    def new():
        answer = get(world)
        return answer["access_token"] if isinstance(answer, dict) else answer.body["access_token"]

    client_id = "app" if get is tokens_for else "worker"
    token, other = new(), new()
    for _ in range(2):  # it was revoked already: 200 all the same (RFC 7009 section 2.2)
        assert world.post("revoke", {"token": token}, client_id=client_id).status == 200
        assert not world.is_live(token)
        assert world.introspect(token, client_id).body == {"active": False}
    assert world.is_live(other)


def test_a_revocation_is_remembered_until_no_clock_takes_the_token(world):
    token = for_itself(world).body["access_token"]
    world.post("revoke", {"token": token}, client_id="worker")
    [mark] = world.all(ReplayMark)
    assert mark.record.expires_at == world.now + 300 + 60


def test_the_mark_of_a_revoked_token_is_in_the_slot_of_its_grant(world):
    """On a cluster both are on one node, so that one trip reads them."""
    world.post("revoke", {"token": tokens_for(world)["access_token"]}, client_id="app")
    [mark], [grant] = world.all(ReplayMark), world.all(Grant)
    assert slot(mark.record.key) == grant.record.grant_id


def test_tokens_are_revoked_on_a_cluster(redis_cluster_url):
    empty(redis_cluster_url)
    world = World(resources=RESOURCES, **{"storage.url": redis_cluster_url} | ALGORITHMS)
    try:
        world.client()
        world.client("worker", "machine")
        first, second = (tokens_for(world)["access_token"] for _ in range(2))
        machine = for_itself(world).body["access_token"]
        for token, client_id in ((first, "app"), (machine, "worker")):
            assert world.is_live(token)
            for _ in range(2):
                answer = world.post("revoke", {"token": token}, client_id=client_id)
                assert answer.status == 200
            assert not world.is_live(token)
        assert world.is_live(second)
    finally:
        world.storage.close()


def test_an_expired_token_is_revoked_without_a_trace(world):
    token = for_itself(world).body["access_token"]
    world.now += 300
    assert world.post("revoke", {"token": token}, client_id="worker").status == 200
    assert world.all(ReplayMark) == []


def test_another_clients_token_is_not_revoked(world):
    token = for_itself(world).body["access_token"]
    answer = world.post("revoke", {"token": token}, client_id="app")
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    assert world.is_live(token)


@pytest.mark.parametrize(
    "end",
    [
        lambda world, answer: world.post(
            "revoke", {"token": answer["refresh_token"]}, client_id="app"
        ),
        lambda world, answer: world.storage.commit(
            Revoke(world.all(Grant)[0].record.grant_id), now=world.now
        ),
        lambda world, answer: world.provider.endings.withdraw("alice-id", "app"),
    ],
    ids=["refresh token revoked", "grant revoked", "consent withdrawn"],
)
def test_the_end_of_a_grant_ends_its_tokens_here(world, end):
    answer = tokens_for(world)
    end(world, answer)
    assert not world.is_live(answer["access_token"])
    assert world.introspect(answer["access_token"]).body == {"active": False}


def test_a_replayed_code_ends_the_token_of_its_first_redemption(world):
    code = world.code(resource=PHOTOS, scope="photos")
    token = world.redeem(code).body["access_token"]
    assert world.is_live(token)
    assert world.redeem(code).body["error"] == "invalid_grant"
    assert not world.is_live(token)


def test_a_disabled_client_ends_the_tokens_of_a_machine_here(world):
    token = for_itself(world).body["access_token"]
    world.change(Client, "worker", disabled_at=world.now)
    world.provider = world.another_process()
    assert not world.is_live(token)


def test_a_grant_that_is_gone_counts_as_revoked(world):
    token = tokens_for(world)["access_token"]
    [grant] = world.all(Grant)
    world.now += 1
    world.storage.purge(now=grant.record.expires_at + 1)
    assert world.all(Grant) == []
    assert not world.is_live(token)


def test_a_token_of_a_resource_that_has_none_any_more_is_refused(world):
    token = for_itself(world).body["access_token"]
    later = World(resources=f"{PHOTOS} | photos | Photos\n{API} | read | An API | jwt")
    later.storage = world.storage
    later.provider = later.another_process()
    assert not later.is_live(token)
    assert world.is_live(token)


def test_the_tokens_of_a_retired_key_live_on_and_those_of_a_compromised_one_are_dead(world):
    token = for_itself(world).body["access_token"]
    kid = jws.extract_compact(token.encode()).headers()["kid"]
    world.provider.keys.rotation.retire(kid)
    world.provider = world.another_process()
    assert world.is_live(token)
    world.provider.keys.rotation.retire(kid, compromised=True)
    world.provider = world.another_process()
    assert not world.is_live(token)
    assert world.introspect(token, "worker").body == {"active": False}


def test_a_key_that_another_process_has_just_made_is_known_here(world):
    for_itself(world)
    other = world.another_process()
    kid = other.keys.signer("RS256").kid
    other.keys.rotation.retire(kid, compromised=True)
    world.now += 2  # an unknown key lets the keys be read again, but not within this second
    here, world.provider = world.provider, world.another_process()
    token = for_itself(world).body["access_token"]
    assert here.token_info(token) is not None


# What isn't a token


@pytest.mark.parametrize("junk", ["a.b.c", "eyJ9.e30.AAAA", "..", "a" * 9000 + ".b.c"])
def test_what_looks_like_a_jwt_and_is_none_is_inactive(world, junk):
    assert world.introspect(junk).body == {"active": False}
    assert world.post("revoke", {"token": junk}, client_id="app").status == 200
    assert not world.is_live(junk)


def test_a_token_with_an_altered_claim_is_inactive(world):
    head, body, signature = for_itself(world).body["access_token"].split(".")
    for forged in (
        f"{head}.{body[:-4]}AAAA.{signature}",
        f"{head}.{body}.{signature[:-8]}AAAAAAAA",
    ):
        assert world.introspect(forged, "worker").body == {"active": False}
        assert not world.is_live(forged)


def test_no_access_token_is_stored(world):
    tokens_for(world)
    for_itself(world)
    assert world.all(AccessToken) == []


def test_a_validator_without_keys_refuses_settings_with_jwts(world):
    with pytest.raises(ValueError, match="signing keys"):
        Validator(world.settings, world.storage, world.provider.clients, lambda: world.now)
