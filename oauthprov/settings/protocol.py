"""What the protocol does: keys, OpenID Connect, logout, and what is fetched from clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oauthprov.settings import values
from oauthprov.settings.setting import setting
from oauthprov.settings.values import FetchAllow


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What the protocol does: keys, OpenID Connect, logout, and what is fetched from clients."""

    client_cache: int = setting(
        "client_cache",
        values.seconds(60),
        "5",
        "Seconds that a client record may be cached in-process.",
    )
    well_known_root: bool = setting(
        "well_known_root",
        values.flag,
        "false",
        "Serve bare root metadata for an issuer with a path.",
    )
    keys_algorithms: tuple[str, ...] = setting(
        "keys.algorithms",
        values.algorithms,
        "RS256",
        "What tokens are signed with, the default first: RS256, PS256, ES256, Ed25519, EdDSA.",
    )
    keys_publish_ahead: int = setting(
        "keys.publish_ahead",
        values.seconds(),
        "86400",
        "Seconds that a new key is published before it signs; 600 or more.",
    )
    keys_rotate_every: int = setting(
        "keys.rotate_every",
        values.seconds(),
        "0",
        "Seconds after which a new key takes over by itself; 0 leaves it to the operator.",
    )
    pkce: Literal["required", "public-only"] = setting(
        "pkce",
        values.one_of("required", "public-only"),
        "required",
        "PKCE: required of all; public-only, for certification, frees confidential openid ones.",
    )
    openid_implicit: bool = setting(
        "openid.implicit",
        values.flag,
        "false",
        "Give ID tokens without a code to clients registered so; for certification.",
    )
    openid_pairwise_secret: str = setting(
        "openid.pairwise_secret",
        str,
        "",
        "What pairwise subjects are made with, 32 characters or more; empty: none are offered.",
        secret=True,
    )
    logout_revoke_offline: bool = setting(
        "logout.revoke_offline", values.flag, "false", "Signing out ends offline access too."
    )
    logout_worker: bool = setting(
        "logout.worker", values.flag, "true", "Tell apps of logouts from here, not by cron."
    )
    fetch_allow: FetchAllow = setting(  # noqa: RUF009 - it is frozen, as the others are
        "fetch.allow",
        values.fetch_allow,
        "",
        "What clients' URLs may name beside port 443 of public addresses: host:port, or CIDR.",
    )
    fetch_ca_file: str = setting(
        "fetch.ca_file",
        values.ca_file,
        "",
        "A file of certificates to trust beside the system's when clients' URLs are fetched.",
    )
