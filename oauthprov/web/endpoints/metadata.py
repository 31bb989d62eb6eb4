"""The server metadata, collected from all enabled features (RFC 8414).

OpenID Connect has the same document at another address. If OpenID Connect is disabled, that
address returns 404, and clients that probe for it go on to the address of RFC 8414.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from pyramid.config import Configurator

from oauthprov.protected_resource.metadata import CACHEABLE, well_known
from oauthprov.protocol.authorize.checks import PROMPTS
from oauthprov.protocol.metadata import (
    AUTHORIZATION_SERVER,
    OPENID_PROVIDER,
    authorization_server,
    openid_provider,
)
from oauthprov.settings import Settings
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply, in_json
from oauthprov.web.site import Site

_ROUTE = "oauthprov."


def metadata(exchange: Exchange) -> Reply:
    """Return the metadata document."""
    site = exchange.site
    entries = {name: _shown(site, value) for name, value in site.metadata.items()}
    acr_values = site.accounts.acr_values
    if acr_values:  # RFC 9470 section 7: for requests without OpenID Connect too
        entries["acr_values_supported"] = list(acr_values)
    if site.proxy is not None:
        entries["mtls_endpoint_aliases"] = _aliases(site)
    if site.settings.openid:
        prompts = [p for p in PROMPTS if p != "create" or site.has_page("signup")]
        entries |= openid_provider(site.settings, acr_values, prompts)
    return published(authorization_server(site.settings, entries))


def _aliases(site: Site) -> dict[str, str]:
    """Return the endpoints where clients present a certificate (RFC 8705 section 5)."""
    named = {
        name: site.alias(value.removeprefix(_ROUTE))
        for name, value in site.metadata.items()
        if isinstance(value, str) and value.startswith(_ROUTE)
    }
    return {name: alias for name, alias in named.items() if alias is not None}


def published(document: Mapping[str, object]) -> Reply:
    """Return a response with a public JSON document, cacheable for five minutes."""
    return in_json(document, headers=CACHEABLE)


def _shown(site: Site, value: object) -> object:
    if isinstance(value, str) and value.startswith(_ROUTE):
        return site.url(value.removeprefix(_ROUTE))
    return value


@contextmanager
def at_root(config: Configurator) -> Iterator[None]:
    """Add routes without the route prefix: well-known URLs are at the root."""
    prefix, config.route_prefix = config.route_prefix, None
    try:
        yield
    finally:
        config.route_prefix = prefix


def includeme(config: Configurator) -> None:
    """Serve the document at every URL where clients look for it.

    For an issuer with a path these are the path-inserted URL of RFC 8414, the path-appended URL of
    OpenID Connect Discovery section 4, and, with ``oauthprov.well_known_root``, the URL without
    the path.
    """
    settings: Settings = config.registry["oauthprov.settings"]
    _serve(config, settings, "metadata", AUTHORIZATION_SERVER)
    if settings.openid:
        _serve(config, settings, "openid", OPENID_PROVIDER)


def _serve(config: Configurator, settings: Settings, name: str, document: str) -> None:
    bare = f"/.well-known/{document}"
    _serve_at(config, name, bare)
    with at_root(config):
        if urlsplit(settings.issuer).path:
            inserted = unquote(urlsplit(well_known(settings.issuer, document)).path)
            _serve_at(config, f"{name}.inserted", inserted)
        if settings.well_known_root:
            _serve_at(config, f"{name}.root", bare)


def _serve_at(config: Configurator, name: str, pattern: str) -> None:
    config.add_oauth_handler(name, pattern, get=metadata, kind="document", cors="any")
