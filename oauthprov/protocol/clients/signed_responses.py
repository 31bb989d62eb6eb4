"""The signature algorithms of what is signed for a client: as it has registered, or the default.

These are ID tokens and UserInfo (OpenID Connect Registration section 2), authorization responses
(JARM section 3) and introspection responses (RFC 9701 section 6).
"""

from __future__ import annotations

from oauthprov.records import Client
from oauthprov.settings import Settings

DEFAULT = "RS256"
"""The algorithm that all three specifications name as the default."""


def id_token_alg(settings: Settings, client: Client) -> str:
    """Return the algorithm of ID tokens and logout tokens (Back-Channel Logout section 2.4).

    A client whose algorithm was switched off gets the default, which the client may refuse.
    """
    usual = settings.keys_algorithms[0] if client.registration_token is None else DEFAULT
    return supported(settings, client.id_token_signed_response_alg or usual)


def userinfo_alg(settings: Settings, client: Client) -> str | None:
    """Return the algorithm of UserInfo, None when it is plain JSON (Core section 5.3.2)."""
    alg = client.userinfo_signed_response_alg
    return None if alg is None else supported(settings, alg)


def authorization_alg(settings: Settings, client: Client) -> str:
    """Return the algorithm of authorization responses that are JWTs (JARM section 3)."""
    return supported(settings, client.authorization_signed_response_alg or DEFAULT)


def introspection_alg(settings: Settings, client: Client) -> str:
    """Return the algorithm of signed introspection responses (RFC 9701 section 6)."""
    return supported(settings, client.introspection_signed_response_alg or DEFAULT)


def supported(settings: Settings, alg: str) -> str:
    """Return ``alg``, or what stands for it if this server doesn't sign with it."""
    ours = settings.keys_algorithms
    return next(name for name in (alg, DEFAULT, *ours) if name in ours)
