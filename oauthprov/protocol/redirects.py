"""Which redirect URIs may be registered (OAuth 2.1 section 2.3, RFC 8252 sections 7 and 8.4)."""

from __future__ import annotations

from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def problem_with(uri: str, client_type: str) -> str | None:
    """Return a sentence that says why a client of this type may not register ``uri``, or None."""
    if len(uri) > 2000 or any(not "!" <= c <= "~" or c == "\\" for c in uri):
        return "A redirect URI has up to 2000 characters, without spaces or backslashes."
    try:
        parts = urlsplit(uri)
    except ValueError:
        return f"{uri} is not a URI."
    if "#" in uri:
        return f"{uri} has a fragment."
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return None if parts.hostname and "@" not in parts.netloc else f"{uri} has no plain host."
    if client_type == "native" and "." in parts.scheme:
        return None
    return f"{uri} must begin with https://, or http:// on this computer."
