"""The metrics for Prometheus, behind a secret."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply


def metrics(exchange: Exchange) -> Reply:
    """Return the metrics, 401 without the secret."""
    metering = exchange.site.metering
    assert metering is not None  # noqa: S101 - the route exists only with it
    return metering.read(exchange.header("AUTHORIZATION"), exchange.header("ACCEPT"))


def includeme(config: Configurator) -> None:
    """Add the endpoint if a secret guards it."""
    if config.registry["oauthprov.settings"].metrics_secret:
        config.add_oauth_handler("metrics", "/metrics", get=metrics)
