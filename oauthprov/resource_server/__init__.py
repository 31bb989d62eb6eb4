"""Protects the views of a Pyramid app that isn't the provider, without storage.

Tokens are checked by introspection, or, if they are JWTs, by their signature.

::

    config.include("oauthprov.resource_server")

Views then take the options ``oauth_scopes``, ``oauth_resource``, ``oauth_token_in_form`` and
``oauth_cors="any"``, and :mod:`oauthprov.resource` has ``bearer(request)`` and
``OAuthSecurityPolicy``, as in the provider's own app. The settings are
``oauthprov.resource_server.*``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pyramid.config import Configurator

from oauthprov.failures import ConfigurationError
from oauthprov.protected_resource.client_certificates import Proxy
from oauthprov.resource import protect_views
from oauthprov.resource_server import client, cors, views
from oauthprov.resource_server.cache import Cache
from oauthprov.resource_server.introspection import Introspection
from oauthprov.resource_server.issuer import Issuer, fetcher_of
from oauthprov.resource_server.proofs import InMemory, UsedProofs
from oauthprov.resource_server.unavailable import Unavailable
from oauthprov.settings.protocol.mtls import OFF
from oauthprov.settings.resource_server import MEMORY, ResourceServer

__all__ = ("Unavailable", "includeme")


def includeme(config: Configurator) -> None:
    """Add the view options and the metadata. Raises ConfigurationError for invalid settings.

    The issuer is first called for the first token, so that both may start in any order.
    """
    settings = ResourceServer.from_ini(config.registry.settings)
    clock = config.registry.get("oauthprov.clock", time.time)
    config.registry[views.SETTINGS] = settings
    config.registry[views.TOKENS] = _tokens(settings, clock)
    config.registry[views.CLOCK] = clock
    config.registry[views.PROXY] = None if settings.mtls_format == OFF else Proxy.of(settings)
    if views.PROOFS not in config.registry:
        config.registry[views.PROOFS] = _proofs(settings, clock)
    config.include(views)
    config.include(cors)
    protect_views(
        config,
        scopes=settings.scope_names,
        resources=settings.resource_uris,
        options=("oauth_token_in_form",),
        under="oauth_cors",
    )


def _tokens(settings: ResourceServer, clock: Callable[[], float]) -> views.Tokens:
    issuer = Issuer(settings.issuer, fetcher_of(settings), clock)
    if settings.validation == "introspection":
        introspection = Introspection(issuer, client.credentials(settings, clock))
        return Cache(introspection.token_info, settings.cache, clock)
    # Apps that introspect load no library for JWTs.
    from oauthprov.resource_server.access_jwts import AccessJWTs
    from oauthprov.resource_server.issuer_keys import IssuerKeys

    return AccessJWTs(settings, IssuerKeys(issuer, clock), clock)


def _proofs(settings: ResourceServer, clock: Callable[[], float]) -> UsedProofs:
    if settings.proofs_url == MEMORY:
        return InMemory(clock)
    # Only apps that share them load the driver.
    from oauthprov.resource_server.shared_proofs import SharedProofs

    try:
        return SharedProofs(settings.proofs_url, settings.timeout, clock)
    except ValueError as wrong:
        raise ConfigurationError([f"oauthprov.resource_server.proofs.url: {wrong}"]) from None
