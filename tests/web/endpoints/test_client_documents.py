"""Clients that are known by the URL of a document, over HTTP and on pages."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from oauthprov.protocol.clients.documents import urls
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import AuditEntry, Client
from oauthprov.storage.interface import Add
from oauthprov.web.site import site_of
from tests import site as sites
from tests.fetch.server import answer
from tests.gallery import IMAGES
from tests.site import App, arrived
from tests.web.endpoints.test_token import assert_error

LOOPBACK = "http://localhost/callback"
NATIVE = {"redirect_uris": [LOOPBACK, "http://127.0.0.1/callback"]}


@pytest.fixture
def site(publisher):
    settings = publisher.settings | {
        "client_documents.limit_network": "5 per hour",
        "languages": "en de he",
    }
    made = sites.standalone(sites.ini("sqlite://", **settings))
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return site.browser().sign_up("alice")


def described(site, client_id, uri="https://app.example/callback") -> App:
    """A client as an application that nobody registered."""
    return App(site, Client(client_id, "", "browser", 0, redirect_uris=(uri,)), None)


@pytest.fixture
def app(site, publisher):
    return described(site, publisher.publish())


def test_the_metadata_tells_clients_that_their_urls_are_taken(site):
    for name in ("oauth-authorization-server", "openid-configuration"):
        found = site.get(f"/.well-known/{name}")
        if found.status_int == 200:
            assert found.json["client_id_metadata_document_supported"] is True


def test_without_the_setting_the_metadata_says_nothing():
    made = sites.standalone(sites.ini("sqlite://"))
    found = made.get("/.well-known/oauth-authorization-server").json
    assert "client_id_metadata_document_supported" not in found
    made.close()


def test_a_person_allows_it_and_is_not_asked_again(alice, app):
    tokens = app.exchange(alice.connect(app)["code"]).json
    assert app.refresh(tokens["refresh_token"]).status_int == 200
    assert arrived(alice.authorize(app))["code"]


def test_the_consent_page_has_the_host_first_and_where_codes_go(alice, app, publisher):
    page = alice.authorize(app)
    assert page.html.h1.text.split() == ["localhost", "asks", "for", "access"]
    assert page.html.title.text.strip().startswith("Allow localhost?")
    text = " ".join(page.html.main.text.split())
    assert "The app calls itself Notebook." in text
    assert "All that is known of it is what localhost says." in text
    assert page.html.find(id="destination").strong.text == "app.example"
    assert "on your own device" not in text


def test_the_consent_page_warns_of_apps_on_the_device(site, alice, publisher):
    app = described(site, publisher.publish(**NATIVE), "http://localhost:3118/callback")
    page = alice.authorize(app)
    assert "It runs on your own device." in page.text
    assert page.html.find(id="destination").strong.text == "an app on this device (localhost:3118)"
    assert arrived(alice.decide(page))["code"]
    assert alice.authorize(app).html.h1  # asked each time (RFC 8252 section 8.6)


def test_only_a_home_page_at_its_own_host_identifies_it(site, alice, publisher):
    shown = alice.authorize(described(site, publisher.publish())).html
    assert "https://app.example/" not in [link["href"] for link in shown.main.find_all("a")]
    own = publisher.url("/about")
    site.clock.pass_by(3600)
    alice.sign_in("alice")
    shown = alice.authorize(described(site, publisher.publish(client_uri=own))).html
    assert own in [link["href"] for link in shown.main.find_all("a")]


def test_the_name_of_a_document_is_shown_as_text(site, alice, publisher):
    name = "<script>alert(1)</script> & \u05d0\u05d1"
    page = alice.authorize(described(site, publisher.publish(client_name=name)))
    assert page.html.main.find("script") is None
    assert name in page.html.main.text


@pytest.mark.parametrize("name", ["Note\u202ebook", "Note\u2066book", "Note\u200bbook", "\u202e"])
def test_a_name_that_reorders_text_makes_the_document_useless(site, alice, publisher, name):
    page = alice.authorize(described(site, publisher.publish(client_name=name)))
    assert page.status_int == 400
    assert "can't be used here" in page.text


def test_an_error_is_a_page_for_people_and_json_for_programs(site, alice, app, publisher):
    publisher.take_down()
    page = alice.get(app.authorization_url())
    assert page.status_int == 400
    assert "can't be fetched at its client ID" in page.text
    assert app.client.client_id in page.text
    anybody = site.browser().get(app.authorization_url())
    assert (anybody.status_int, anybody.location) == (400, None)
    for path in ("/oauth/par", "/oauth/device_authorization"):
        assert_error(app.post(path, {"scope": "profile:read"}), 401, "invalid_client")
    posted = site.browser().page.post(
        site.url("/oauth/authorize"), {"client_id": app.client.client_id}, expect_errors=True
    )
    assert posted.status_int == 400


@pytest.mark.parametrize("language", ["de", "he"])
def test_the_pages_of_it_are_translated(alice, app, language):
    page = alice.get(app.authorization_url(), headers={"Accept-Language": language})
    shown = alice.get(page.location, headers={"Accept-Language": language})
    assert shown.html.html["lang"] == language
    assert "calls itself" not in shown.text
    assert "All that is known" not in shown.text


def test_fetches_are_rationed_by_network_and_a_known_client_goes_on(site, alice, app, publisher):
    alice.connect(app)
    for number in range(4):
        other = described(site, publisher.url(f"/{number}"))
        assert alice.get(other.authorization_url()).status_int == 400
    refused = alice.get(described(site, publisher.url("/5")).authorization_url())
    assert refused.status_int == 503
    assert "/5" not in publisher.paths
    site.clock.pass_by(100_000)
    alice.sign_in("alice")
    assert arrived(alice.authorize(app))["code"]
    assert publisher.paths.count("/app.json") == 1
    elsewhere = described(site, publisher.publish("/6.json")).authorization_url()
    far = site.browser().get(elsewhere, extra_environ={"REMOTE_ADDR": "192.0.2.9"})
    assert far.status_int == 302


def test_its_host_stands_for_it_on_the_pages_of_an_account(site, alice, app):
    alice.connect(app)
    page = alice.get("/account/apps")
    assert page.html.find("h3").text.strip() == "localhost"
    about = page.click("localhost", index=0)
    assert about.html.h1.text == "localhost"
    assert "The app calls itself" in about.text
    removal = page.click("Remove access")
    assert "localhost" in removal.html.main.text
    assert removal.form.submit().status_int == 303
    assert "No app has access" in alice.get("/account/apps").text


def test_its_host_stands_for_it_among_the_events_of_an_account(alice, app):
    alice.connect(app)
    listed = alice.get("/account/events").html.main.text
    assert "An app was given access: localhost" in " ".join(listed.split())
    assert "Notebook" not in listed


@pytest.mark.parametrize("segment", ["~", "~aHR0", "~%00", "~aHR0cHM6Ly9hLmV4YW1wbGUv", "~%C3%BF"])
def test_a_path_that_names_no_client_is_not_found(alice, segment):
    for page in (f"/clients/{segment}/about", f"/account/apps/{segment}/remove"):
        assert alice.get(page).status_int == 404


def test_its_logo_is_shown_from_here(site, alice, publisher):
    publisher.replies["/logo.png"] = answer(IMAGES["image/png"], "Content-Type: image/png")
    client_id = publisher.publish(logo_uri=publisher.url("/logo.png"))
    app = described(site, client_id)
    alice.authorize(app)
    site_of(site.wsgi.registry).provider.logo_worker.join(10)
    page = alice.authorize(app)
    source = page.html.find("img", {"class": "logo"})["src"]
    assert source.startswith(f"{site.issuer}/clients/{urls.in_path(client_id)}/logo/")
    assert alice.get(source).body == IMAGES["image/png"]
    assert publisher.url("/logo.png") not in page.text


def test_what_happens_to_a_document_is_in_the_audit(site, alice, app, publisher):
    def told():
        entries = [one.record for one in site.storage.walk(AuditEntry)]
        about = [one for one in entries if one.event.startswith("client_document")]
        return sorted((one.event, json.loads(one.details).get("how")) for one in about)

    alice.connect(app)
    assert told() == [("client_document.fetched", "new")]
    assert {one.about for one in [s.record for s in site.storage.walk(AuditEntry)]} >= {
        app.client.client_id
    }
    site.clock.pass_by(4000)
    publisher.publish(client_name="Diary")
    alice.authorize(app)
    assert ("client_document.changed", None) in told()
    publisher.take_down()
    site.clock.pass_by(4000)
    alice.get(app.authorization_url())
    alice.get(app.authorization_url())  # within half a minute, so it isn't tried again
    refused = [one for one in told() if one[0] == "client_document.refused"]
    assert refused == [("client_document.refused", "kept")]


def test_a_browser_app_of_a_document_gets_its_tokens_by_cors(site, alice, app):
    alice.connect(app)
    sent = site.post(
        "/oauth/token",
        {"grant_type": "refresh_token", "refresh_token": "x", "client_id": app.client.client_id},
        headers={"Origin": "https://app.example"},
    )
    assert sent.headers["Access-Control-Allow-Origin"] == "https://app.example"


def test_a_stranger_cant_manage_it_as_a_registered_client(site, alice, app):
    alice.connect(app)
    path = f"/oauth/register/{urls.in_path(app.client.client_id)}"
    assert site.get(path, headers={"Authorization": "Bearer opm_x"}).status_int == 401
    assert alice.get(f"/clients/{urls.in_path(app.client.client_id)}").status_int == 404


def test_a_document_that_turns_hostile_after_consent_gets_no_code_unasked(
    site, alice, app, publisher
):
    alice.connect(app)
    publisher.publish(redirect_uris=["https://evil.example/callback"])
    site.clock.pass_by(4000)
    alice.sign_in("alice")
    asked = alice.authorize(app, redirect_uri="https://evil.example/callback")
    assert asked.html.find(id="destination").strong.text == "evil.example"
    before = alice.authorize(app)
    assert (before.status_int, before.location) == (400, None)


def test_clients_found_by_their_urls_are_judged_by_the_setting_at_once(alice, app, publisher):
    tokens = app.exchange(alice.connect(app)["code"]).json
    settings = publisher.settings | {"client_documents": "other.example"}
    made = sites.standalone(sites.ini("sqlite://", **settings))
    stored = app.site.storage.get(Client, app.client.client_id)
    made.storage.commit(Add(stored.record), now=1)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refused = made.post("/oauth/token", form | {"client_id": app.client.client_id})
    assert_error(refused, 401, "invalid_client")
    made.close()


@pytest.mark.parametrize(
    "spelling",
    [
        lambda url: url.replace("localhost", "LOCALHOST"),
        lambda url: url.replace("localhost", "localhost."),
        lambda url: url.replace("app.json", "%61pp.json"),
        lambda url: url.replace("/app.json", "//app.json"),
        lambda url: url.replace("/app.json", "/./app.json"),
        lambda url: url + "#",
        lambda url: url + "?",
        lambda url: url.replace("https", "HTTPS"),
        lambda url: " " + url,
        lambda url: url.replace("https://", "https://alice@"),
    ],
)
def test_another_spelling_of_its_url_is_another_client(site, alice, app, spelling):
    alice.connect(app)
    other = described(site, spelling(app.client.client_id))
    assert alice.get(other.authorization_url()).status_int == 400
    assert len(list(site.storage.walk(Client))) == 1


def test_a_client_with_a_key_in_its_document_proves_itself_everywhere(site, alice, publisher):
    key, other = PrivateKey.generate("ES256"), PrivateKey.generate("ES256")
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.public()]}}
    app = described(site, publisher.publish(**keys))
    app.key = key
    asked = dict(parse_qsl(urlsplit(app.authorization_url()).query))
    pushed = app.post("/oauth/par", asked)
    assert pushed.status_int == 201
    code = alice.connect(app)["code"]
    app.key = other
    assert_error(app.exchange(code), 401, "invalid_client")
    app.key = key
    tokens = app.exchange(code).json
    publisher.hang()
    site.clock.pass_by(4000)
    assert app.refresh(tokens["refresh_token"]).status_int == 200
    assert len(publisher.paths) == 1
