"""When consent is required, and what is remembered. RFC 8252 section 8.6."""

import pytest

from oauthprov import credentials
from oauthprov.protocol.authorize import consents
from oauthprov.protocol.request.answers import InteractionRequired, Redirect, Visitor
from oauthprov.records import Client, Consent, consent_key
from oauthprov.storage.interface import Add, batches
from tests.protocol.world import ALICE, BOB, BROWSER, NOTES, PHOTOS, World


def apps(world, account_id="alice-id"):
    """The apps of an account that has few."""
    page = world.provider.connected(account_id)
    assert page.next is None
    return list(page.apps)


def asked(answer):
    return isinstance(answer, InteractionRequired)


def test_a_second_visit_asks_nothing(world):
    world.allow(scope="read write")
    assert isinstance(world.authorize(scope="read write"), Redirect)
    assert isinstance(world.authorize(scope="read"), Redirect)


def test_consent_of_one_person_does_not_count_for_another(world):
    world.allow()
    assert asked(world.authorize(person=BOB))


def test_a_request_for_more_scopes_asks_and_adds_them(world):
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


def test_a_request_for_more_resources_asks_and_adds_them(world):
    world.allow(resource=PHOTOS)
    assert isinstance(world.authorize(resource=PHOTOS), Redirect)
    assert asked(world.authorize(resource=[PHOTOS, NOTES]))
    world.allow(resource=NOTES)
    assert isinstance(world.authorize(resource=[PHOTOS, NOTES]), Redirect)


def test_consent_for_one_resource_does_not_cover_an_unbound_token(world):
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


def test_a_narrower_consent_takes_nothing_back():
    world = World()
    world.client("cli", "native", redirect_uris=("http://127.0.0.1/cb",))
    world.allow("cli", redirect_uri="http://127.0.0.1/cb", scope="read write")
    world.allow("cli", redirect_uri="http://127.0.0.1/cb", scope="read", resource=NOTES)
    (consent,) = world.all(Consent)
    assert (consent.record.scopes, consent.record.resources) == (("read", "write"), ())


def test_a_code_has_the_requested_scopes_and_not_all_remembered_ones(world):
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


@pytest.mark.parametrize("redirect_uri", ["http://localhost:3000/cb", "http://127.0.0.1:3000/cb"])
def test_a_browser_app_in_development_is_remembered(redirect_uri):
    """It renews tokens without a page, as it does once it is deployed."""
    world = World()
    world.client("spa", "browser", redirect_uris=(redirect_uri,), scopes=("read",))
    world.allow("spa", redirect_uri=redirect_uri)
    assert isinstance(world.authorize("spa", redirect_uri=redirect_uri), Redirect)


def test_a_client_that_registered_itself_on_loopback_is_asked_for_every_time():
    """Whichever type it chose: an app on the device could else choose not to be asked for."""
    world, uri = World(), "http://localhost:3000/cb"
    token = credentials.digest("registration token")
    world.client("spa", "browser", redirect_uris=(uri,), registration_token=token)
    world.allow("spa", redirect_uri=uri)
    assert asked(world.authorize("spa", redirect_uri=uri))


def test_a_confidential_client_on_loopback_is_remembered():
    world = World()
    world.client(redirect_uris=("http://localhost:8000/cb",))
    world.allow(redirect_uri="http://localhost:8000/cb")
    assert isinstance(world.authorize(redirect_uri="http://localhost:8000/cb"), Redirect)


def test_a_first_party_client_asks_nothing():
    world = World()
    world.client(first_party=True)
    assert isinstance(world.authorize(scope="read write"), Redirect)
    assert world.all(Consent) == []


def test_connected_apps_are_listed_by_last_use_with_scopes_and_grants(world):
    world.client("other")
    world.tokens(scope="read")
    world.now += 10
    world.tokens("other", scope="write")
    first, second = apps(world)
    assert (first.client_id, second.client_id) == ("other", "app")
    assert second.client.name == "App"
    assert [scope.sentence for scope in second.scopes] == ["See"]
    assert (second.created_at, second.last_used_at) == (world.now - 10, world.now - 10)
    assert len(second.grants) == 1
    assert apps(world, "bob-id") == []


def test_a_client_that_never_asks_is_connected_while_it_has_grants():
    world = World()
    world.client(first_party=True)
    world.tokens()
    (app,) = apps(world)
    assert (app.client_id, app.consent, len(app.grants)) == ("app", None, 1)
    world.provider.endings.withdraw("alice-id", "app")
    assert apps(world) == []


def test_a_removed_client_stays_among_connected_apps(world):
    world.tokens()
    world.change(Client, "app", disabled_at=world.now)
    world.provider.clients.evict("app")
    (app,) = apps(world)
    assert (app.client_id, app.client) == ("app", None)


def test_disconnecting_kills_every_token_at_once_and_asks_again(world):
    first, second, bobs = world.tokens(), world.tokens(), world.tokens(person=BOB)
    world.provider.endings.withdraw("alice-id", "app")
    assert not world.is_live(first["access_token"])
    assert not world.is_live(second["access_token"])
    assert world.refresh(first["refresh_token"]).body["error"] == "invalid_grant"
    assert apps(world) == []
    assert asked(world.authorize())
    assert world.is_live(bobs["access_token"])


def test_disconnecting_ends_an_unredeemed_code(world):
    world.client("other")
    code, others = world.code(), world.code("other")
    world.provider.endings.withdraw("alice-id", "app")
    assert world.redeem(code).body["error"] == "invalid_grant"
    assert world.redeem(others, "other").status == 200


def test_disconnecting_an_unconnected_app_does_nothing(world):
    world.provider.endings.withdraw("alice-id", "nobody")
    assert apps(world) == []


def every_page(world, account_id="alice-id"):
    """The apps of each page, from the first to the last."""
    pages, after = [], None
    while True:
        page = world.provider.connected(account_id, after)
        pages.append([app.client_id for app in page.apps])
        after = page.next
        if after is None:
            return pages


def consent(account_id, client_id, **more):
    return Consent(
        consent_key(account_id, client_id), account_id, client_id, ("read",), (), 1, 1, **more
    )


def test_many_connected_apps_are_listed_in_pages(world):
    for number in range(120):
        world.client(f"app{number}")
        world.allow(f"app{number}")
    pages = every_page(world)
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({app for page in pages for app in page}) == 120


def test_a_page_of_apps_costs_the_same_reads_however_many_there_are(world):
    world.client("app0")
    world.allow("app0")
    assert world.storage.trips(lambda: world.provider.connected("alice-id")) == (3, 0)
    for number in range(1, 120):
        world.client(f"app{number}")
        world.allow(f"app{number}")
    assert world.storage.trips(lambda: world.provider.connected("alice-id")) == (3, 0)
    after = world.provider.connected("alice-id").next
    assert world.storage.trips(lambda: world.provider.connected("alice-id", after)) == (3, 0)


def test_withdrawn_consents_leave_no_empty_page(world):
    world.client("z")
    gone = [consent("alice-id", f"a{n:03}", withdrawn_at=2) for n in range(150)]
    for some in batches(gone):
        world.storage.commit(*map(Add, some), now=world.now)
    world.allow("z")
    assert every_page(world) == [["z"]]


def test_an_app_without_a_consent_is_on_the_first_of_many_pages():
    world = World()
    world.client(first_party=True)
    world.tokens()
    for number in range(60):
        world.client(f"app{number}")
        world.allow(f"app{number}")
        world.tokens(f"app{number}")
    pages = every_page(world)
    assert [len(page) for page in pages] == [51, 10]
    assert "app" in pages[0]
    assert sorted(pages[0] + pages[1]) == sorted({*pages[0], *pages[1]})


def test_the_last_use_is_left_out_if_not_all_grants_were_read(world, monkeypatch):
    world.tokens()
    world.tokens()
    assert apps(world)[0].last_used_at == world.now
    monkeypatch.setattr(consents, "GRANTS_LIMIT", 1)
    monkeypatch.setattr(consents, "_GRANTS_READ", 1)
    assert apps(world)[0].last_used_at is None


def test_no_more_grants_are_read_than_the_caller_wants(world):
    for _ in range(3):
        world.tokens()
    [app] = world.provider.connected("alice-id", grants=2).apps
    assert (len(app.grants), app.last_used_at) == (2, None)
    [app] = world.provider.connected("alice-id", grants=3).apps
    assert (len(app.grants), app.last_used_at) == (3, world.now)


@pytest.mark.parametrize(
    "after", ["", "x", "%", "\0", "é", "a" * 5000, "YWZ0ZXI6", "bm90aGluZw=="]
)
def test_a_wrong_cursor_is_refused(world, after):
    with pytest.raises(ValueError, match="cursor"):
        world.provider.connected("alice-id", after)


def test_a_cursor_of_another_account_shows_only_the_own_apps(world):
    for number in range(60):
        world.client(f"app{number}")
        world.allow(f"app{number}", person=BOB)
    world.allow("app7")
    after = world.provider.connected("bob-id").next
    page = world.provider.connected("alice-id", after)
    assert {app.client_id for app in page.apps} <= {"app7"}


def test_access_is_that_of_the_listed_apps(world):
    assert not world.provider.has_access("alice-id", "app")
    world.tokens()
    assert world.provider.has_access("alice-id", "app")
    assert not world.provider.has_access("bob-id", "app")
    assert not world.provider.has_access("alice-id", "é" * 400)
    world.provider.endings.withdraw("alice-id", "app")
    assert not world.provider.has_access("alice-id", "app")


def test_a_client_that_never_asks_has_access_while_it_has_grants():
    world = World()
    world.client(first_party=True)
    world.tokens()
    assert world.provider.has_access("alice-id", "app")
    world.provider.endings.withdraw("alice-id", "app")
    assert not world.provider.has_access("alice-id", "app")
