"""Pushed authorization requests (RFC 9126)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Par:
    """Pushed authorization requests (RFC 9126)."""

    par: Literal["off", "offered", "required"] = setting(
        "par",
        values.one_of("off", "offered", "required"),
        "offered",
        "Pushed authorization requests (RFC 9126): `off`, `offered` to every client, `required` "
        "of every client.",
    )
    par_lifetime: int = setting(
        "par_lifetime",
        values.seconds(600, least=5),
        "60",
        "Seconds in which a user must arrive with a pushed request, 5 to 600. The sign-in may "
        "take longer.",
    )
    par_limit_network: str = setting(
        "par.limit_network",
        values.rate,
        "600 per minute",
        "Requests pushed by clients without a secret or key, from one network: an IPv6 /48 or an "
        "IPv4 /24.",
    )
