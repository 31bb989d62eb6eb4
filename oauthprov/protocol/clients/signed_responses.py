"""The signature algorithms of ID tokens and UserInfo for a client (Registration section 2)."""

from __future__ import annotations

from oauthprov.records import Client
from oauthprov.settings import Settings

DEFAULT = "RS256"
"""The algorithm for a self-registered client that named none; always among ours."""


def id_token_alg(settings: Settings, client: Client) -> str:
    """Return the algorithm of ID tokens and logout tokens (Back-Channel Logout section 2.4).

    A client whose algorithm was switched off gets the default, which the client may refuse.
    """
    usual = settings.keys_algorithms[0] if client.registration_token is None else DEFAULT
    return _ours(settings, client.id_token_signed_response_alg or usual)


def userinfo_alg(settings: Settings, client: Client) -> str | None:
    """Return the algorithm of UserInfo, None when it is plain JSON (Core section 5.3.2)."""
    alg = client.userinfo_signed_response_alg
    return None if alg is None else _ours(settings, alg)


def _ours(settings: Settings, alg: str) -> str:
    return alg if alg in settings.keys_algorithms else DEFAULT
