"""An MCP server in FastMCP whose tools need access tokens of a provider elsewhere.

It introspects the token of each request (RFC 7662) with a client of its own. A request without a
token gets 401, a call of a tool that needs another scope 403; both say where to get one.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import AccessToken, RemoteAuthProvider, TokenVerifier
from fastmcp.server.auth.providers.introspection import IntrospectionTokenVerifier
from fastmcp.server.dependencies import get_access_token
from pydantic_core import from_json
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:5000")
RESOURCE = urlsplit(os.environ.get("RESOURCE", "http://127.0.0.1:5001/mcp"))
ORIGIN = f"{RESOURCE.scheme}://{RESOURCE.netloc}"

READ, WRITE = "notes.read", "notes.write"
NEEDS = {"add_note": WRITE, "delete_notes": WRITE}
"""What a tool needs beside ``READ``, which every request does."""


class Unbound(TokenVerifier):
    """Refuses what is bound to a key or a certificate: FastMCP asks for no proof of it."""

    def __init__(self, verifier: TokenVerifier) -> None:
        super().__init__(required_scopes=verifier.required_scopes)
        self.verifier = verifier

    async def verify_token(self, token: str) -> AccessToken | None:
        found = await self.verifier.verify_token(token)
        return None if found is None or "cnf" in found.claims else found


introspection = IntrospectionTokenVerifier(
    introspection_url=f"{ISSUER}/oauth/introspect",
    client_id=os.environ.get("CLIENT_ID", ""),
    client_secret=os.environ.get("CLIENT_SECRET", ""),
    audience=RESOURCE.geturl(),
)
auth = RemoteAuthProvider(
    Unbound(introspection),
    authorization_servers=[
        ISSUER
    ],  # as text: AnyHttpUrl would add a slash, which makes it another issuer
    base_url=ORIGIN,
    scopes_supported=[READ, WRITE],
    required_scopes=[READ],
    challenge_scopes=[READ],
)
server = FastMCP("Notes", auth=auth)
notes: dict[str, list[str]] = {}
"""By user, for as long as the server runs."""


def mine(scope: str) -> list[str]:
    """Return the notes of the token's user, if the token has ``scope``."""
    token = get_access_token()
    if token is None or token.subject is None or scope not in token.scopes:
        raise ToolError(f"This needs the scope {scope}.")
    return notes.setdefault(token.subject, [])


@server.tool
def list_notes() -> list[str]:
    """Return your notes."""
    return mine(READ)


@server.tool
def add_note(text: str) -> str:
    """Keep a note."""
    kept = mine(WRITE)
    kept.append(text)
    return f"You have {len(kept)} notes."


@server.tool
def delete_notes() -> str:
    """Delete all your notes."""
    mine(WRITE).clear()
    return "You have no notes."


class StepUp:
    """Asks for the scope that a tool needs and the token lacks: 403 ``insufficient_scope``.

    FastMCP can hide such a tool, or fail its call with an error of MCP. Neither tells the client
    to get another token: that takes a response of HTTP (RFC 6750 section 3.1).
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive) if scope["type"] == "http" else None
        if request is None or request.method != "POST" or READ not in request.auth.scopes:
            await self.app(scope, receive, send)  # FastMCP refuses it, if it must
            return
        body, granted = await request.body(), request.auth.scopes
        missing = needed(body) - set(granted)
        if missing:
            await refuse(" ".join([*granted, *sorted(missing)]))(scope, receive, send)
            return
        read_again = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def replay():
            return next(read_again, None) or await receive()

        await self.app(scope, replay, send)


def needed(body: bytes) -> set[str]:
    """The scopes that the tool calls in a request need."""
    try:
        said = from_json(body)  # as FastMCP reads it
    except ValueError:
        return set()
    called = set()
    for message in said if isinstance(said, list) else [said]:
        if isinstance(message, dict) and message.get("method") == "tools/call":
            params = message.get("params")
            called.add(str(params.get("name")) if isinstance(params, dict) else "")
    return {scope for tool, scope in NEEDS.items() if tool in called}


def refuse(scope: str) -> JSONResponse:
    metadata = f"{ORIGIN}/.well-known/oauth-protected-resource{RESOURCE.path}"
    challenge = (
        f'Bearer error="insufficient_scope", scope="{scope}", resource_metadata="{metadata}"'
    )
    return JSONResponse({"error": "insufficient_scope"}, 403, {"WWW-Authenticate": challenge})


if __name__ == "__main__":
    server.run(
        transport="http",
        host="127.0.0.1",
        port=RESOURCE.port,
        path=RESOURCE.path,
        middleware=[Middleware(StepUp)],
        log_level="WARNING",
        show_banner=False,
    )
