"""The two cookies of ours, read without trusting a byte of the header."""

from __future__ import annotations

from typing import Any

SESSION = "oauthprov_sid"
BROWSER = "oauthprov_bid"

_HEADER_LIMIT = 16_384


def read(request: Any, name: str) -> str | None:
    """Return the value of our cookie ``name``; None when absent or not plain ASCII."""
    header = request.environ.get("HTTP_COOKIE", "")[:_HEADER_LIMIT]
    wanted = _full_name(request, name)
    for pair in header.split(";"):
        found, equals, value = pair.strip().partition("=")
        if equals and found == wanted:
            return value if value.isascii() and value.isprintable() else None
    return None


def write(request: Any, response: Any, name: str, value: str | None) -> None:
    """Set our cookie ``name`` for this browser session; None deletes it."""
    response.set_cookie(
        _full_name(request, name),
        value or "",
        max_age=None if value else 0,
        path="/",
        secure=request.oauthprov.site.secure,
        httponly=True,
        samesite="Lax",
    )


def _full_name(request: Any, name: str) -> str:
    # RFC 6265bis section 4.1.3.2: no other host can set or shadow a __Host- cookie; needs Secure.
    return f"__Host-{name}" if request.oauthprov.site.secure else name
