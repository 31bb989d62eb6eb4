"""The provider's cookies: HttpOnly, and for this host only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pyramid.response import Response

if TYPE_CHECKING:
    from oauthprov.web.request import Request
    from oauthprov.web.site import Site

SameSite = Literal["Lax", "Strict"]

_HEADER_LIMIT = 16_384


def read(site: Site, environ: Mapping[str, Any], name: str) -> str | None:
    """Return the value of our cookie ``name``, None if absent or not plain ASCII."""
    header = environ.get("HTTP_COOKIE", "")[:_HEADER_LIMIT]
    wanted = _full_name(site, name)
    for pair in header.split(";"):
        found, equals, value = pair.strip().partition("=")
        if equals and found == wanted:
            return value if value.isascii() and value.isprintable() else None
    return None


def write(
    request: Request,
    name: str,
    value: str | None,
    *,
    seconds: int | None = None,
    same_site: SameSite = "Lax",
) -> None:
    """Set our cookie ``name`` in the response; the value None deletes it.

    It lasts for ``seconds``; None makes it a session cookie.
    """

    def send(request: Request, response: Response) -> None:
        response.set_cookie(
            _full_name(request.oauthprov.site, name),
            value or "",
            max_age=seconds if value else 0,
            path="/",
            secure=request.oauthprov.site.secure,
            httponly=True,
            samesite=same_site,
        )

    request.add_response_callback(send)


def _full_name(site: Site, name: str) -> str:
    # RFC 6265bis section 4.1.3.2: no other host can set or shadow a __Host- cookie; needs Secure.
    return f"__Host-{name}" if site.secure else name
