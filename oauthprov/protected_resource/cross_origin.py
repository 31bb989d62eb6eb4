"""What browser apps of every origin may read and send (Fetch, section 3.2)."""

from __future__ import annotations

EVERY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "WWW-Authenticate, Retry-After, DPoP-Nonce, X-Request-Id, Mcp-Session-Id"
    ),
}
"""The headers of public documents and of challenges, which have no private content."""
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    # Those of MCP are sent to its servers, the one of its version also to ours.
    "Access-Control-Allow-Headers": (
        "authorization, content-type, dpop, last-event-id, mcp-method, mcp-name,"
        " mcp-protocol-version, mcp-session-id"
    ),
    "Access-Control-Max-Age": "7200",
}
"""The headers of the response to a preflight request, but for the methods."""
