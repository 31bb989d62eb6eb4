"""Protected views in the provider's app: see :mod:`oauthprov.resource`."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.resource import protect_views
from oauthprov.settings import Settings


def includeme(config: Configurator) -> None:
    """Add the view options."""
    settings: Settings = config.registry["oauthprov.settings"]
    protect_views(
        config,
        scopes=settings.scope_names,
        resources=settings.resource_uris,
        options=("oauth_token_in_form",),
        under="oauth_cors",
    )
