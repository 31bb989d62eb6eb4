"""The SDKs of MCP and its Inspector as clients of ``examples/mcp``: each is a program."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.inspector import Inspector

HERE = Path(__file__).parent
CALLBACK = "http://127.0.0.1:49152/callback"


def program_of(client: str) -> list[str | Path]:
    if client == "python":
        return [sys.executable, HERE / "mcp_sdk.py"]
    return [javascript.node(), "mcp_sdk.js", client]


@pytest.mark.parametrize("client", ["python", "sdk", "client"])
def test_an_sdk_registers_calls_a_tool_refreshes_and_steps_up(notes, client):
    alice = notes.someone(f"alice-{client}")
    command = [*program_of(client), notes.url, CALLBACK]
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
    inspector = Inspector(
        tmp_path, notes.url, "notes.read", lambda url: notes.answer(alice, {"visit": url})
    )
    assert inspector.call("list_notes") == []
    notes.provider.clock.pass_by(601)
    assert inspector.call("list_notes") == []
    assert len(inspector.visited) == 1
    assert inspector.call("add_note", text="from Inspector") == "You have 1 notes."
    assert inspector.call("list_notes") == ["from Inspector"]
    asked = [parse_qs(urlsplit(url).query) for url in inspector.visited]
    assert [request["scope"] for request in asked] == [["notes.read"], ["notes.read notes.write"]]
    assert asked[0]["client_id"] == asked[1]["client_id"]
    assert inspector.asked == 1
