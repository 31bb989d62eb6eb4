"""Who may make accounts and register clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Registering:
    """Who may make accounts and register clients."""

    signup: Literal["everyone", "off"] = setting(
        "signup",
        values.one_of("everyone", "off"),
        "off",
        "Who may make an account: everyone, off.",
    )
    console: Literal["everyone", "developers", "off"] = setting(
        "console",
        values.one_of("everyone", "developers", "off"),
        "developers",
        "Who may register clients at /clients: everyone, developers, off.",
    )
    registration: Literal["closed", "token", "open"] = setting(
        "registration",
        values.one_of("closed", "token", "open"),
        "closed",
        "Whether clients may register themselves (RFC 7591): closed, token, open.",
    )
    registration_scopes: tuple[str, ...] = setting(
        "registration.scopes",
        values.words,
        "",
        "The scopes that such clients may have; empty means every declared one.",
    )
    registration_limit_address: str = setting(
        "registration.limit_address",
        values.rate,
        "20 per hour",
        "Tries to register, or to change what is registered, from one address.",
    )
    registration_limit_network: str = setting(
        "registration.limit_network",
        values.rate,
        "60 per hour",
        "Such tries from one network: a /48 of IPv6, a /24 of IPv4.",
    )
    registration_limit_total: str = setting(
        "registration.limit_total",
        values.rate,
        "200 per hour, 1000 per day",
        "Clients registered from all addresses together.",
    )
    registration_unused_lifetime: int = setting(
        "registration.unused_lifetime",
        values.seconds(),
        "7776000",
        "Seconds without use after which such a client is removed by a purge; 0 keeps all.",
    )
