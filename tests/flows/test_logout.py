"""Signing out of the provider and of its apps, on every storage, stand-alone and in a host."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from oauthprov.records import LogoutDelivery
from oauthprov.web.site import site_of
from tests.site import OPENID, OPENID_SCOPES, ORIGIN

AFTER = "https://app.example/bye"


@pytest.fixture
def more(receiver):
    return {"scopes": OPENID} | receiver.settings


@pytest.fixture
def app(site, receiver):
    return site.app(
        scopes=("profile:read", *OPENID_SCOPES),
        post_logout_redirect_uris=(AFTER,),
        backchannel_logout_uri=receiver.uri,
    )


def log_out(site, browser, id_token):
    query = {"id_token_hint": id_token, "post_logout_redirect_uri": AFTER, "state": "s"}
    response = browser.follow(browser.get(f"/oauth/logout?{urlencode(query)}"))
    if response.status_int == 200:
        response = response.forms[0].submit()
    return response.location


class TestStandalone:
    """With the built-in accounts."""

    @pytest.fixture(params=["standalone-sqlite", "standalone-postgresql", "standalone-redis"])
    def way(self, request):
        return request.param

    def test_a_logout_from_one_app_reaches_all_apps(self, site, alice, app, receiver):
        tokens = app.tokens(alice, scope="openid profile:read")
        assert app.me(tokens["access_token"]).status_int == 200
        assert log_out(site, alice, tokens["id_token"]) == f"{AFTER}?state=s"
        assert app.me(tokens["access_token"]).status_int == 401
        assert "/login" in alice.get("/account").location
        provider = site_of(site.wsgi.registry).provider
        done = provider.backchannel.deliver()
        assert (done.notified, done.left) == (1, 0)
        [token] = receiver.told(site.get("/oauth/jwks").json)
        assert token.claims["aud"] == app.client.client_id
        assert list(site.storage.walk(LogoutDelivery)) == []

    def test_a_failed_delivery_is_repeated_later(self, site, alice, app, receiver):
        tokens = app.tokens(alice, scope="openid")
        receiver.reply("503 Service Unavailable")
        log_out(site, alice, tokens["id_token"])
        provider = site_of(site.wsgi.registry).provider
        assert provider.backchannel.deliver().left == 1
        site.clock.pass_by(30)
        receiver.reply()
        assert provider.backchannel.deliver().notified == 1


class TestTheWorker:
    """A server process sees to the queue by itself, after a restart too."""

    @pytest.fixture(params=["standalone-sqlite", "standalone-redis"])
    def way(self, request):
        return request.param

    @pytest.fixture
    def more(self, receiver):
        return {"scopes": OPENID, "logout.worker": "true"} | receiver.settings

    def test_a_request_after_a_minute_repeats_a_failed_delivery(self, site, alice, app, receiver):
        worker = site_of(site.wsgi.registry).provider.worker
        tokens = app.tokens(alice, scope="openid")
        receiver.reply("503 Service Unavailable")
        log_out(site, alice, tokens["id_token"])
        receiver.wait(1)
        receiver.reply()
        site.clock.pass_by(60)
        worker.wake()
        worker.join(60)
        assert len(receiver.requests) == 2
        assert list(site.storage.walk(LogoutDelivery)) == []


class TestEmbedded:
    """In a host with people of its own, who signs them out itself."""

    @pytest.fixture(params=["embedded-sqlite", "embedded-redis"])
    def way(self, request):
        return request.param

    def test_a_logout_ends_the_session_of_the_host(self, site, alice, app):
        tokens = app.tokens(alice, scope="openid")
        assert log_out(site, alice, tokens["id_token"]) == f"{AFTER}?state=s"
        assert alice.get("/account").location.startswith(f"{ORIGIN}/login")

    def test_metadata_announces_logout_without_back_channel(self, site):
        said = site.get("/.well-known/openid-configuration").json
        assert said["end_session_endpoint"] == site.url("/oauth/logout")
        assert "backchannel_logout_supported" not in said
