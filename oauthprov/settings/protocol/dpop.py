"""Tokens that are bound to a key of the client (DPoP, RFC 9449)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class DPoP:
    """Tokens that are bound to a key of the client (DPoP, RFC 9449)."""

    dpop: Literal["off", "offered", "required"] = setting(
        "dpop",
        values.one_of("off", "offered", "required"),
        "offered",
        "Bind tokens to a key that the client proves to hold (DPoP): `offered` to clients that "
        "send a proof, `required` of all, or `off`.",
    )
    dpop_nonce: bool = setting(
        "dpop.nonce",
        values.flag,
        "false",
        "Demand of every DPoP proof a nonce that the server has just given, so that none is made "
        "in advance; costs clients a request more from time to time.",
    )
