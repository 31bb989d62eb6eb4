"""The doorways: one module per endpoint or page, each with an ``includeme`` of its own."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Add ``request.oauthprov``, the directives, and every feature that is switched on."""
    config.include("pyramid_chameleon")
    for part in (
        "directives",
        "headers",
        "layout",
        "site",
        "request",
        "errors",
        "assets",
        "background",
    ):
        config.include(f"oauthprov.web.{part}")
    config.include("oauthprov.web.cors")
    config.include("oauthprov.resource")
    for endpoint in ("authorize", "token", "introspect", "revoke", "registration"):
        config.include(f"oauthprov.web.{endpoint}")
    for endpoint in ("jwks", "userinfo", "metadata"):
        config.include(f"oauthprov.web.{endpoint}")
    for endpoint in ("protected_resource", "me", "health", "client_logo"):
        config.include(f"oauthprov.web.{endpoint}")
    for feature in ("rp_logout", "backchannel_logout"):
        config.include(f"oauthprov.web.{feature}")
    for page in ("home", "account", "apps", "consent", "client_about", "clients"):
        config.include(f"oauthprov.web.{page}")
