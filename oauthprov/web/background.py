"""What goes on beside the requests: it is looked after when one comes, so after a fork too."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.events import NewRequest

from oauthprov.web.site import site_of


def look(event: NewRequest) -> None:
    """Look now and then for what another process left undone: after a restart above all."""
    site_of(event.request.registry).provider.look()


def includeme(config: Configurator) -> None:
    """Look before requests."""
    config.add_subscriber(look, NewRequest)
