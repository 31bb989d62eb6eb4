"""Clients for devices: the code of the console, requests-oauth2client and openid-client."""

from __future__ import annotations

import json
import re
import sys
import time

import pytest
from requests_oauth2client import (
    AccessDenied,
    DeviceAuthorizationPollingJob,
    OAuth2Client,
    PublicApp,
)

from oauthprov.records import Account
from tests import site as sites
from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.person import Person
from tests.clients.test_snippets import ran, shown
from tests.servers.programs import missing, program
from tests.servers.wsgi import Server
from tests.site import OPENID, PASSWORD


@pytest.fixture(scope="module", params=["oauth", "openid"])
def server(request):
    """A provider over real HTTP, whose clock is that of this machine."""
    listening = Server()
    more = {"scopes": OPENID} if request.param == "openid" else {}
    given = sites.ini("sqlite://", issuer=listening.root, development="true", **more)
    made = sites.standalone(given)
    made.clock.now = int(time.time())
    listening.start(made.wsgi)
    yield made
    listening.close()
    made.close()


@pytest.fixture(scope="module")
def alice(server):
    person = Person(server.issuer)
    person.submit(person.visit(f"{server.issuer}/signup"), name="alice", password=PASSWORD)
    yield person
    person.browser.close()


def decide(alice, code, decision="allow"):
    """Type a code, and allow or deny what follows."""
    page = alice.submit(alice.visit(f"{alice.issuer}/device"), user_code=code)
    end = alice.submit(page, decision=decision)
    assert end.status_code == 200, end.text


@pytest.fixture
def app(server, alice):
    """A client for devices that alice has registered."""
    [account] = server.storage.find(Account).items
    settings = server.wsgi.registry["oauthprov.settings"]
    scopes = ("openid", "profile") if settings.openid else ("profile:read",)
    return server.app("device", owner=account.record.account_id, scopes=scopes)


class TestTheCodeOfTheConsole:
    def test_for_curl(self, server, alice, app, tmp_path):
        if program("curl") is None:
            missing("no curl on PATH (apt-get install curl)")

        def seen(line):
            decide(alice, json.loads(line)["user_code"])
            return ""

        said = ran(["bash", "-c", shown(server, alice, app, "curl")], "", seen, tmp_path)
        assert json.loads(said.strip().splitlines()[-1])["access_token"]

    def test_for_authlib(self, server, alice, app, tmp_path):
        def seen(line):
            decide(alice, re.search(r"type (\S+)", line)[1])
            return ""

        code = shown(server, alice, app, "Authlib")
        said = ran([sys.executable, "-uc", code], "", seen, tmp_path)
        assert "'access_token'" in said

    def test_for_oauth4webapi(self, server, alice, app):
        def seen(line):
            decide(alice, re.search(r"type (\S+)", line)[1])
            return ""

        code = 'import "./webcrypto.js";\n' + shown(server, alice, app, "oauth4webapi")
        command = [javascript.node(), "--input-type=module", "-e", code]
        assert "access_token" in ran(command, "", seen, javascript.HOME)


def device_of(server, app):
    return OAuth2Client.from_discovery_endpoint(
        issuer=server.issuer,
        auth=PublicApp(app.client.client_id),
        device_authorization_endpoint=server.url("/oauth/device_authorization"),
        testing=True,  # http, on this machine
    )


@pytest.mark.parametrize("server", ["openid"], indirect=True)
def test_requests_oauth2client_polls_until_it_has_tokens(server, alice, app):
    client = device_of(server, app)
    told = client.authorize_device(scope="openid profile")
    assert told.verification_uri == f"{server.issuer}/device"
    polls = DeviceAuthorizationPollingJob(client, told, interval=1)
    assert polls() is None
    decide(alice, told.user_code)
    tokens = polls()
    assert tokens.id_token.claims["sub"] == client.userinfo(tokens)["sub"]
    assert client.refresh_token(tokens).access_token


@pytest.mark.parametrize("server", ["openid"], indirect=True)
def test_requests_oauth2client_learns_of_a_denial(server, alice, app):
    client = device_of(server, app)
    told = client.authorize_device(scope="openid")
    decide(alice, told.user_code, "cancel")
    with pytest.raises(AccessDenied):
        DeviceAuthorizationPollingJob(client, told, interval=1)()


@pytest.mark.parametrize("server", ["openid"], indirect=True)
def test_openid_client_polls_until_it_has_tokens(server, alice, app):
    def answer(wish):
        assert wish["at"] == f"{server.issuer}/device"
        decide(alice, wish["type"])
        return ""

    command = [javascript.node(), "device.js", server.issuer, app.client.client_id]
    outcome = converse(command, answer, javascript.HOME)
    assert outcome["claims"]["sub"] == outcome["userinfo"]["sub"]
    assert "nonce" not in outcome["claims"]
