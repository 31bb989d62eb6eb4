"""A device gets tokens in every setup, a host with accounts of its own included."""

from __future__ import annotations

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from tests import site as sites
from tests.site import VERIFIER, challenge
from tests.web.device.devices import Device, decide, television, typed


def test_a_person_allows_a_device_and_removes_it_again(site, alice):
    device = Device.begin(television(site, "device"), scope="profile:read")
    assert device.hears() == "authorization_pending"
    end = decide(alice, device)
    assert "The device is connected" in end.text
    tokens = device.poll().json
    assert device.app.me(tokens["access_token"]).json["name"] == "alice"
    assert device.hears() == "invalid_grant"
    renewed = device.app.refresh(tokens["refresh_token"]).json
    assert device.app.me(renewed["access_token"]).status_int == 200
    page = alice.get(f"/account/apps/{device.app.client.client_id}/remove")
    assert page.form.submit().status_int == 303
    assert device.app.me(renewed["access_token"]).status_int == 401
    assert device.app.refresh(renewed["refresh_token"]).json["error"] == "invalid_grant"


def test_a_stranger_signs_in_before_the_code_counts(site, alice):
    device = Device.begin(television(site, "device"))
    stranger = site.browser()
    answer = stranger.get(device.shows["verification_uri_complete"])
    assert answer.status_int == 302
    assert "/login" in answer.location
    form = alice.get("/device").form
    form["user_code"] = device.shows["user_code"]
    assert typed(alice, "wrong").status_int == 400
    assert form.submit().status_int == 303


def test_an_app_with_both_ways_is_asked_about_in_each(site, alice):
    app = television(
        site,
        "native",
        grant_types=("authorization_code", "refresh_token", DEVICE_CODE),
        redirect_uris=("https://app.example/callback",),
    )
    decide(alice, Device.begin(app, scope="profile:read"))
    consent = alice.authorize(app, code_challenge=challenge(VERIFIER))
    assert consent.status_int == 200
    assert "asks for access" in consent.text
    assert sites.arrived(alice.decide(consent))["code"]
