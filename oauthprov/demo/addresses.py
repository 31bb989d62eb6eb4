"""Which URLs tokens may be sent to."""

from __future__ import annotations

from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_secure(url: str) -> bool:
    """Return whether ``url`` is https, or http to this machine, so that tokens may be sent."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def is_loopback(url: str) -> bool:
    """Return whether the host of ``url`` is this machine."""
    return urlsplit(url).hostname in _LOOPBACK
