"""CSRF protection of our forms: a check of the origin, and a token bound to the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from oauthprov.messages import N_
from oauthprov.web.http.problems import Rejected

if TYPE_CHECKING:
    from oauthprov.web.request import Request

FIELD = "csrf_token"
_LABEL = "csrf"


def token(request: Request) -> str:
    """Return the token for the forms of this page: an HMAC of the browser's secret."""
    tools = request.oauthprov
    return str(tools.provider.keyring.sign(_LABEL, tools.session.binding))


def check(request: Request, given: str) -> None:
    """Raise Rejected unless ``given`` is this browser's token and the form is from our site."""
    tools = request.oauthprov
    if not _same_site(request, tools.site.origin):
        raise _forged(
            N_(
                "The form was sent from another site. Nothing was changed. Go back, reload the "
                "page and try again."
            )
        )
    if not tools.provider.keyring.verify(_LABEL, tools.session.binding, given):
        raise _forged(
            N_(
                "The form has expired, or the browser refuses cookies. Nothing was changed. Go "
                "back, reload the page and try again."
            )
        )


def _same_site(request: Request, origin: str) -> bool:
    headers = request.headers
    sent = headers.get("Origin", "null")
    if sent != "null":
        return bool(sent == origin)
    # A proxy that adds "Referrer-Policy: no-referrer" makes browsers send "Origin: null".
    if "Sec-Fetch-Site" in headers:
        return bool(headers["Sec-Fetch-Site"] == "same-origin")
    if "Origin" in headers:
        return False
    referer = headers.get("Referer")
    if referer is None:
        return True
    try:
        parts = urlsplit(referer)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" == origin


def _forged(description: str) -> Rejected:
    return Rejected("invalid_request", description, status=403)
