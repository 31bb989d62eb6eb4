"""Resources whose access tokens are all bound to a key of the client."""

import pytest

from oauthprov.protected_resource.tokens import UNBOUND_HERE, valid_at
from oauthprov.records import AccessToken, AuthorizationCode
from tests.protocol.token.test_possession import HOLDER, machine, refused, worlds
from tests.protocol.world import NOTES, PHOTOS

RESOURCES = f"{PHOTOS} | photos | Photos | bound\n{NOTES} | notes | Notes"
FOR_PHOTOS = {"resource": PHOTOS, "scope": "photos"}


@pytest.fixture
def world():
    return worlds(resources=RESOURCES)


def test_there_is_no_token_for_it_without_a_proof(world):
    refused(machine(world, **FOR_PHOTOS), "invalid_dpop_proof")
    assert world.all(AccessToken) == []
    assert machine(world, HOLDER, **FOR_PHOTOS).body["token_type"] == "DPoP"


def test_there_is_no_jwt_for_it_without_a_proof():
    world = worlds(resources=f"{PHOTOS} | photos | Photos | jwt bound")
    refused(machine(world, **FOR_PHOTOS), "invalid_dpop_proof")
    assert machine(world, HOLDER, **FOR_PHOTOS).body["token_type"] == "DPoP"


def test_tokens_for_other_resources_need_no_proof(world):
    assert machine(world, resource=NOTES, scope="notes").body["token_type"] == "Bearer"
    assert machine(world, scope="read").body["token_type"] == "Bearer"


def test_a_token_for_several_resources_needs_a_proof_if_one_of_them_demands_it(world):
    code = world.code(scope="photos notes", resource=[PHOTOS, NOTES])
    refused(world.redeem(code), "invalid_dpop_proof")
    [stored] = world.all(AuthorizationCode)
    assert stored.claimed_at is None
    tokens = world.redeem(code, resource=NOTES).body
    assert tokens["token_type"] == "Bearer"
    narrowed = {"resource": PHOTOS}
    refused(world.refresh(tokens["refresh_token"], **narrowed), "invalid_dpop_proof")
    again = world.refresh(tokens["refresh_token"], proof=HOLDER, **narrowed)
    assert again.body["token_type"] == "DPoP"


def test_an_unbound_token_for_no_resource_is_not_valid_there(world):
    token = machine(world, scope="photos").body["access_token"]
    photos, notes = world.settings.resources
    found = world.provider.token_info(token)
    assert valid_at(found, photos) == UNBOUND_HERE
    assert valid_at(found, notes) is found
    assert valid_at(found, None) is found
    bound = world.provider.token_info(machine(world, HOLDER, scope="photos").body["access_token"])
    assert valid_at(bound, photos) is bound


def test_its_api_learns_nothing_of_an_unbound_token(world):
    world.client("photos-api", "api", introspects=(PHOTOS,))
    world.client("both-apis", "api", introspects=(PHOTOS, NOTES))
    unbound = machine(world, scope="photos notes").body["access_token"]
    assert world.introspect(unbound, "photos-api").body == {"active": False}
    assert world.introspect(unbound, "both-apis").body["scope"] == "notes"
    bound = machine(world, HOLDER, scope="photos notes").body["access_token"]
    assert world.introspect(bound, "photos-api").body["scope"] == "photos"
    assert world.introspect(bound, "photos-api").body["cnf"] == {"jkt": HOLDER.jkt}


def test_a_token_of_a_time_before_the_demand_is_not_valid_any_more(world):
    before = worlds()
    token = machine(before, **FOR_PHOTOS).body["access_token"]
    found = before.provider.token_info(token)
    assert valid_at(found, world.settings.resources[0]) == UNBOUND_HERE
