"""What the MCP server of ``examples/mcp`` makes of a token, over HTTP."""

from __future__ import annotations

import json
import sys

import pytest
import requests

from examples.mcp.__main__ import running, wait_for
from tests.clients.mcp_server import SERVER
from tests.proofs import Holder
from tests.servers.run import free_port

ELSEWHERE = "http://127.0.0.1:9/mcp"
ADD = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "add_note"}}


@pytest.fixture(scope="module")
def app(notes):
    """A client of somebody who allowed it everything."""
    return notes.provider.app(scopes=("notes.read", "notes.write"))


@pytest.fixture(scope="module")
def browser(notes):
    return notes.provider.browser().sign_up("alice")


def asked(notes, token: str, body: object = ADD) -> tuple[int, str]:
    """Post to the MCP server; return the status and the challenge."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = requests.post(notes.url, sent, headers=headers, timeout=30)
    return answer.status_code, answer.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize("message", [ADD, [ADD], [{"method": "ping"}, ADD]])
def test_a_tool_that_writes_asks_for_its_scope_beside_those_granted(notes, app, browser, message):
    tokens = app.tokens(browser, scope="notes.read", resource=notes.url)
    status, challenge = asked(notes, tokens["access_token"], message)
    assert status == 403
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="notes.read notes.write"' in challenge
    assert "/.well-known/oauth-protected-resource/mcp" in challenge


def test_a_token_without_the_scope_of_every_request_is_refused(notes, app, browser):
    tokens = app.tokens(browser, scope="notes.write", resource=notes.url)
    status, challenge = asked(notes, tokens["access_token"])
    assert status == 403
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="notes.read"' in challenge


@pytest.mark.parametrize("resource", [None, ELSEWHERE])
def test_a_token_for_no_resource_or_another_one_is_refused(notes, app, browser, resource):
    if resource is None:
        token = app.tokens(browser, scope="notes.read")["access_token"]
    else:
        refused = app.exchange(
            browser.connect(app, scope="notes.read", resource=notes.url)["code"],
            resource=resource,
        )
        assert refused.json["error"] == "invalid_target"
        token = app.tokens(browser, scope="notes.read", resource=notes.url)["refresh_token"]
    assert asked(notes, token)[0] == 401


def test_a_token_that_is_bound_to_a_key_is_no_bearer_token(notes, app, browser):
    code = browser.connect(app, scope="notes.read notes.write", resource=notes.url)["code"]
    url, now = notes.provider.url("/oauth/token"), notes.provider.clock()
    tokens = app.exchange(code, {"DPoP": Holder().proof("POST", url, now)}).json
    assert tokens["token_type"] == "DPoP"
    assert asked(notes, tokens["access_token"])[0] == 401


def test_a_revoked_token_is_refused_at_once(notes, app, browser):
    token = app.tokens(browser, scope="notes.read", resource=notes.url)["access_token"]
    assert asked(notes, token)[0] == 403
    app.revoke(token)
    assert asked(notes, token)[0] == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[1]", b'{"method": "tools/call", "params": []}', b"\xff", b"[" * 5000],
    ids=["empty", "cut", "null", "number", "params", "bytes", "deep"],
)
def test_a_broken_message_is_a_clients_error(notes, app, browser, body):
    token = app.tokens(browser, scope="notes.read", resource=notes.url)["access_token"]
    assert 400 <= asked(notes, token, body)[0] < 500


def test_nobody_gets_in_while_the_issuer_does_not_answer():
    url = f"http://127.0.0.1:{free_port()}/mcp"
    issuer = f"http://127.0.0.1:{free_port()}"
    with running(sys.executable, str(SERVER), ISSUER=issuer, RESOURCE=url) as process:
        wait_for(url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp"), process)
        sent = {"Authorization": "Bearer opa_grant.secret"}
        assert requests.post(url, b"{}", headers=sent, timeout=30).status_code == 401
