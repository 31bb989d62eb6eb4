"""An MCP client made of the Python SDK: ``python mcp_sdk.py URL REDIRECT_URI [CLIENT_ID]``.

The client id is the URL of a document about it; without one it registers itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import parse_qs, urlsplit

from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

url, redirect_uri, document = (*sys.argv[1:], None)[:3]


def ask(**wish: object) -> str:
    """Write a line of JSON, and return the line that the test answers with."""
    print(json.dumps(wish), flush=True)
    return sys.stdin.readline().strip()


class Memory:
    """Keeps tokens and registration; ``granted`` has the scope of each token response."""

    def __init__(self):
        self.tokens = self.client = None
        self.granted = []

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens
        self.granted.append(tokens.scope)

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


visited: list[str] = []


async def send(address: str) -> None:
    visited.append(ask(visit=address))


async def come_back() -> AuthorizationCodeResult:
    arrived = {name: value for name, [value] in parse_qs(urlsplit(visited[-1]).query).items()}
    return AuthorizationCodeResult(
        code=arrived["code"], state=arrived["state"], iss=arrived["iss"]
    )


async def called(client: Client, name: str, **given: str) -> str:
    result = await client.call_tool(name, given)
    assert not result.is_error, result
    return "\n".join(part.text for part in result.content)


async def main() -> dict[str, object]:
    kept = Memory()
    metadata = OAuthClientMetadata(
        client_name="SDK", redirect_uris=[redirect_uri], token_endpoint_auth_method="none"
    )
    auth = OAuthClientProvider(url, metadata, kept, send, come_back, client_metadata_url=document)
    async with (
        create_mcp_http_client(auth=auth) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        tools = [tool.name for tool in (await client.list_tools()).tools]
        before = await called(client, "list_notes")
        first = kept.tokens
        ask(**{"pass": first.expires_in + 1})
        # The SDK goes by the clock of this machine, which the test can't advance.
        auth.context.token_expiry_time = time.time() - 1
        await called(client, "list_notes")
        renewed = kept.tokens
        added = await called(client, "add_note", text="from Python")
        return {
            "tools": tools,
            "before": before,
            "added": added,
            "after": await called(client, "list_notes"),
            "rotated": renewed.refresh_token != first.refresh_token
            and renewed.access_token != first.access_token,
            "granted": kept.granted,
            "visited": len(visited),
            "registered": kept.client.scope,
            "client_id": kept.client.client_id,
        }


print(json.dumps({"outcome": asyncio.run(main())}), flush=True)
