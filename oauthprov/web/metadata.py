"""What the server can do, as the sum of what its features announce (RFC 8414).

There is no ``openid-configuration`` until there is OpenID Connect: clients that probe for it get
404 and go on to the address that is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.protocol.metadata import AUTHORIZATION_SERVER, authorization_server, well_known
from oauthprov.settings import Settings

_ROUTE = "oauthprov."


def metadata(request: Any) -> Response:
    """Return the metadata document."""
    tools = request.oauthprov
    entries = {name: _shown(tools, value) for name, value in tools.site.metadata.items()}
    document = authorization_server(tools.settings, entries)
    return published(document)


def published(document: Mapping[str, object]) -> Response:
    """Return a public JSON document, which caches may keep for five minutes."""
    response = Response(json_body=dict(document))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _shown(tools: Any, value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_ROUTE):
        return tools.url(value.removeprefix(_ROUTE))
    return value


@contextmanager
def at_root(config: Configurator) -> Iterator[None]:
    """Let routes be added beside the route prefix: well-known addresses stand at the root."""
    prefix, config.route_prefix = config.route_prefix, None
    try:
        yield
    finally:
        config.route_prefix = prefix


def includeme(config: Configurator) -> None:
    """Serve the document at every address where clients look for it.

    For an issuer with a path these are the path-inserted one of RFC 8414, the appended one that
    OpenID clients form, and, by ``oauthprov.well_known_root``, the bare one.
    """
    settings: Settings = config.registry["oauthprov.settings"]
    _serve(config, "metadata", f"/.well-known/{AUTHORIZATION_SERVER}")
    with at_root(config):
        if urlsplit(settings.issuer).path:
            inserted = unquote(urlsplit(well_known(settings.issuer, AUTHORIZATION_SERVER)).path)
            _serve(config, "metadata.inserted", inserted)
        if settings.well_known_root:
            _serve(config, "metadata.root", f"/.well-known/{AUTHORIZATION_SERVER}")


def _serve(config: Configurator, name: str, pattern: str) -> None:
    config.add_oauth_endpoint(name, pattern, get=metadata, kind="document", cors="any")
