"""The SDKs of MCP and its Inspector as clients of ``examples/mcp``: each is a program."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.inspector import Inspector
from tests.clients.mcp_remote import remote
from tests.oauth import challenge
from tests.site import VERIFIER

HERE = Path(__file__).parent
CALLBACK = "http://127.0.0.1:49152/callback"


def program_of(client: str, url: str) -> list[str | Path]:
    match client:
        case "python":
            return [sys.executable, HERE / "mcp_sdk.py", url, CALLBACK]
        case "fastmcp":
            return [sys.executable, HERE / "mcp_fastmcp.py", url]
        case _:
            return [javascript.node(), "mcp_sdk.js", client, url, CALLBACK]


@pytest.mark.parametrize("client", ["python", "fastmcp", "sdk", "client"])
def test_an_sdk_registers_calls_a_tool_refreshes_and_steps_up(notes, client):
    alice = notes.someone(f"alice-{client}")
    command = program_of(client, notes.url)
    outcome = converse(command, lambda wish: notes.answer(alice, wish), javascript.HOME)
    assert set(outcome["tools"]) == {"list_notes", "add_note", "delete_notes"}
    assert "from" not in outcome["before"]
    assert outcome["rotated"] is True
    assert outcome["added"] == "You have 1 notes."
    assert "from" in outcome["after"]
    assert set(outcome["registered"].split()) == {"notes.read", "notes.write"}
    first, renewed, *others = [set(scope.split()) for scope in outcome["granted"]]
    assert first == renewed == {"notes.read"}
    assert others[-1] == {"notes.read", "notes.write"}
    assert outcome["visited"] == 2


def test_inspector_registers_calls_a_tool_refreshes_and_steps_up(notes, tmp_path):
    alice = notes.someone("alice")
    inspector = Inspector(tmp_path, lambda url: notes.answer(alice, {"visit": url}))
    inspector.know("notes", notes.url, "notes.read")
    assert inspector.call("notes", "list_notes") == []
    notes.provider.clock.pass_by(601)
    assert inspector.call("notes", "list_notes") == []
    assert len(inspector.visited) == 1
    assert inspector.call("notes", "add_note", "text=from Inspector") == "You have 1 notes."
    assert inspector.call("notes", "list_notes") == ["from Inspector"]
    asked = [parse_qs(urlsplit(url).query) for url in inspector.visited]
    assert [request["scope"] for request in asked] == [["notes.read"], ["notes.read notes.write"]]
    assert asked[0]["client_id"] == asked[1]["client_id"]
    assert inspector.asked == 1


def test_mcp_remote_registers_calls_a_tool_and_refreshes(notes, tmp_path):
    """It can't step up, so it requests both scopes at once."""
    alice = notes.someone("alice.remote")
    scope = json.dumps({"scope": "notes.read notes.write"})
    options = ("--static-oauth-client-metadata", scope)
    with remote(
        tmp_path, notes.url, lambda url: notes.answer(alice, {"visit": url}), *options
    ) as running:
        assert running.call("list_notes") == []
        notes.provider.clock.pass_by(601)
        assert running.call("add_note", text="from afar") == "You have 1 notes."
        assert len(running.visited) == 1


PUBLIC = {
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
EDITORS = {
    "claude-code": (
        {
            "client_name": "Claude Code (notes)",
            "redirect_uris": ["http://localhost:54545/callback"],
        },
        "http://localhost:54545/callback",
    ),
    "cursor": (
        {
            "client_name": "Cursor",
            "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback"],
        },
        "cursor://anysphere.cursor-mcp/oauth/callback",
    ),
    "vs-code": (
        {
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
            ],
            "application_type": "native",
        },
        "http://127.0.0.1:51234/",
    ),
}
"""What they register with, and where they let people return to."""


@pytest.mark.parametrize("editor", EDITORS)
def test_an_editor_registers_and_gets_a_token_for_the_server(notes, editor):
    metadata, redirect_uri = EDITORS[editor]
    registered = requests.post(
        notes.provider.url("/oauth/register"), json=PUBLIC | metadata, timeout=30
    )
    assert registered.status_code == 201, registered.text
    client_id = registered.json()["client_id"]
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": "notes.read",
        "resource": notes.url,
        "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    url = notes.provider.url("/oauth/authorize?" + urlencode(asked))
    arrived = parse_qs(urlsplit(notes.someone(f"alice.{editor}").allow(url, redirect_uri)).query)
    form = {"grant_type": "authorization_code", "code": arrived["code"][0], "client_id": client_id}
    exchange = form | {"code_verifier": VERIFIER, "redirect_uri": redirect_uri}
    tokens = requests.post(notes.provider.url("/oauth/token"), exchange, timeout=30).json()
    assert tokens["scope"] == "notes.read"
