"""The variants that the plans run their modules with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import pytest

SECURITY = "fapi2-security-profile-final-test-plan"
MESSAGE_SIGNING = "fapi2-message-signing-final-test-plan"
SIGNED: Literal["private_key_jwt"] = "private_key_jwt"
DPOP: Literal["dpop"] = "dpop"
MTLS: Literal["mtls"] = "mtls"


@dataclass(frozen=True)
class Variant:
    """How clients authenticate, what binds their tokens, whether OpenID Connect is spoken.

    Under Message Signing requests are signed and responses are JWTs; its profile is
    ``plain_fapi``, and so is that of the other plan.
    """

    plan: str
    client_auth_type: Literal["private_key_jwt", "mtls"]
    sender_constrain: Literal["dpop", "mtls"]
    openid: bool
    storage: Literal["sqlite", "redis"] = "sqlite"

    @property
    def signed(self) -> bool:
        """Whether requests and responses are signed."""
        return self.plan == MESSAGE_SIGNING

    @property
    def profile(self) -> str:
        """The setting ``oauthprov.profile``."""
        return "fapi2-message-signing" if self.signed else "fapi2"

    def __str__(self) -> str:
        words = [
            "signed" if self.signed else "plain",
            self.client_auth_type,
            self.sender_constrain,
            "openid" if self.openid else "oauth",
            *([self.storage] if self.storage != "sqlite" else []),
        ]
        return "-".join(words)


AUTHENTICATIONS: tuple[Literal["private_key_jwt", "mtls"], ...] = (SIGNED, MTLS)
BINDINGS: tuple[Literal["dpop", "mtls"], ...] = (DPOP, MTLS)
EVERY = [
    *(
        Variant(plan, auth, binding, openid)
        for plan, auth, binding, openid in product(
            (SECURITY, MESSAGE_SIGNING), AUTHENTICATIONS, BINDINGS, (True, False)
        )
    ),
    Variant(MESSAGE_SIGNING, SIGNED, DPOP, True, "redis"),
]
"""Each is one parameter of a test; on Redis there is one of them."""
USUAL = [
    one
    for one in EVERY
    if (one.client_auth_type == MTLS) is (one.sender_constrain == MTLS)
    and one.openid is (one.signed is (one.sender_constrain == DPOP))
    and one.storage == "sqlite"
]
"""One for each plan by keys, and one by certificates; ``make engines`` runs the others."""


def parameters(variants: list[Variant]) -> list[Any]:
    """Return the parameters of a test: ``make engines`` runs those that aren't usual."""
    more = pytest.mark.engines
    return [one if one in USUAL else pytest.param(one, marks=more) for one in variants]


def variants_in(parameters: Iterable[Any]) -> set[Variant]:
    """Return the variants of such parameters."""
    return {one if isinstance(one, Variant) else one.values[0] for one in parameters}


def _only(fits: Callable[[Variant], bool]) -> pytest.MarkDecorator:
    given = parameters([one for one in EVERY if fits(one)])
    return pytest.mark.parametrize("variant", given, ids=str)


with_openid = _only(lambda one: one.openid)
with_dpop = _only(lambda one: one.sender_constrain == DPOP)
with_assertions = _only(lambda one: one.client_auth_type == SIGNED)
with_signed_requests = _only(lambda one: one.signed)
