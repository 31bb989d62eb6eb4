"""A Pyramid app with an MCP endpoint, and the provider in it: all that its ini says of MCP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from oauthprov.resource import bearer, challenge
from tests import site as sites
from tests.servers.wsgi import Server
from tests.site import Site

WRITING = ("add_note", "delete_notes")
RESULT = {
    "type": "object",
    "properties": {"result": {"type": "string"}},
    "x-fastmcp-wrap-result": True,
}
TOOLS = [
    {"name": name, "inputSchema": {"type": "object"}, "outputSchema": RESULT}
    for name in ("list_notes", "add_note", "delete_notes")
]


def mcp(request: Request) -> Response:
    """Answer one message of MCP's streamable HTTP without a session."""
    message = request.json_body
    if message["method"] == "tools/call" and message["params"]["name"] in WRITING:
        refused = challenge(request, ("notes.read", "notes.write"))
        if refused is not None:
            return refused
    if "id" not in message:
        return Response(status=202)
    match message["method"]:
        case "initialize":
            result = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "Notes", "version": "1"},
            }
        case "tools/list":
            result = {"tools": TOOLS}
        case "tools/call":
            result = called(request, message["params"])
        case method:
            error = {"code": -32601, "message": f"There is no {method}."}
            return reply(message, error=error)
    return reply(message, result=result)


def called(request: Request, params: dict[str, object]) -> dict[str, object]:
    notes = request.registry["notes"].setdefault(bearer(request).account_id, [])
    text = "\n".join(notes)
    if params["name"] == "add_note":
        notes.append(params["arguments"]["text"])
        text = f"You have {len(notes)} notes."
    return {
        "content": [{"type": "text", "text": text}],
        "structuredContent": {"result": text},
    }


def reply(message: dict[str, object], **outcome: object) -> Response:
    return Response(json_body={"jsonrpc": "2.0", "id": message["id"], **outcome})


def no_stream(request: Request) -> Response:
    """Refuse the stream that clients may ask for: this server has nothing to say unasked."""
    return Response(status=405)


@contextmanager
def app_with_mcp(**more: str) -> Iterator[Site]:
    """Serve the app; its MCP endpoint is ``/mcp``. ``more`` are settings of this machine."""
    listening = Server()
    root = listening.root
    settings = {
        "oauthprov.issuer": root,
        "oauthprov.development": "true",
        "oauthprov.secret": "0123456789abcdefghijklmnopqrstuvwxyz",
        "oauthprov.storage.url": "sqlite://",
        "oauthprov.signup": "everyone",
        "oauthprov.scopes": "notes.read | Read your notes\nnotes.write | Change your notes",
        "oauthprov.resources": f"{root}/mcp | notes.read notes.write | Your notes",
        "oauthprov.client_documents": "*",
    }
    here = {f"oauthprov.{key}": value for key, value in more.items()}
    cheap = {"oauthprov.password.memory": "8", "oauthprov.password.time": "1"}
    with Configurator(settings=settings | here | cheap) as config:
        config.include("oauthprov")
        config.registry["notes"] = {}
        config.add_route("mcp", "/mcp")
        config.add_view(
            mcp,
            route_name="mcp",
            request_method="POST",
            oauth_scopes=("notes.read",),
            oauth_cors="any",
        )
        config.add_view(no_stream, route_name="mcp", request_method="GET")
        config.add_oauth_preflight("mcp", "POST")
        site = sites.assembled(config, root)
    site.clock.now = int(time.time())
    listening.start(site.wsgi)
    try:
        yield site
    finally:
        listening.close()
        site.close()
