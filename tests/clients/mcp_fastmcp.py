"""An MCP client made of FastMCP, as a program: ``python mcp_fastmcp.py URL [CLIENT_ID]``.

The client id is the URL of a document about it; without one it registers itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import warnings

import httpx2
from fastmcp import Client
from fastmcp.client.auth import OAuth

warnings.filterwarnings("ignore", message="Using in-memory token storage")
url, document = (*sys.argv[1:], None)[:2]


def ask(**wish: object) -> str:
    """Write a line of JSON, and return the line that the test answers with."""
    print(json.dumps(wish), flush=True)
    return sys.stdin.readline().strip()


class Shown(OAuth):
    """Has the test open the address that it would open in a browser; its own server waits."""

    visited = 0
    granted: list[str] = []  # noqa: RUF012

    async def redirect_handler(self, authorization_url: str) -> None:
        self.visited += 1
        arrived = await asyncio.to_thread(ask, visit=authorization_url)
        self.browsing = asyncio.create_task(self.browse(arrived))

    async def browse(self, arrived: str) -> None:
        """Go where the browser would, as soon as something listens there."""
        async with httpx2.AsyncClient() as browser:
            while True:
                try:
                    await browser.get(arrived)
                except httpx2.ConnectError:
                    await asyncio.sleep(0.05)
                else:
                    return


async def main() -> dict[str, object]:
    auth = Shown(client_metadata_url=document)
    async with Client(url, auth=auth) as client:

        async def called(name: str, **given: str) -> str:
            return str((await client.call_tool(name, given)).data)

        def kept():
            return auth.context.current_tokens

        tools = [tool.name for tool in await client.list_tools()]
        before, first = await called("list_notes"), kept()
        ask(**{"pass": first.expires_in + 1})
        # The SDK goes by the clock of this machine, which the test can't advance.
        auth.context.token_expiry_time = time.time() - 1
        await called("list_notes")
        renewed = kept()
        added = await called("add_note", text="from FastMCP")
        return {
            "tools": tools,
            "before": before,
            "added": added,
            "after": await called("list_notes"),
            "rotated": renewed.refresh_token != first.refresh_token
            and renewed.access_token != first.access_token,
            "granted": [first.scope, renewed.scope, kept().scope],
            "visited": auth.visited,
            "registered": auth.context.client_info.scope,
            "client_id": auth.context.client_info.client_id,
        }


print(json.dumps({"outcome": asyncio.run(main())}), flush=True)
