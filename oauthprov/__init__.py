"""OAuth 2.1 authorization server for Pyramid: ``main`` for pserve, ``includeme`` for hosts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

# Everything else is imported where it is used: the command prints its help without the web
# framework, and oauthprov.resource_server needs neither storage nor the protocol.
if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from pyramid.config import Configurator

    from oauthprov.settings import Settings
    from oauthprov.storage.interface import Health, Storage

__version__ = "0.1.0"


def main(global_config: dict[str, str], **settings: str) -> WSGIApplication:
    """Return the WSGI app of a standalone server (``use = egg:oauthprov``).

    Raises ConfigurationError for invalid settings. If nobody catches it, as under pserve, the
    process prints the list of problems without a traceback, and exits with status 1.
    """
    from pyramid.config import Configurator

    from oauthprov.failures import ConfigurationError, print_without_traceback
    from oauthprov.web.standalone import answer_straight

    with Configurator(settings=settings) as config:
        try:
            config.include("oauthprov.web.standalone")
        except ConfigurationError:
            print_without_traceback(ConfigurationError)
            raise
        answer_straight(config)
        app: WSGIApplication = config.make_wsgi_app()
        return app


def includeme(config: Configurator) -> None:
    """Add the provider to a Pyramid app: routes, views and ``request.oauthprov``.

    It changes nothing global, except that oauthlib's loggers stay at INFO or above: at DEBUG they
    print codes and tokens. Raises ConfigurationError for invalid settings.
    """
    from oauthprov.settings import Settings
    from oauthprov.storage import storage_problems

    settings = Settings.from_ini(config.registry.settings, storage_problems)
    config.registry["oauthprov.version"] = __version__
    config.registry["oauthprov.settings"] = settings
    config.registry["oauthprov.storage"] = opened(settings)
    config.include("oauthprov.web")


def opened(settings: Settings) -> Storage:
    """Open the storage of the settings, upgraded where that is done by itself.

    Raises ConfigurationError for a wrong URL and for a storage that must be upgraded.
    """
    from oauthprov import logs
    from oauthprov.accounts import confirmed_addresses
    from oauthprov.errors import ConfigurationError, StorageError, UpgradeNeeded
    from oauthprov.storage import open_storage
    from oauthprov.storage.transfer import incomplete

    try:
        storage = open_storage(settings.storage_url, settings.storage_options)
        if settings.development and settings.storage_url.startswith("sqlite:"):
            storage.upgrade()
            for _ in confirmed_addresses.enter_all(storage, lambda: int(time.time())):
                pass
        _warn(storage.health())
        half = incomplete(storage)
        if half is not None:
            raise ConfigurationError([half])
    except ValueError as wrong:
        raise ConfigurationError([f"oauthprov.storage.url: {wrong}"]) from None
    except UpgradeNeeded as outdated:
        raise ConfigurationError([str(outdated)]) from None
    except StorageError as down:
        # Storage may start to answer before the first request; until it does, responses are 503.
        logs.logger(__name__).warning("the storage can't be used: %s", down)
    return storage


def _warn(health: Health) -> None:
    from oauthprov import logs

    log = logs.logger(__name__)
    if health.full:
        log.warning("the storage is full: it takes nothing new, so no token can be issued")
    for warning in health.sentences:
        log.warning("storage: %s", warning)
