"""The style sheets and the one script."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Serve ``oauthprov:static`` below our own name, as a host may have a ``static`` too."""
    config.add_static_view("oauthprov-static", "oauthprov:static", cache_max_age=3600)
