"""An MCP server whose resource has JWT access tokens verifies them by FastMCP's JWTVerifier."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clients.conversation import converse
from tests.clients.forged import forged
from tests.site import OPENID

HERE = Path(__file__).parent
TOOLS, NOTES = "https://mcp.example/mcp", "https://notes.example/mcp"


@pytest.fixture(scope="module")
def more():
    return {
        "scopes": f"{OPENID}\ntools:read | Read",
        "resources": f"{TOOLS} | tools:read | Tools | jwt\n{NOTES} | tools:read | Notes | jwt",
    }


def test_only_a_token_for_the_mcp_server_gets_in(openid_provider):
    scopes = ("openid", "tools:read", "profile:read")
    app = openid_provider.app(scopes=scopes)
    browser = openid_provider.browser().sign_up("alice")

    def tokens(**asked):
        return app.tokens(browser, scope="openid tools:read", **asked)

    good = tokens(resource=TOOLS)
    given = [
        good["access_token"],
        tokens(resource=NOTES)["access_token"],
        tokens()["access_token"],
        good["id_token"],
        good["refresh_token"],
        forged(good["access_token"]),
    ]
    command = [sys.executable, HERE / "mcp_jwt.py", openid_provider.issuer, TOOLS, *given]
    first, *others = converse(command, lambda wish: "", HERE)["accepted"]
    assert "tools:read" in first
    assert others == [None] * 5
