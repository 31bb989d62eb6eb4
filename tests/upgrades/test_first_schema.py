"""A storage of the first schema is brought to today's, and loses nothing on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from http.cookiejar import Cookie
from typing import Any

import pytest

from oauthprov.records import KINDS, Client, Record
from oauthprov.storage.interface import Stored
from tests import site as sites
from tests.site import App, Browser, Site
from tests.upgrades import first
from tests.upgrades.conftest import REVISIONS, Upgraded

BY_NAME = {kind.shape.name: kind for kind in KINDS}
Was = dict[str, Any]


def both(upgraded: Upgraded) -> Iterator[tuple[Was, Stored[Record]]]:
    """Each record as it was left, and as it is now."""
    for was in upgraded.left.records:
        yield was, upgraded.records[BY_NAME[was["kind"]], was["key"]]


def test_no_migration_changes_a_value_that_was_stored(upgraded: Upgraded) -> None:
    if "redis" in upgraded.url:
        assert upgraded.rows == {}
        return
    assert list(upgraded.rows) == REVISIONS
    assert REVISIONS[0] == first.REVISION
    for revision, rows in upgraded.rows.items():
        assert rows == upgraded.left.stored, revision


def test_every_record_is_listed_and_none_is_made_up(upgraded: Upgraded) -> None:
    left = {(BY_NAME[was["kind"]], was["key"]) for was in upgraded.left.records}
    assert set(upgraded.records) == left


def test_every_record_has_the_values_and_the_state_that_it_had(upgraded: Upgraded) -> None:
    for was, stored in both(upgraded):
        now = json.loads(json.dumps(asdict(stored.record)))
        assert {name: now[name] for name in was["fields"]} == was["fields"]
        assert stored.claimed_at == was["claimed_at"]
        assert stored.revoked_at == was["revoked_at"]


def test_what_was_added_since_has_its_default(upgraded: Upgraded) -> None:
    """But for one right that first-party clients had, and that is a field since."""
    for was, stored in both(upgraded):
        for field in stored.record.shape.fields:
            if field.name not in was["fields"]:
                expected = field.default
                if field.name == "introspects" and was["fields"]["first_party"]:
                    assert isinstance(stored.record, Client)
                    expected = ("*",)
                assert getattr(stored.record, field.name) == expected, field.name


def test_every_record_is_found_by_each_of_its_indexes(upgraded: Upgraded) -> None:
    for was, stored in both(upgraded):
        kind = type(stored.record)
        for index in kind.shape.indexes:
            value = was["fields"][index]
            if value is not None:
                assert was["key"] in upgraded.found[kind, index, value]


def test_records_of_every_kind_of_that_time_were_left(upgraded: Upgraded) -> None:
    assert {was["kind"] for was in upgraded.left.records} == {
        *("account", "login", "client", "consent", "grant", "authorization_code"),
        *("access_token", "refresh_token", "receipt", "interaction", "session"),
    }


def app(site: Site, upgraded: Upgraded, name: str, secret: str | None = None) -> App:
    """An application of that time, with its secret of that time."""
    known = upgraded.left.held["clients"][name]
    stored = site.storage.get(Client, known["client_id"])
    assert stored is not None
    return App(site, stored.record, secret or known["secret"])


def browser(site: Site, upgraded: Upgraded, name: str) -> Browser:
    """The browser in which somebody signed in at that time."""
    made = site.browser()
    for item in upgraded.left.held["cookies"][name].items():
        made.page.cookiejar.set_cookie(cookie(*item))
    return made


def cookie(name: str, value: str) -> Cookie:
    """A cookie of the provider, as a browser keeps it."""
    host = {"domain": "id.example", "domain_specified": False, "domain_initial_dot": False}
    path = {"path": "/", "path_specified": True, "secure": True, "port": None}
    more = {"expires": None, "discard": True, "comment": None, "comment_url": None, "rest": {}}
    return Cookie(0, name, value, port_specified=False, **host, **path, **more)


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_an_old_password_signs_in(site: Site, name: str) -> None:
    assert name in site.browser().sign_in(name).get("/account").text


def test_a_disabled_account_stays_disabled(site: Site, upgraded: Upgraded) -> None:
    form = site.browser().get("/login").form
    form["name"], form["password"] = "bob-left", sites.PASSWORD
    assert form.submit(expect_errors=True).status_int == 401
    old = browser(site, upgraded, "bob-left").get("/account")
    assert "/login" in old.location


def test_an_old_session_goes_on_and_takes_part_in_what_is_new(
    site: Site, upgraded: Upgraded
) -> None:
    alice = browser(site, upgraded, "alice")
    assert alice.get("/account").status_int == 200
    new = site.app("web", name="Newcomer", scopes=("openid", "profile:read"))
    tokens = new.tokens(alice, scope="openid")
    assert "id_token" in tokens


def test_old_consent_is_remembered_and_no_wider_than_it_was(
    site: Site, upgraded: Upgraded
) -> None:
    alice, web = browser(site, upgraded, "alice"), app(site, upgraded, "web")
    assert "code" in sites.arrived(alice.authorize(web))
    assert alice.authorize(web, scope="photos:write").status_int == 200
    assert "Printer" in alice.get("/account").text


def test_a_consent_page_that_was_open_is_answered(site: Site, upgraded: Upgraded) -> None:
    bob, post = browser(site, upgraded, "bob"), app(site, upgraded, "post")
    page = bob.get(upgraded.left.held["pending"])
    assert page.status_int == 200
    code = sites.arrived(bob.decide(page))["code"]
    assert post.exchange(code).status_int == 200


def test_both_secrets_of_a_client_authenticate(site: Site, upgraded: Upgraded) -> None:
    newer = upgraded.left.held["newer_secret"]
    for secret, status in ((None, 200), (newer, 200), ("wrong", 401)):
        client = app(site, upgraded, "web", secret)
        assert client.post("/oauth/introspect", {"token": "x"}).status_int == status
    machine = {"grant_type": "client_credentials"}
    assert app(site, upgraded, "machine").post("token", machine).status_int == 200
    assert app(site, upgraded, "disabled").post("token", machine).status_int == 401


def test_an_old_refresh_token_is_refreshed_and_a_used_one_is_a_replay(
    site: Site, upgraded: Upgraded
) -> None:
    web, held = app(site, upgraded, "web"), upgraded.left.held
    assert web.introspect(held["successor"]["access_token"])["active"] is True
    refreshed = web.refresh(held["successor"]["refresh_token"])
    assert refreshed.status_int == 200
    replay = web.refresh(held["rotated"]["refresh_token"])
    assert (replay.status_int, replay.json["error"]) == (400, "invalid_grant")
    assert web.refresh(refreshed.json["refresh_token"]).status_int == 400
    assert web.introspect(refreshed.json["access_token"])["active"] is False


def test_a_lost_response_of_the_old_version_is_given_again(site: Site, upgraded: Upgraded) -> None:
    web, held = app(site, upgraded, "web"), upgraded.left.held
    again = web.refresh(held["lost"]["refresh_token"])
    assert again.json == held["lost_response"]


def test_an_old_code_is_redeemed_once(site: Site, upgraded: Upgraded) -> None:
    web, held = app(site, upgraded, "web"), upgraded.left.held
    first_time = web.exchange(held["code"])
    assert first_time.status_int == 200
    assert web.exchange(held["code"]).status_int == 400
    assert web.introspect(first_time.json["access_token"])["active"] is False
    native = app(site, upgraded, "native")
    redirect = {"redirect_uri": native.client.redirect_uris[0]}
    assert native.exchange(held["used_code"], **redirect).status_int == 400


def test_what_had_been_revoked_stays_revoked(site: Site, upgraded: Upgraded) -> None:
    web, held = app(site, upgraded, "web"), upgraded.left.held
    assert web.introspect(held["revoked"]["access_token"])["active"] is False
    assert web.introspect(held["replayed"]["access_token"])["active"] is False
    assert web.refresh(held["replayed"]["refresh_token"]).status_int == 400
    ended = app(site, upgraded, "browser").refresh(held["ended"]["refresh_token"])
    assert ended.status_int == 400


def test_old_access_tokens_are_accepted_and_introspected(site: Site, upgraded: Upgraded) -> None:
    held, ours = upgraded.left.held, app(site, upgraded, "first_party")
    photos = ours.introspect(held["photos"]["access_token"])
    assert (photos["active"], photos["scope"]) == (True, "photos:read")
    assert ours.introspect(held["machine"]["access_token"])["active"] is True
    web = app(site, upgraded, "web")
    assert web.me(held["lost_response"]["access_token"]).json["name"] == "alice"
