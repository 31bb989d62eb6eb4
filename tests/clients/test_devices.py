"""Clients for devices: the code of the console, requests-oauth2client and openid-client.

Each converses with a provider on each engine at the same time, since devices wait between polls.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from requests_oauth2client import (
    AccessDenied,
    DeviceAuthorizationPollingJob,
    OAuth2Client,
    PublicApp,
)

from oauthprov.records import Account
from tests.clients import javascript
from tests.clients.console_code import names, ran, shown
from tests.clients.conversation import converse
from tests.clients.engines import newcomer, on_each, served
from tests.clients.person import Person
from tests.servers.programs import missing, program
from tests.site import OPENID, App, Site


@dataclass
class Home:
    """A provider, a person there, and a client for devices that the person has registered."""

    server: Site
    alice: Person
    app: App

    @classmethod
    def at(cls, server: Site) -> Home:
        alice = newcomer(server)
        *_, account = server.storage.walk(Account)
        settings = server.wsgi.registry["oauthprov.settings"]
        scopes = ("openid", "profile") if settings.openid else ("profile:read",)
        owner = account.record.account_id
        return cls(server, alice, server.app("device", owner=owner, scopes=scopes))

    def decide(self, code: str, decision: str = "allow") -> str:
        """Type a code, and allow or deny what follows."""
        page = self.alice.visit(f"{self.server.issuer}/device")
        end = self.alice.submit(self.alice.submit(page, user_code=code), decision=decision)
        assert end.status_code == 200, end.text
        return ""

    def code_for(self, name: str) -> str:
        """The code that the client's page shows."""
        return shown(self.server, self.alice, self.app, name)


@pytest.fixture(scope="module")
def homes(engines):
    """One on each engine with OpenID Connect, and one without."""
    with ExitStack() as stack:
        servers = {
            engine: stack.enter_context(served(url, scopes=OPENID))
            for engine, url in engines.items()
        }
        servers["sqlite, without OpenID Connect"] = stack.enter_context(served("sqlite://"))
        made = {name: Home.at(server) for name, server in servers.items()}
        yield made
        for home in made.values():
            home.alice.browser.close()


@pytest.fixture(scope="module")
def openid(homes):
    return {name: home for name, home in homes.items() if name != "sqlite, without OpenID Connect"}


def decided(home, line):
    """Read the code that a program says to type."""
    return home.decide(re.search(r"type (\S+)", line)[1])


class TestTheCodeOfTheConsole:
    def test_for_curl(self, homes, tmp_path):
        if program("curl") is None:
            missing("no curl on PATH (apt-get install curl)")

        def run(home):
            command = ["bash", "-c", home.code_for("curl")]
            return ran(
                command, "", lambda line: home.decide(json.loads(line)["user_code"]), tmp_path
            )

        for said in on_each(homes, run).values():
            assert json.loads(said.strip().splitlines()[-1])["access_token"]

    def test_for_authlib(self, homes, tmp_path):
        def run(home):
            command = [sys.executable, "-uc", home.code_for("Authlib")]
            return ran(command, "", lambda line: decided(home, line), tmp_path)

        for said in on_each(homes, run).values():
            assert "'access_token'" in said

    def test_for_oauth4webapi(self, homes):
        for said in on_each(homes, by_oauth4webapi).values():
            assert "access_token" in said

    def test_for_oauth4webapi_with_proofs_of_a_key_and_nonces(self):
        demands = {"dpop": "required", "dpop.nonce": "true"}
        with served("sqlite://", **demands) as server:
            home = Home.at(server)
            assert names(server, home.alice, home.app) == ["oauth4webapi"]
            assert "access_token" in by_oauth4webapi(home)
            home.alice.browser.close()


def by_oauth4webapi(home):
    """Run the console's code for oauth4webapi."""
    code = 'import "./webcrypto.js";\n' + home.code_for("oauth4webapi")
    command = [javascript.node(), "--input-type=module", "-e", code]
    return ran(command, "", lambda line: decided(home, line), javascript.HOME)


def device_of(home):
    return OAuth2Client.from_discovery_endpoint(
        issuer=home.server.issuer,
        auth=PublicApp(home.app.client.client_id),
        device_authorization_endpoint=home.server.url("/oauth/device_authorization"),
        testing=True,  # http, on this machine
    )


def test_requests_oauth2client_polls_until_it_has_tokens(openid):
    def run(home):
        client = device_of(home)
        told = client.authorize_device(scope="openid profile")
        assert told.verification_uri == f"{home.server.issuer}/device"
        polls = DeviceAuthorizationPollingJob(client, told, interval=1)
        assert polls() is None
        home.decide(told.user_code)
        tokens = polls()
        assert tokens.id_token.claims["sub"] == client.userinfo(tokens)["sub"]
        assert client.refresh_token(tokens).access_token

    on_each(openid, run)


def test_requests_oauth2client_learns_of_a_denial(openid):
    def run(home):
        client = device_of(home)
        told = client.authorize_device(scope="openid")
        home.decide(told.user_code, "cancel")
        with pytest.raises(AccessDenied):
            DeviceAuthorizationPollingJob(client, told, interval=1)()

    on_each(openid, run)


def test_openid_client_polls_until_it_has_tokens(openid):
    def answer(wish):
        home = at[wish["issuer"]]
        assert wish["at"] == f"{home.server.issuer}/device"
        return home.decide(wish["type"])

    at = {home.server.issuer: home for home in openid.values()}
    devices = [f"{issuer}={home.app.client.client_id}" for issuer, home in at.items()]
    found = converse([javascript.node(), "device.js", *devices], answer, javascript.HOME)
    for outcome in (found[issuer] for issuer in at):
        assert outcome["claims"]["sub"] == outcome["userinfo"]["sub"]
        assert "nonce" not in outcome["claims"]
