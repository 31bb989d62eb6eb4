"""Back-channel logout in a running server, and for a host that names its sessions."""

from __future__ import annotations

import dataclasses

import pytest
from pyramid.config import Configurator

from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.protocol.logout.backchannel import delivery
from oauthprov.records import Grant, LogoutDelivery
from oauthprov.storage.interface import Add
from oauthprov.storage.testing import samples
from oauthprov.web.site import site_of
from tests import site as sites
from tests.site import ISSUER, OPENID
from tests.web.openid import openid_site, relying_party


@pytest.fixture
def site(receiver):
    made = openid_site(**{"logout.worker": "true"} | receiver.settings)
    yield made
    site_of(made.wsgi.registry).provider.worker.join(60)
    made.close()


def test_a_request_after_a_restart_delivers_the_remaining_queue(site, receiver):
    app = relying_party(site, backchannel_logout_uri=receiver.uri)
    grant = samples.fill(Grant, "grant", bare=True)
    grant = dataclasses.replace(grant, client_id=app.client.client_id, sid="s")
    site.storage.commit(
        Add(delivery(site.clock.now, grant, "s", grant.account_id)), now=site.clock.now
    )
    site.get("/healthz")
    receiver.wait(1)
    site_of(site.wsgi.registry).provider.worker.join(60)
    assert list(site.storage.walk(LogoutDelivery)) == []


class HostAccounts(AccountSource):
    """Whoever the host's gateway names is signed in, in the session that it names."""

    can_sign_out = True
    names_sessions = True

    def signed_in(self, request):
        name = request.environ.get("REMOTE_USER")
        sid = request.environ.get("REMOTE_SESSION")
        return SignedIn(f"host-{name}", name, 1_800_000_000, sid=sid) if name else None

    def login_url(self, request, return_to):
        return f"{ISSUER}/enter"

    def sign_out(self, request):
        return [("Set-Cookie", "gateway=; Max-Age=0")]


class TestAHostThatNamesItsSessions:
    @pytest.fixture
    def site(self, receiver):
        settings = sites.ini("sqlite://", development="true", scopes=OPENID, **receiver.settings)
        with Configurator(settings=settings) as config:
            config.include("oauthprov")
            config.set_oauth_accounts(HostAccounts())
            made = sites.assembled(config, ISSUER)
        yield made
        made.close()

    def browser(self, site, session):
        made = site.browser()
        made.page.extra_environ |= {"REMOTE_USER": "alice", "REMOTE_SESSION": session}
        return made

    def test_a_host_that_names_its_sessions_notifies_its_apps(self, site, receiver):
        app = relying_party(site, backchannel_logout_uri=receiver.uri)
        here, elsewhere = self.browser(site, "1"), self.browser(site, "2")
        tokens = app.tokens(here, scope="openid")
        stays = app.tokens(elsewhere, scope="openid")
        response = here.get(f"/oauth/logout?id_token_hint={tokens['id_token']}")
        assert response.headers["Set-Cookie"] == "gateway=; Max-Age=0"
        assert app.introspect(tokens["access_token"]) == {"active": False}
        assert app.introspect(stays["access_token"])["active"] is True
        assert site_of(site.wsgi.registry).provider.backchannel.deliver().notified == 1
        [token] = receiver.told(site.get("/oauth/jwks").json)
        assert token.claims["sub"] == "host-alice"

    def test_session_support_is_announced_in_metadata(self, site):
        said = site.get("/.well-known/openid-configuration").json
        assert said["backchannel_logout_session_supported"] is True
