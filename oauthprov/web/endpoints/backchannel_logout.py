"""The metadata of back-channel logout (OpenID Connect Back-Channel Logout 1.0).

It is available if sessions have a ``SignedIn.sid``; a host's account source sets
``names_sessions``.
"""

from __future__ import annotations

from pyramid.config import PHASE1_CONFIG, Configurator

from oauthprov.web.site import site_of


def includeme(config: Configurator) -> None:
    """Add it to the metadata."""
    settings = config.registry["oauthprov.settings"]
    if not settings.openid:
        return

    def add() -> None:
        site = site_of(config.registry)
        accounts = site.accounts
        if not (accounts.can_sign_out and accounts.names_sessions):
            return
        site.metadata["backchannel_logout_supported"] = True
        site.metadata["backchannel_logout_session_supported"] = True

    config.action(("oauthprov", "backchannel_logout"), add, order=PHASE1_CONFIG)
