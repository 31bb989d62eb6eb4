"""The SDKs of MCP with a document about themselves: nobody registers them (examples/mcp)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from oauthprov.records import Client
from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.mcp_server import notes_in
from tests.publisher import Publisher

HERE = Path(__file__).parent
CALLBACK = "http://127.0.0.1:49152/callback"
ON_DEVICE = {"redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"]}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    made = Publisher(tmp_path_factory.mktemp("publisher"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def notes(published, tmp_path_factory):
    here = {name: published.settings[name] for name in ("fetch.allow", "fetch.ca_file")}
    with notes_in(tmp_path_factory.mktemp("notes"), **here) as served:
        yield served


def program_of(client: str, url: str, document: str) -> list[str | Path]:
    match client:
        case "python":
            return [sys.executable, HERE / "mcp_sdk.py", url, CALLBACK, document]
        case "fastmcp":
            return [sys.executable, HERE / "mcp_fastmcp.py", url, document]
        case _:
            return [javascript.node(), "mcp_sdk.js", client, url, CALLBACK, document]


@pytest.mark.parametrize("client", ["python", "fastmcp", "sdk", "client"])
def test_an_sdk_with_a_document_calls_a_tool_refreshes_and_steps_up(notes, published, client):
    alice = notes.someone(f"alice-{client}")
    document = published.publish(f"/{client}.json", **ON_DEVICE)
    command = program_of(client, notes.url, document)
    outcome = converse(command, lambda wish: notes.answer(alice, wish), javascript.HOME)
    assert outcome["client_id"] == document
    assert outcome["rotated"] is True
    assert outcome["added"] == "You have 1 notes."
    assert "from" in outcome["after"]
    first, renewed, *others = [set(scope.split()) for scope in outcome["granted"]]
    assert first == renewed == {"notes.read"}
    assert others[-1] == {"notes.read", "notes.write"}
    assert outcome["visited"] == 2
    assert published.paths.count(f"/{client}.json") == 1
    found = [stored.record for stored in notes.provider.storage.walk(Client)]
    assert {one.client_id for one in found if one.client_type == "native"} >= {document}
    assert all(one.registration_token is None for one in found)
