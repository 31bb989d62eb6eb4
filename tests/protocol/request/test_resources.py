"""Resource indicators: bound at authorization, narrowed at the token call. RFC 8707."""

import dataclasses
from urllib.parse import quote

import pytest
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauthprov.errors import InvalidTargetError
from oauthprov.protocol.request import resources
from oauthprov.protocol.request.answers import Redirect
from oauthprov.records import RefreshToken
from oauthprov.settings import Resource
from tests.protocol.world import NOTES, PHOTOS, World

ALL = {"scope": "read photos notes", "resource": [PHOTOS, NOTES]}


def resources_of(world, body):
    return world.provider.token_info(body["access_token"]).resources


@pytest.mark.parametrize(
    "resource",
    [
        "https://evil.example/",
        PHOTOS + "x",
        PHOTOS + "#x",
        PHOTOS + "#",
        PHOTOS + "?",
        PHOTOS + "/",
        PHOTOS[:-1] + ":443",
        NOTES + "/",
        NOTES.replace("api", "API"),
        "https://user@photos.example/",
        "https://photos.example\\",
        "https://\u212aphotos.example",
        "https://photo\u017f.example",
        "http://photos.example/",
        "photos.example",
        "//photos.example",
        "photos",
        "urn:x",
        "ä",
    ],
)
def test_an_unknown_resource_is_an_invalid_target(world, resource):
    answer = world.authorize(resource=resource)
    assert isinstance(answer, Redirect)
    told = dict(answer.params)
    assert told["error"] == "invalid_target"
    shown = quote(resource, safe="/:@?#")
    assert told["error_description"] == f"This server has no resource {shown}."


@pytest.mark.parametrize("declared", [PHOTOS, PHOTOS[:-1]])
@pytest.mark.parametrize(
    "resource", [PHOTOS, PHOTOS[:-1], "HTTPS://Photos.EXAMPLE/", "https://PHOTOS.example"]
)
def test_case_of_the_host_and_a_lone_slash_do_not_matter(declared, resource):
    world = World(resources=f"{declared} | photos | Photos")
    world.client()
    tokens = world.tokens(scope="photos", resource=resource)
    assert resources_of(world, tokens) == (declared,)
    again = world.refresh(tokens["refresh_token"], resource=resource)
    assert resources_of(world, again.body) == (declared,)


def test_two_ways_to_write_a_resource_are_one(world):
    asked = {"scope": "photos", "resource": [PHOTOS, PHOTOS[:-1]]}
    assert resources_of(world, world.tokens(**asked)) == (PHOTOS,)


def test_one_unknown_among_known_is_an_invalid_target(world):
    answer = world.authorize(resource=[PHOTOS, "https://evil.example/", NOTES])
    assert dict(answer.params)["error"] == "invalid_target"


def test_a_token_is_bound_to_the_resources_of_the_authorization_request(world):
    body = world.tokens(**ALL)
    assert resources_of(world, body) == (PHOTOS, NOTES)
    assert body["scope"] == "read photos notes"
    assert world.introspect(body["access_token"]).body["aud"] == [PHOTOS, NOTES]


def test_a_repeated_resource_counts_once(world):
    assert resources_of(world, world.tokens(resource=[PHOTOS, PHOTOS])) == (PHOTOS,)


def test_scopes_of_other_resources_are_not_granted(world):
    body = world.tokens(scope="read photos notes", resource=PHOTOS)
    assert body["scope"] == "read photos"


def test_no_scope_for_the_resource_is_an_invalid_scope(world):
    answer = world.authorize(scope="notes", resource=PHOTOS)
    assert dict(answer.params)["error"] == "invalid_scope"


def test_the_code_exchange_narrows(world):
    body = world.redeem(world.code(**ALL), resource=NOTES).body
    assert resources_of(world, body) == (NOTES,)
    assert body["scope"] == "read notes"


def test_the_code_exchange_does_not_widen(world):
    code = world.code(scope="photos", resource=PHOTOS)
    answer = world.redeem(code, resource=NOTES)
    assert (answer.status, answer.body["error"]) == (400, "invalid_target")
    assert world.redeem(code).status == 200


def test_a_grant_without_resources_cannot_be_narrowed_to_one(world):
    answer = world.redeem(world.code(), resource=PHOTOS)
    assert (answer.status, answer.body["error"]) == (400, "invalid_target")


def test_a_refresh_narrows_and_keeps_the_original(world):
    first = world.tokens(**ALL)
    second = world.refresh(first["refresh_token"], resource=PHOTOS).body
    assert (resources_of(world, second), second["scope"]) == ((PHOTOS,), "read photos")
    third = world.refresh(second["refresh_token"]).body
    assert resources_of(world, third) == (PHOTOS, NOTES)
    assert third["scope"] == "read photos notes"
    records = [stored.record for stored in world.all(RefreshToken)]
    assert {record.resources for record in records} == {(PHOTOS, NOTES)}


def test_a_refresh_does_not_widen(world):
    token = world.tokens(scope="photos", resource=PHOTOS)["refresh_token"]
    answer = world.refresh(token, resource=NOTES)
    assert (answer.status, answer.body["error"]) == (400, "invalid_target")
    sentence = f"The user was not asked for the resource {NOTES}."
    assert answer.body["error_description"] == sentence
    assert world.refresh(token).status == 200


def test_two_resources_at_the_token_call(world):
    form = [
        ("grant_type", "authorization_code"),
        ("code", world.code(**ALL)),
        ("code_verifier", "v" * 50),
        ("resource", PHOTOS),
        ("resource", NOTES),
    ]
    assert resources_of(world, world.post("token", form, client_id="app").body) == (PHOTOS, NOTES)


def test_an_audience_is_ignored_until_token_exchange(world):
    body = world.redeem(world.code(), audience=PHOTOS).body
    assert resources_of(world, body) == ()


def test_a_scope_openid_that_a_resource_declares_is_kept_for_every_other():
    """Without it the rules on signing in, such as prompt=login, would be lost."""
    settings = dataclasses.replace(
        World().settings,
        resources=(
            Resource("https://one.example/", ("openid", "photos:read"), "One"),
            Resource("https://two.example/", ("profile:read",), "Two"),
        ),
    )
    asked = ("openid", "photos:read", "profile:read")
    assert resources.scopes_for(settings, asked, ("https://two.example/",)) == (
        "openid",
        "profile:read",
    )


class TestARequestThatOauthlibNeverSees:
    @pytest.fixture
    def permitted(self, world):
        """Judge scopes and resources of the client ``app``."""

        def judged(asked, *uris):
            with world.provider.validator.request() as context:
                context.client = context.find_client("app")
                return resources.permitted(context, asked, [("resource", uri) for uri in uris])

        return judged

    def test_names_resources_as_they_are_declared(self, permitted):
        assert permitted(["photos"], "HTTPS://photos.example", PHOTOS) == (PHOTOS,)
        assert permitted(["read"]) == ()

    @pytest.mark.parametrize(
        ("asked", "uri", "error"),
        [
            ([], PHOTOS, InvalidScopeError),
            (["unknown"], PHOTOS, InvalidScopeError),
            (["notes"], PHOTOS, InvalidScopeError),
            (["photos"], "https://evil.example/", InvalidTargetError),
        ],
    )
    def test_gets_the_errors_of_any_other(self, permitted, asked, uri, error):
        with pytest.raises(error):
            permitted(asked, uri)
