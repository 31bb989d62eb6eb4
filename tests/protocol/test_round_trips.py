"""How often each flow asks storage, at most, with cold caches."""

import pytest

from oauthprov.protocol.request.answers import InteractionRequired, Redirect
from tests.protocol.device.television import television
from tests.protocol.world import PHOTOS, World


@pytest.fixture
def cold(world):
    """The same world as another process sees it, which has cached nothing."""

    def forget():
        world.provider = world.another_process()
        return world

    return forget


@pytest.fixture
def cold_tv():
    """A television at a provider that has cached nothing."""
    tv = television()

    def forget():
        tv.world.provider = tv.world.another_process()
        return tv

    return forget


def test_an_authorization_with_remembered_consent_costs_its_trips(world, cold):
    world.allow()
    # These accounts are a host's; a session of ours is read in the same trip as the consent.
    with cold().counted(reads=2, writes=1):
        assert isinstance(world.authorize(), Redirect)


def test_an_authorization_with_a_consent_page_costs_its_trips(world, cold):
    with cold().counted(reads=2, writes=1):
        assert isinstance(world.authorize(), InteractionRequired)
    with cold().counted(reads=1, writes=1):
        assert isinstance(world.authorize(person=None), InteractionRequired)


def test_a_code_exchange_costs_two_reads_and_a_write(world, cold):
    code = world.code()
    with cold().counted(reads=2, writes=1):
        assert world.redeem(code).status == 200


def test_a_refresh_costs_two_reads_and_a_write(world, cold):
    token = world.tokens()["refresh_token"]
    with cold().counted(reads=2, writes=1):
        assert world.refresh(token).status == 200


def test_client_credentials_cost_a_read_and_a_write(world, cold):
    world.client("worker", "machine")
    with cold().counted(reads=1, writes=1):
        form = {"grant_type": "client_credentials"}
        assert world.post("token", form, client_id="worker").status == 200


def test_a_device_costs_a_trip_to_begin_one_to_poll_and_another_read_for_its_tokens(cold_tv):
    with cold_tv().world.counted(reads=1, writes=1):
        code = cold_tv().begun()["device_code"]
    for error in ("authorization_pending", "slow_down"):
        with cold_tv().world.counted(reads=1, writes=1):
            assert cold_tv().polled(code) == error
    cold_tv().decide(code)
    with cold_tv().world.counted(reads=2, writes=1):
        assert cold_tv().poll(code).status == 200
    with cold_tv().world.counted(reads=1, writes=0):
        assert cold_tv().polled(code) == "invalid_grant"


def test_an_introspection_costs_two_reads(world, cold):
    token = world.tokens()["access_token"]
    with cold().counted(reads=2, writes=0):
        assert world.introspect(token).body["active"]


def test_a_revocation_costs_two_reads_and_a_write(world, cold):
    tokens = world.tokens()
    for name in ("access_token", "refresh_token"):
        with cold().counted(reads=2, writes=1):
            assert world.post("revoke", {"token": tokens[name]}, client_id="app").status == 200


def test_a_resource_with_a_cached_client_costs_one_read(world):
    token = world.tokens()["access_token"]
    with world.counted(reads=1, writes=0):
        assert world.is_live(token)


def test_a_token_that_cannot_be_one_of_ours_costs_nothing(world):
    with world.counted(reads=0, writes=0):
        assert not world.is_live("nonsense")


def test_a_replay_costs_one_further_write(world, cold):
    code = world.code()
    world.redeem(code)
    with cold().counted(reads=2, writes=1):
        assert world.redeem(code).status == 400


def test_without_a_cache_a_client_is_still_read_once():
    world = World(client_cache=0)
    world.client()
    token = world.tokens()["access_token"]
    with world.counted(reads=2, writes=0):
        assert world.introspect(token).body["active"]


@pytest.fixture
def jwts():
    """A world whose photos have JWT access tokens; its signing keys are read."""
    made = World(resources=f"{PHOTOS} | photos | Photos | jwt")
    made.client()
    made.client("worker", "machine")
    made.provider.keys.jwks()
    return made


def test_a_jwt_of_a_machine_costs_a_read_and_once_a_day_a_write(jwts):
    form = {"grant_type": "client_credentials", "resource": PHOTOS}
    with jwts.counted(reads=1, writes=1):  # the client's last use
        assert jwts.post("token", form, client_id="worker").status == 200
    with jwts.counted(reads=1, writes=0):
        assert jwts.post("token", form, client_id="worker").status == 200


def test_a_code_exchange_and_a_refresh_with_jwts_cost_as_much_as_with_opaque_tokens(jwts):
    code = jwts.code(resource=PHOTOS, scope="photos")
    with jwts.counted(reads=2, writes=1):
        answer = jwts.redeem(code)
    with jwts.counted(reads=2, writes=1):
        assert jwts.refresh(answer.body["refresh_token"]).status == 200


def test_a_resource_with_a_jwt_costs_one_read(jwts):
    token = jwts.tokens(resource=PHOTOS, scope="photos")["access_token"]
    with jwts.counted(reads=1, writes=0):
        assert jwts.is_live(token)
    jwts.provider.clients.evict("app")
    with jwts.counted(reads=1, writes=0):  # the client comes in the same trip
        assert jwts.is_live(token)


def test_an_introspection_and_a_revocation_of_a_jwt_cost_a_read(jwts):
    token = jwts.tokens(resource=PHOTOS, scope="photos")["access_token"]
    for _ in ("with the client in the cache", "without"):
        with jwts.counted(reads=1, writes=0):
            assert jwts.introspect(token).body["active"]
        jwts.provider.clients.evict("app")
    with jwts.counted(reads=1, writes=1):
        assert jwts.post("revoke", {"token": token}, client_id="app").status == 200


def test_an_api_introspects_a_jwt_of_a_client_in_two_reads(jwts):
    jwts.client("api", "api", introspects=(PHOTOS,))
    token = jwts.tokens(resource=PHOTOS, scope="photos")["access_token"]
    jwts.provider.clients.evict("app")
    with jwts.counted(reads=2, writes=0):
        assert jwts.introspect(token, "api").body["active"]
