"""OAuth 2.1 authorization server for Pyramid: ``main`` for pserve, ``includeme`` for hosts."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator

from oauthprov.settings import Settings
from oauthprov.storage import open_storage


def main(global_config: dict[str, str], **settings: str) -> Any:
    """Return the WSGI app of a stand-alone server (``use = egg:oauthprov``).

    Raises ConfigurationError when the settings can't be used.
    """
    with Configurator(settings=settings) as config:
        config.include("oauthprov.web.standalone")
        return config.make_wsgi_app()


def includeme(config: Configurator) -> None:
    """Add the provider to a Pyramid app: routes, views and ``request.oauthprov``.

    Nothing global is set. Raises ConfigurationError when the settings can't be used.
    """
    settings = Settings.from_ini(config.registry.settings)
    config.registry["oauthprov.settings"] = settings
    config.registry["oauthprov.storage"] = open_storage(settings)
    config.include("oauthprov.web")
