"""Clients for devices: they register themselves, or in the console, or by the command."""

from __future__ import annotations

import pytest
from webtest import TestApp

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.records import Client
from tests.web.device.devices import GRANT_TYPES, Device, decide

DOCUMENT = {
    "client_name": "Television",
    "grant_types": list(GRANT_TYPES),
    "response_types": [],
    "token_endpoint_auth_method": "none",
}


@pytest.fixture
def post(site):
    """Register a client; return the response."""

    def send(site=site, **more):
        return TestApp(site.wsgi).post_json(
            site.url("/oauth/register"), DOCUMENT | more, expect_errors=True
        )

    return send


class TestRegistration:
    def test_of_a_device_needs_no_redirect_uri(self, site, post):
        answer = post()
        assert answer.status_int == 201
        told = answer.json
        assert told["grant_types"] == ["refresh_token", DEVICE_CODE]
        assert told["response_types"] == told["redirect_uris"] == []
        assert told["application_type"] == "native"
        assert site.storage.get(Client, told["client_id"]).record.client_type == "device"

    def test_of_a_device_with_a_secret_makes_a_web_client(self, site, post):
        told = post(token_endpoint_auth_method="client_secret_basic").json
        assert "client_secret" in told
        assert site.storage.get(Client, told["client_id"]).record.client_type == "web"

    def test_of_both_ways_needs_a_redirect_uri(self, post):
        both = [*GRANT_TYPES, "authorization_code"]
        answer = post(grant_types=both, response_types=["code"])
        assert (answer.status_int, answer.json["error"]) == (400, "invalid_redirect_uri")
        uri = "http://127.0.0.1/callback"
        told = post(grant_types=both, response_types=["code"], redirect_uris=[uri]).json
        assert set(told["grant_types"]) == set(both)

    def test_of_a_device_with_a_redirect_uri_is_refused(self, post):
        answer = post(redirect_uris=["https://television.example/"])
        assert answer.json["error"] == "invalid_redirect_uri"

    def test_is_refused_where_devices_may_not_ask(self, made, post):
        answer = post(made(device="false"))
        assert (answer.status_int, answer.json["error"]) == (400, "invalid_client_metadata")

    def test_leads_to_tokens(self, site, alice, post):
        told = post(scope="profile:read").json
        form = {"client_id": told["client_id"]}
        shows = site.post("/oauth/device_authorization", form).json

        class Registered:
            def post(self, path, asked):
                return site.post(f"/oauth/{path}", form | asked)

        device = Device(Registered(), shows)
        decide(alice, device)
        assert device.poll().json["scope"] == "profile:read"


class TestTheConsole:
    def test_offers_devices_and_asks_for_no_redirect_uri(self, site, alice):
        page = alice.get("/clients/new")
        assert "Device without a browser" in page.text
        form = alice.get("/clients/new/device").forms[0]
        assert "redirect_uris" not in form.fields
        form["name"] = "Television"
        shown = alice.follow(form.submit())
        assert "/oauth/device_authorization" in shown.text
        for name in ("curl", "Authlib", "oauth4webapi"):
            code = shown.html.find("summary", string=name).find_next_sibling("pre").text
            assert "device" in code
        [stored] = site.storage.find(Client).items
        assert stored.record.grant_types == ("refresh_token", DEVICE_CODE)

    def test_offers_none_where_devices_may_not_ask(self, made):
        alice = made(device="false").browser().enter("alice")
        assert "Device without a browser" not in alice.get("/clients/new").text
        assert alice.get("/clients/new/device").status_int == 404

    def test_edits_a_device(self, site, alice):
        form = alice.get("/clients/new/device").forms[0]
        form["name"] = "Television"
        alice.follow(form.submit())
        [stored] = site.storage.find(Client).items
        form = alice.get(f"/clients/{stored.record.client_id}/edit").forms[0]
        form["name"] = "Radio"
        assert form.submit().status_int == 303
