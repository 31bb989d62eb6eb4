"""Who may create accounts and register clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Registering:
    """Who may create accounts and register clients."""

    signup: Literal["everyone", "off"] = setting(
        "signup",
        values.one_of("everyone", "off"),
        "off",
        "Who may create an account: everyone, off.",
    )
    signup_email: Literal["no", "optional", "required"] = setting(
        "signup.email",
        values.one_of("no", "optional", "required"),
        "no",
        "E-mail address at sign-up: no, optional, required; needs the scopes openid and email.",
    )
    account_deletion: bool = setting(
        "account.deletion",
        values.flag,
        "true",
        "Users may delete their account; `false` leaves it to `oauthprov user remove`.",
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
        "Dynamic client registration (RFC 7591): closed, token, open.",
    )
    registration_scopes: tuple[str, ...] = setting(
        "registration.scopes",
        values.words,
        "",
        "Scopes of clients that register themselves or have a document; empty allows every "
        "declared one.",
    )
    registration_schemes: tuple[str, ...] = setting(
        "registration.schemes",
        values.private_schemes,
        "",
        "Schemes of native apps' redirect URIs that aren't a reversed domain name, such as "
        "`cursor vscode`.",
    )
    registration_limit_address: str = setting(
        "registration.limit_address",
        values.rate,
        "20 per hour",
        "Attempts to register a client or to change a registration, from one IP address.",
    )
    registration_limit_network: str = setting(
        "registration.limit_network",
        values.rate,
        "60 per hour",
        "The same attempts from one network: an IPv6 /48 or an IPv4 /24.",
    )
    registration_limit_total: str = setting(
        "registration.limit_total",
        values.rate,
        "200 per hour, 1000 per day",
        "Clients registered dynamically, from all addresses together.",
    )
    registration_unused_lifetime: int = setting(
        "registration.unused_lifetime",
        values.seconds(),
        "7776000",
        "Seconds without use after which a dynamically registered client is purged; 0 keeps all.",
    )
