"""When a person is asked, and what is remembered. RFC 8252 section 8.6."""

import pytest

from oauthprov.protocol.request.answers import InteractionRequired, Redirect, Visitor
from oauthprov.records import Client, Consent
from tests.protocol.world import ALICE, BOB, BROWSER, NOTES, PHOTOS, World


def asked(answer):
    return isinstance(answer, InteractionRequired)


def test_a_second_visit_asks_nothing(world):
    world.allow(scope="read write")
    assert isinstance(world.authorize(scope="read write"), Redirect)
    assert isinstance(world.authorize(scope="read"), Redirect)


def test_another_person_is_asked(world):
    world.allow()
    assert asked(world.authorize(person=BOB))


def test_more_scopes_are_asked_for_and_added(world):
    world.allow(scope="read")
    pending = world.authorize(scope="read write")
    question = world.authorization.question(pending.interaction_id, Visitor(BROWSER, ALICE))
    assert [(scope.name, scope.new) for scope in question.scopes] == [
        ("read", False),
        ("write", True),
    ]
    assert question.granted_before == world.now
    world.allow(scope="write")
    (consent,) = world.all(Consent)
    assert consent.record.scopes == ("read", "write")
    assert isinstance(world.authorize(scope="write read"), Redirect)


def test_more_resources_are_asked_for_and_added(world):
    world.allow(resource=PHOTOS)
    assert isinstance(world.authorize(resource=PHOTOS), Redirect)
    assert asked(world.authorize(resource=[PHOTOS, NOTES]))
    world.allow(resource=NOTES)
    assert isinstance(world.authorize(resource=[PHOTOS, NOTES]), Redirect)


def test_consent_for_one_resource_is_none_for_a_token_good_everywhere(world):
    world.allow(resource=PHOTOS)
    assert asked(world.authorize())
    world.allow()
    assert isinstance(world.authorize(), Redirect)
    assert isinstance(world.authorize(resource=NOTES), Redirect)


def test_a_scope_allowed_at_one_resource_is_not_allowed_at_another(world):
    world.allow(scope="read", resource=PHOTOS)
    world.allow(scope="write", resource=NOTES)
    assert asked(world.authorize(scope="write", resource=PHOTOS))
    assert asked(world.authorize(scope="read", resource=NOTES))
    assert isinstance(world.authorize(scope="write", resource=NOTES), Redirect)


@pytest.mark.parametrize(
    ("before", "asked", "new"),
    [
        ({}, {"scope": "read write"}, {"write"}),
        ({}, {"scope": "read write", "resource": NOTES}, {"write"}),
        ({"resource": NOTES}, {"scope": "read write"}, {"read", "write"}),
        ({"resource": NOTES}, {"resource": PHOTOS}, {"read", PHOTOS}),
        ({"resource": NOTES}, {"resource": [PHOTOS, NOTES]}, {"read", PHOTOS}),
        ({"resource": NOTES}, {"scope": "read write", "resource": NOTES}, {"write"}),
    ],
)
def test_a_scope_is_new_where_it_was_not_allowed_before(world, before, asked, new):
    world.allow(**before)
    pending = world.authorize(**asked).interaction_id
    question = world.authorization.question(pending, Visitor(BROWSER, ALICE))
    assert {a.name for a in (*question.scopes, *question.resources) if a.new} == new


def test_what_is_allowed_once_more_takes_nothing_back():
    world = World()
    world.client("cli", "native", redirect_uris=("http://127.0.0.1/cb",))
    world.allow("cli", redirect_uri="http://127.0.0.1/cb", scope="read write")
    world.allow("cli", redirect_uri="http://127.0.0.1/cb", scope="read", resource=NOTES)
    (consent,) = world.all(Consent)
    assert (consent.record.scopes, consent.record.resources) == (("read", "write"), ())


def test_a_code_has_what_was_asked_for_and_not_all_that_is_remembered(world):
    world.allow(scope="read write")
    assert world.tokens(scope="read")["scope"] == "read"


@pytest.mark.parametrize(
    "redirect_uri",
    ["http://127.0.0.1:9000/cb", "http://[::1]/cb", "http://localhost/cb", "com.example.app:/cb"],
)
def test_a_public_client_on_the_device_is_asked_for_every_time(redirect_uri):
    world = World()
    world.client("cli", "native", redirect_uris=(redirect_uri,))
    world.allow("cli", redirect_uri=redirect_uri)
    assert asked(world.authorize("cli", redirect_uri=redirect_uri))


def test_a_public_client_on_https_is_remembered():
    world = World()
    world.client("spa", "browser")
    world.allow("spa")
    assert isinstance(world.authorize("spa"), Redirect)


def test_a_confidential_client_on_loopback_is_remembered():
    world = World()
    world.client(redirect_uris=("http://localhost:8000/cb",))
    world.allow(redirect_uri="http://localhost:8000/cb")
    assert isinstance(world.authorize(redirect_uri="http://localhost:8000/cb"), Redirect)


def test_the_operators_own_client_asks_nothing():
    world = World()
    world.client(first_party=True)
    assert isinstance(world.authorize(scope="read write"), Redirect)
    assert world.all(Consent) == []


def test_connected_apps(world):
    world.client("other")
    world.tokens(scope="read")
    world.now += 10
    world.tokens("other", scope="write")
    first, second = world.provider.connected("alice-id")
    assert (first.client_id, second.client_id) == ("other", "app")
    assert second.client.name == "App"
    assert [scope.sentence for scope in second.scopes] == ["See"]
    assert (second.created_at, second.last_used_at) == (world.now - 10, world.now - 10)
    assert len(second.grants) == 1
    assert world.provider.connected("bob-id") == []


def test_a_client_that_never_asks_is_connected_while_it_has_grants():
    world = World()
    world.client(first_party=True)
    world.tokens()
    (app,) = world.provider.connected("alice-id")
    assert (app.client_id, app.consent, len(app.grants)) == ("app", None, 1)
    world.provider.endings.withdraw("alice-id", "app")
    assert world.provider.connected("alice-id") == []


def test_a_removed_client_stays_among_connected_apps(world):
    world.tokens()
    world.change(Client, "app", disabled_at=world.now)
    world.provider.clients.evict("app")
    (app,) = world.provider.connected("alice-id")
    assert (app.client_id, app.client) == ("app", None)


def test_disconnecting_kills_every_token_at_once_and_asks_again(world):
    first, second, bobs = world.tokens(), world.tokens(), world.tokens(person=BOB)
    world.provider.endings.withdraw("alice-id", "app")
    assert not world.is_live(first["access_token"])
    assert not world.is_live(second["access_token"])
    assert world.refresh(first["refresh_token"]).body["error"] == "invalid_grant"
    assert world.provider.connected("alice-id") == []
    assert asked(world.authorize())
    assert world.is_live(bobs["access_token"])


def test_disconnecting_ends_a_code_that_is_under_way(world):
    world.client("other")
    code, others = world.code(), world.code("other")
    world.provider.endings.withdraw("alice-id", "app")
    assert world.redeem(code).body["error"] == "invalid_grant"
    assert world.redeem(others, "other").status == 200


def test_disconnecting_what_is_not_connected_does_nothing(world):
    world.provider.endings.withdraw("alice-id", "nobody")
    assert world.provider.connected("alice-id") == []


def test_many_connected_apps_are_all_listed(world):
    for number in range(120):
        world.client(f"app{number}")
        world.allow(f"app{number}")
    assert len(world.provider.connected("alice-id")) == 120
