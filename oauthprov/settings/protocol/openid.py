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
        "`required`: every client uses PKCE. `public-only` (certification): confidential "
        "OpenID clients may omit it.",
    )
    openid_implicit: bool = setting(
        "openid.implicit",
        values.flag,
        "false",
        "Offer OpenID's implicit flow to clients registered for it; for certification.",
    )
    openid_pairwise_secret: str = setting(
        "openid.pairwise_secret",
        str,
        "",
        "Secret of 32 or more characters from which pairwise subjects are derived; empty "
        "offers none.",
        secret=True,
    )
    logout_revoke_offline: bool = setting(
        "logout.revoke_offline",
        values.flag,
        "false",
        "Signing out also revokes grants with `offline_access`.",
    )
    logout_worker: bool = setting(
        "logout.worker",
        values.flag,
        "true",
        "Deliver back-channel logouts from the server processes; `false` leaves it to "
        "`oauthprov logout deliver`.",
    )
