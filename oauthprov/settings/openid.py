"""PKCE, OpenID Connect and logout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class OpenID:
    """PKCE, OpenID Connect and logout."""

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
