"""A resource's line and ``client_documents = *`` are all that MCP needs of a Pyramid app's ini."""

from __future__ import annotations

import pytest
import requests

from oauthprov.records import Client
from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.mcp_pyramid import app_with_mcp
from tests.clients.mcp_server import Notes
from tests.clients.test_mcp_documents import ON_DEVICE, program_of
from tests.publisher import Publisher

PATIENCE = 10


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    made = Publisher(tmp_path_factory.mktemp("publisher"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(published):
    here = {name: published.settings[name] for name in ("fetch.allow", "fetch.ca_file")}
    with app_with_mcp(**here) as served:
        yield served


@pytest.mark.parametrize("client", ["python", "fastmcp", "sdk", "client"])
def test_an_sdk_gets_from_the_url_of_the_endpoint_to_a_tool(app, published, client):
    notes = Notes(f"{app.issuer}/mcp", app, None)
    alice = notes.someone(f"alice-{client}")
    document = published.publish(f"/{client}.json", **ON_DEVICE)
    command = program_of(client, notes.url, document)
    outcome = converse(command, lambda wish: notes.answer(alice, wish), javascript.HOME)
    assert outcome["client_id"] == document
    assert outcome["rotated"] is True
    assert outcome["added"] == "You have 1 notes."
    assert outcome["visited"] == 2
    assert all(one.record.registration_token is None for one in app.storage.walk(Client))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer opa_x.y"}])
def test_a_401_leads_to_the_metadata_and_names_the_scopes(app, headers):
    answer = requests.post(f"{app.issuer}/mcp", json={}, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 401
    said = answer.headers["WWW-Authenticate"]
    document = f"{app.issuer}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{document}"' in said
    assert 'scope="notes.read"' in said
    resource = requests.get(document, timeout=PATIENCE).json()
    assert resource["resource"] == f"{app.issuer}/mcp"
    assert resource["scopes_supported"] == ["notes.read", "notes.write"]
    [issuer] = resource["authorization_servers"]
    metadata = requests.get(
        f"{issuer}/.well-known/oauth-authorization-server", timeout=PATIENCE
    ).json()
    assert metadata["client_id_metadata_document_supported"] is True
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert "registration_endpoint" not in metadata


@pytest.mark.parametrize(
    "path",
    [
        "/mcp",
        "/oauth/token",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/mcp",
    ],
)
def test_a_browser_may_send_the_headers_of_mcp(app, path):
    asked = "mcp-protocol-version"
    answer = requests.options(
        f"{app.issuer}{path}",
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": asked,
        },
        timeout=PATIENCE,
    )
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {asked, "authorization", "mcp-session-id", "last-event-id"} <= set(allowed)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
