"""Which addresses tokens may travel to."""

from __future__ import annotations

from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_secure(url: str) -> bool:
    """Tell whether ``url`` is https, or http to this machine: what tokens may travel over."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def is_loopback(url: str) -> bool:
    """Tell whether the host of ``url`` is this machine."""
    return urlsplit(url).hostname in _LOOPBACK
