"""The Pyramid layer: one module per endpoint or page, each with its own ``includeme``."""

from __future__ import annotations

from pyramid.config import Configurator

PARTS = (
    "directives",
    "headers",
    "layout",
    "site",
    "request",
    "errors",
    "cors",
    "resource",
    "responder",
)
"""Modules that endpoints and pages need."""
ENDPOINTS = (
    "assets",
    "brand",
    "authorize",
    "par",
    "token",
    "introspect",
    "revoke",
    "registration",
    "jwks",
    "userinfo",
    "metadata",
    "protected_resource",
    "me",
    "health",
    "metrics",
    "client_logo",
    "rp_logout",
    "backchannel_logout",
)
PAGES = (
    "account.source",
    "account.home",
    "account.overview",
    "account.apps",
    "account.export",
    "audit.own",
    "account.consent",
    "account.client_about",
    "console.pages",
    "device.authorization",
    "device.page",
)
"""Pages for every account source; :mod:`oauthprov.web.site` adds those for built-in accounts."""


def includeme(config: Configurator) -> None:
    """Add ``request.oauthprov``, the directives, and every feature that is enabled."""
    config.include("pyramid_chameleon")
    for part in PARTS:
        config.include(f"oauthprov.web.{part}")
    for endpoint in ENDPOINTS:
        config.include(f"oauthprov.web.endpoints.{endpoint}")
    for page in PAGES:
        config.include(f"oauthprov.web.{page}")
