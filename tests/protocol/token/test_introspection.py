"""Introspection: RFC 7662."""

import pytest

from oauthprov.records import Client
from tests.protocol.world import ALICE, ISSUER, NOTES, PHOTOS, World

INACTIVE = {"active": False}


def test_the_members_of_an_access_token(world):
    token = world.tokens(scope="read photos", resource=PHOTOS)["access_token"]
    answer = world.introspect(token)
    assert answer.status == 200
    assert answer.body == {
        "active": True,
        "scope": "read photos",
        "client_id": "app",
        "sub": "alice-id",
        "iss": ISSUER,
        "iat": world.now,
        "exp": world.now + 600,
        "token_type": "Bearer",
        "auth_time": ALICE.auth_time,
        "aud": [PHOTOS],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_without_resources_has_no_audience(world):
    assert "aud" not in world.introspect(world.tokens()["access_token"]).body


def test_the_members_of_a_refresh_token(world):
    answer = world.introspect(world.tokens(scope="read")["refresh_token"])
    assert answer.body == {
        "active": True,
        "scope": "read",
        "client_id": "app",
        "sub": "alice-id",
        "iss": ISSUER,
        "iat": world.now,
        "exp": world.now + world.settings.refresh_token_lifetime,
    }


def test_the_subject_of_a_clients_own_token_is_the_client(world):
    world.client("worker", "machine")
    form = {"grant_type": "client_credentials"}
    token = world.post("token", form, client_id="worker").body["access_token"]
    assert world.introspect(token, "worker").body["sub"] == "worker"


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "bogus", ""])
def test_a_wrong_token_type_hint_is_ignored(world, hint):
    tokens = world.tokens()
    for name in ("access_token", "refresh_token"):
        assert world.introspect(tokens[name], token_type_hint=hint).body["active"] is True


@pytest.mark.parametrize("token", ["x", "opa_x.y", "opr_x.y", "opc_x.y", "ä", "x" * 5000])
def test_an_unknown_token_is_inactive(world, token):
    answer = world.introspect(token)
    assert (answer.status, answer.body) == (200, INACTIVE)


def test_a_code_is_no_token(world):
    assert world.introspect(world.code()).body == INACTIVE


def test_an_expired_token_is_inactive(world):
    token = world.tokens()["access_token"]
    world.now += 600
    assert world.introspect(token).body == INACTIVE


def test_a_rotated_refresh_token_is_inactive(world):
    token = world.tokens()["refresh_token"]
    world.refresh(token)
    assert world.introspect(token).body == INACTIVE


def test_a_token_of_a_disabled_client_is_inactive(world):
    world.client("api", "api", introspects=("*",))
    token = world.tokens()["access_token"]
    assert world.introspect(token, "api").body["active"] is True
    world.change(Client, "app", disabled_at=world.now)
    world.now += 5
    assert world.introspect(token, "api").body == INACTIVE
    assert not world.is_live(token)


def test_a_missing_token_is_an_invalid_request(world):
    answer = world.introspect("")
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_public_client_may_not_introspect():
    world = World()
    world.client("spa", "browser")
    token = world.tokens("spa")["access_token"]
    answer = world.post("introspect", {"token": token, "client_id": "spa"})
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_introspection_needs_client_authentication(world):
    answer = world.post("introspect", {"token": world.tokens()["access_token"]})
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def test_a_client_learns_nothing_of_another_client_s_token(world):
    world.client("stranger", owner="bob-id")
    tokens = world.tokens()
    assert world.introspect(tokens["access_token"], "stranger").body == INACTIVE
    assert world.introspect(tokens["refresh_token"], "stranger").body == INACTIVE


def test_a_client_for_all_tokens_may_introspect_access_tokens_and_no_refresh_tokens(world):
    world.client("api", "api", introspects=("*",))
    tokens = world.tokens(scope="read notes", resource=NOTES)
    answer = world.introspect(tokens["access_token"], "api").body
    assert (answer["scope"], answer["aud"]) == ("read notes", [NOTES])
    assert world.introspect(tokens["refresh_token"], "api").body == INACTIVE


def test_first_party_alone_introspects_no_token_of_another_client(world):
    world.client("ours", first_party=True)
    assert world.introspect(world.tokens()["access_token"], "ours").body == INACTIVE


def test_an_api_introspects_tokens_for_its_resources_only(world):
    world.client("api", "api", introspects=(PHOTOS,))
    token = world.tokens(scope="read photos", resource=PHOTOS)["access_token"]
    answer = world.introspect(token, "api").body
    assert (answer["scope"], answer["sub"]) == ("read photos", "alice-id")
    other = world.tokens(scope="read notes", resource=NOTES)["access_token"]
    assert world.introspect(other, "api").body == INACTIVE


def test_an_api_keeps_its_right_when_its_resource_is_declared_in_another_spelling(world):
    world.client("api", "api", introspects=("https://PHOTOS.example",))
    token = world.tokens(scope="read photos", resource=PHOTOS)["access_token"]
    assert world.introspect(token, "api").body["active"] is True


def test_an_api_learns_only_the_scopes_of_its_resources(world):
    """RFC 7662 section 2.2: it needn't know what else the token is good for."""
    world.client("api", "api", introspects=(PHOTOS,))
    both = world.tokens(scope="read photos notes", resource=[PHOTOS, NOTES])["access_token"]
    assert world.introspect(both, "api").body["scope"] == "read photos"


def test_an_api_knows_a_token_for_no_resource_as_if_it_were_for_its_own(world):
    world.client("api", "api", introspects=(PHOTOS,))
    unbound = world.tokens(scope="read photos notes")["access_token"]
    answer = world.introspect(unbound, "api").body
    assert answer["scope"] == "read photos"
    assert "aud" not in answer
    elsewhere = world.tokens(scope="notes")["access_token"]
    assert world.introspect(elsewhere, "api").body == INACTIVE


def test_an_api_whose_resource_is_no_longer_declared_introspects_nothing(world):
    world.client("api", "api", introspects=("https://gone.example/",))
    assert world.introspect(world.tokens()["access_token"], "api").body == INACTIVE


def test_an_api_gets_no_tokens(world):
    world.client("api", "api", introspects=(PHOTOS,))
    for form in ({"grant_type": "client_credentials"}, {"grant_type": "refresh_token"}):
        answer = world.post("token", form | {"refresh_token": "x"}, client_id="api")
        assert answer.status in (400, 401)
        assert "access_token" not in answer.body


def test_the_resource_server_of_the_same_developer_may_introspect(world):
    world.client("site", owner="bob-id")
    world.client("api", owner="bob-id")
    token = world.tokens("site")["access_token"]
    assert world.introspect(token, "api").body["active"] is True


def test_clients_without_owner_are_not_of_the_same_developer(world):
    world.client("other")
    assert world.introspect(world.tokens()["access_token"], "other").body == INACTIVE
