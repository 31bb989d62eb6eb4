"""The whole flow from a new client to a protected resource and its removal, in every setup."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from webtest import TestApp

from oauthprov.records import Client
from tests.site import CALLBACK, App, arrived, bearing

BOTH = "profile:read photos:read"


def test_the_code_flow_leads_from_consent_to_the_resource(site, alice):
    app = site.app(name="Printer")
    consent = alice.authorize(app, scope=BOTH)
    assert "Printer" in consent.text
    assert "See your name" in consent.text
    assert "app.example" in consent.text
    told = arrived(alice.decide(consent))
    assert (told["state"], told["iss"]) == ("xyz", site.issuer)
    tokens = app.exchange(told["code"]).json
    assert set(tokens["scope"].split()) == set(BOTH.split())
    assert app.me(tokens["access_token"]).json["name"] == "alice"
    described = app.introspect(tokens["access_token"])
    assert described["active"]
    assert described["sub"] == app.me(tokens["access_token"]).json["sub"]


def test_a_client_registered_in_the_console_gets_tokens(site, alice):
    form = alice.get("/clients/new/web").form
    form["name"], form["redirect_uris"] = "Printer", CALLBACK
    form["scope.profile:read"] = True
    shown = alice.follow(form.submit(headers={"Origin": "https://id.example"}))
    client_id = shown.html.find(id="client-id").text
    secret = shown.html.find(id="client-secret").text
    app = App(site, site.registrar.get(client_id).record, secret)
    assert app.me(app.tokens(alice)["access_token"]).json["name"] == "alice"


def test_a_client_that_registers_itself_gets_tokens_and_can_be_deleted(site, alice):
    metadata = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    registered = TestApp(site.wsgi).post_json(site.url("/oauth/register"), metadata).json
    app = App(site, site.storage.get(Client, registered["client_id"]).record, None)
    token = app.tokens(alice)["access_token"]
    assert app.me(token).json["name"] == "alice"
    own = bearing(registered["registration_access_token"])
    uri = registered["registration_client_uri"]
    assert site.get(uri, headers=own).json["redirect_uris"] == [CALLBACK]
    assert TestApp(site.wsgi).delete(uri, headers=own).status_int == 204
    assert app.me(token).status_int == 401
    assert alice.get(app.authorization_url()).status_int == 400


def test_a_second_visit_asks_nothing_and_more_scopes_ask_for_the_new_ones(site, alice):
    app = site.app()
    app.tokens(alice)
    second = alice.get(app.authorization_url())
    assert "code" in arrived(second)
    more = alice.authorize(app, scope=BOTH)
    asked = more.html.select("ul[aria-labelledby=asked] li")
    assert [item.text.split() for item in asked] == [["See", "photos", "new"]]
    before = more.html.select("ul[aria-labelledby=before] li")
    assert [item.text for item in before] == ["See your name"]
    assert "code" in arrived(alice.decide(more))
    assert "code" in arrived(alice.get(app.authorization_url(scope=BOTH)))


def test_cancel_returns_access_denied_and_remembers_nothing(site, alice):
    told = arrived(alice.decide(alice.authorize(site.app()), "cancel"))
    assert told == {
        "error": "access_denied",
        "state": "xyz",
        "iss": site.issuer,
    } | {key: told[key] for key in told.keys() & {"error_description"}}
    assert alice.authorize(site.app()).status_int == 200


def test_each_person_is_asked_for_themselves(site, alice, bob):
    app = site.app()
    app.tokens(alice)
    assert bob.authorize(app).status_int == 200


def test_a_refresh_token_rotates_and_a_replay_is_refused(site, alice):
    app = site.app()
    first = app.tokens(alice)
    site.clock.pass_by(600)
    assert app.me(first["access_token"]).status_int == 401
    second = app.refresh(first["refresh_token"]).json
    assert app.me(second["access_token"]).status_int == 200
    site.clock.pass_by(60)
    replay = app.refresh(first["refresh_token"])
    assert (replay.status_int, replay.json["error"]) == (400, "invalid_grant")
    assert app.me(second["access_token"]).status_int == 401
    assert app.refresh(second["refresh_token"]).json["error"] == "invalid_grant"


def test_a_lost_refresh_response_is_given_again(site, alice):
    app = site.app()
    token = app.tokens(alice)["refresh_token"]
    first = app.refresh(token).json
    site.clock.pass_by(5)
    assert app.refresh(token).json == first
    assert app.me(first["access_token"]).status_int == 200


def test_a_replayed_code_revokes_its_tokens(site, alice):
    app = site.app()
    code = alice.connect(app)["code"]
    tokens = app.exchange(code).json
    replay = app.exchange(code)
    assert (replay.status_int, replay.json["error"]) == (400, "invalid_grant")
    assert app.me(tokens["access_token"]).status_int == 401
    assert app.introspect(tokens["refresh_token"]) == {"active": False}


def test_revoking_the_refresh_token_ends_the_access_token(site, alice):
    app = site.app()
    tokens = app.tokens(alice)
    assert app.revoke(tokens["refresh_token"]).status_int == 200
    assert app.introspect(tokens["access_token"]) == {"active": False}
    assert app.me(tokens["access_token"]).status_int == 401


def test_disconnecting_an_app_ends_its_tokens(site, alice):
    app = site.app(name="Printer")
    tokens = app.tokens(alice)
    account = alice.get("/account")
    assert "Printer" in account.text
    response = account.click(href="/remove$").form.submit()
    assert response.status_int == 303
    assert "Printer" not in alice.get("/account").text
    assert app.me(tokens["access_token"]).json["error"] == "invalid_token"
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert alice.authorize(app).status_int == 200


def test_a_posted_authorization_request_is_continued_by_get(site, alice):
    app = site.app()
    query = app.authorization_url().partition("?")[2]
    parked = site.post("/oauth/authorize", query)
    assert (parked.status_int, "Set-Cookie" in parked.headers) == (303, False)
    assert "code" in arrived(alice.decide(alice.follow(parked)))


def test_a_pushed_request_leads_to_tokens_once(site, alice):
    app = site.app()
    form = dict(parse_qsl(urlsplit(app.authorization_url(scope=BOTH)).query))
    del form["client_id"]
    pushed = app.post("/oauth/par", form)
    assert pushed.status_int == 201
    query = {"client_id": app.client.client_id, "request_uri": pushed.json["request_uri"]}
    url = site.url("/oauth/authorize?" + urlencode(query | {"state": "evil", "scope": "evil"}))
    assert alice.follow(alice.get(url)).status_int == 200
    told = arrived(alice.decide(alice.follow(alice.get(url))))
    assert told["state"] == "xyz"
    assert set(app.exchange(told["code"]).json["scope"].split()) == set(BOTH.split())
    assert alice.get(url).status_int == 400


def test_a_browser_app_refreshes_without_a_secret(site, alice):
    app = site.app("browser")
    tokens = app.tokens(alice)
    again = app.refresh(tokens["refresh_token"], {"Origin": "https://app.example"})
    assert again.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert app.me(again.json["access_token"]).status_int == 200


def test_a_native_app_is_asked_every_time(site, alice):
    app = site.app("native", redirect_uris=("http://127.0.0.1/callback",))
    app.tokens(alice, redirect_uri="http://127.0.0.1:4242/callback")
    again = alice.authorize(app, redirect_uri="http://127.0.0.1:4243/callback")
    assert again.status_int == 200


def test_a_machine_client_gets_a_token_for_itself(site):
    app = site.app("machine")
    token = app.post("token", {"grant_type": "client_credentials"}).json["access_token"]
    assert app.me(token).json == {"sub": app.client.client_id}


def test_a_retired_secret_is_refused_and_the_rotated_one_works(site, alice):
    app = site.app()
    app.tokens(alice)
    old = app.secret
    _, app.secret = site.registrar.rotate_secret(app.client.client_id)
    assert app.introspect("x") == {"active": False}
    site.registrar.retire_secret(app.client.client_id)
    app.secret = old
    assert app.post("/oauth/introspect", {"token": "x"}).status_int == 401


def test_the_tokens_of_a_removed_client_are_dead(site, alice):
    app = site.app()
    tokens = app.tokens(alice)
    site.registrar.remove(app.client.client_id)
    assert app.me(tokens["access_token"]).json["error"] == "invalid_token"
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_client"


def test_a_token_is_accepted_only_at_the_resource_it_is_bound_to(site, alice):
    app = site.app()
    here = f"{site.issuer}/api"
    token = app.tokens(alice, resource=here)["access_token"]
    assert app.me(token).status_int == 200
    assert app.introspect(token)["aud"] == [here]
    other = app.tokens(alice, resource="https://photos.example/", scope="photos:read")
    assert app.me(other["access_token"]).json["error"] == "invalid_token"
