"""The keys that tokens are signed with."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys that tokens are signed with."""

    keys_algorithms: tuple[str, ...] = setting(
        "keys.algorithms",
        values.algorithms,
        "RS256",
        "Signing algorithms, default first: RS256, PS256, ES256, Ed25519, EdDSA. With the "
        "scope openid RS256 must be among them, except under a profile.",
    )
    keys_publish_ahead: int = setting(
        "keys.publish_ahead",
        values.seconds(),
        "86400",
        "Seconds for which a new key is published before it signs; 600 or more.",
    )
    keys_rotate_every: int = setting(
        "keys.rotate_every",
        values.seconds(),
        "0",
        "Seconds after which a new key takes over automatically; 0 leaves it to the operator.",
    )
