"""The headers of all responses of the demo, and the refusal of undecodable requests."""

from __future__ import annotations

from collections.abc import Callable

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_UNREADABLE = "400 Bad Request\n\nThe address or the form of this request can't be read.\n"


def tween_factory(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """Return the tween that refuses undecodable requests and adds the security headers.

    The policy has no ``form-action``: Chromium applies it to the whole chain of redirects, and the
    form for connecting is redirected to the provider and then to the host's sign-in page.
    """

    def tween(request: Request) -> Response:
        response = handler(request) if _readable(request) else _refusal()
        response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return tween


def _readable(request: Request) -> bool:
    # Broken escapes, invalid UTF-8 and unknown charsets raise on first reading, even inside
    # Pyramid: hence everything is read here once.
    try:
        request.path_info.encode()
        request.GET.mixed()
        request.POST.mixed()
    except (UnicodeError, LookupError, ValueError, DeprecationWarning):  # WebOb raises the last
        return False
    return True


def _refusal() -> Response:
    return Response(_UNREADABLE, status=400, content_type="text/plain")
