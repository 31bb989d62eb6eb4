"""A relying party for trying out the provider: a separate Pyramid app.

It imports nothing else from oauthprov: it learns about the provider only by discovery.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from pyramid.config import Configurator
from pyramid.router import Router

from oauthprov.demo.openid.provider import OpenIDProvider
from oauthprov.demo.provider import Provider
from oauthprov.demo.sessions import CSRFTokens, SessionStore, session_of
from oauthprov.demo.settings import PREFIX, Settings


def main(global_config: Mapping[str, str], **section: str) -> Router:
    """Return the demo for ``pserve``; ``Settings.read`` reads its settings.

    Raises ``pyramid.exceptions.ConfigurationError`` for invalid settings.
    """
    settings = Settings.read(global_config, os.environ, section)
    pyramid_settings = {key: value for key, value in section.items() if not key.startswith(PREFIX)}
    return make_app(settings, clock=lambda: int(time.time()), pyramid_settings=pyramid_settings)


def make_app(
    settings: Settings,
    *,
    clock: Callable[[], int],
    pyramid_settings: Mapping[str, str] | None = None,
) -> Router:
    """Return the demo as a WSGI app. ``clock`` returns the time in epoch seconds."""
    provider = Provider(settings, clock)
    openid = OpenIDProvider(provider)
    store = SessionStore()
    with Configurator(settings=pyramid_settings or {}) as config:
        config.include("pyramid_chameleon")
        config.add_request_method(lambda request: provider, "provider", property=True)
        config.add_request_method(lambda request: openid, "openid", property=True)
        config.add_request_method(lambda request: store, "session_store", property=True)
        config.add_request_method(session_of, "browser_session", property=True)
        config.set_csrf_storage_policy(CSRFTokens())
        # The pages send no Referer, so that no URL with a code in it is ever sent; browsers then
        # send "Origin: null" with forms, which the origin check would refuse.
        config.set_default_csrf_options(require_csrf=True, check_origin=False)
        config.add_tween("oauthprov.demo.responses.tween_factory")
        config.add_static_view("static", "oauthprov.demo:static", cache_max_age=3600)
        config.include("oauthprov.demo.views")
        config.include("oauthprov.demo.openid.sign_in")
        config.include("oauthprov.demo.openid.sign_out")
        config.include("oauthprov.demo.openid.backchannel_logout")
        config.include("oauthprov.demo.failures")
        return config.make_wsgi_app()
