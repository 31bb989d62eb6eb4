"""The origin of a URL, as browsers compare them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str | None:
    """Return the origin of an http or https URL as browsers write it, else None (RFC 6454)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def is_at(issuer: str, environ: Mapping[str, Any]) -> bool:
    """Tell whether a request names scheme, host and port as the issuer does."""
    address = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
    return f"{issuer}/".startswith(f"{address}/")
