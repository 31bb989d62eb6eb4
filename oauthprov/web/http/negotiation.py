"""The media type of a response that has two forms (RFC 9110 section 12.5.1)."""

from __future__ import annotations

from webob.acceptparse import create_accept_header

_JSON = "application/json"


def prefers(accept: str | None, media_type: str) -> bool:
    """Tell whether a client prefers ``media_type``, which its Accept must name, to JSON.

    At equal quality, with a wildcard or a malformed header, it gets JSON, as clients did before
    there was another form.
    """
    if accept is None or media_type not in accept.lower():
        return False
    offers = create_accept_header(accept).acceptable_offers([_JSON, media_type])
    return bool(offers) and offers[0][0] == media_type
