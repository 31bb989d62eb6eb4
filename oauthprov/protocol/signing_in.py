"""Whether a person must sign in, perhaps again, before a client gets an answer.

OpenID Connect Core section 3.1.2.3 and Initiating User Registration. That somebody has signed in
for this very request shows in the interaction: it says who was there when it began.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from oauthlib.openid.connect.core.exceptions import LoginRequired

from oauthprov.accounts import SignedIn
from oauthprov.errors import UnmetAuthenticationRequirementsError
from oauthprov.protocol.authentication_request import AuthenticationRequest
from oauthprov.protocol.claims import Wanted
from oauthprov.records import Interaction

Step = Literal["login", "reauthenticate", "create"]
Rule = Callable[[AuthenticationRequest, SignedIn, int], bool]


def step(
    asked: AuthenticationRequest, person: SignedIn | None, began: Interaction | None, now: int
) -> Step | None:
    """Return what ``person`` has to do first, None when nothing is left.

    Raises LoginRequired when they signed in for this request and are somebody else than it wants,
    UnmetAuthenticationRequirementsError when they did so more weakly.
    """
    anew = person is not None and began is not None and _is_new(person, began)
    if "create" in asked.prompt and not anew:
        return "create"
    if person is None:
        return "login"
    if not anew:
        return "reauthenticate" if any(rule(asked, person, now) for rule in RULES) else None
    if _somebody_else(asked, person, now):
        raise LoginRequired()
    if _too_weak(asked, person, now):
        raise UnmetAuthenticationRequirementsError()
    return None


def _somebody_else(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """Another account is meant, by the id_token_hint or by a value for ``sub`` (Core 5.5.1)."""
    return not asked.means(person.account_id)


def _asked_for(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """The client wants the person to sign in, or to choose an account."""
    return not asked.prompt.isdisjoint({"login", "select_account"})


def _too_long_ago(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """The last sign-in is older than ``max_age``; at 0 any is."""
    return asked.max_age is not None and (
        asked.max_age == 0 or now - person.auth_time > asked.max_age
    )


def _too_weak(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """An essential ``acr`` isn't met; a voluntary one needn't be (Core 5.5.1.1)."""
    acr = asked.claims.id_token.get("acr", Wanted())
    return acr.essential and not acr.met_by(person.acr)


def _weaker_than_wished(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """A wanted ``acr`` could be had by signing in otherwise; without a page it needn't be."""
    if not asked.acr_values or "none" in asked.prompt:
        return False
    return person.acr not in asked.acr_values


RULES: tuple[Rule, ...] = (
    _somebody_else,
    _asked_for,
    _too_long_ago,
    _too_weak,
    _weaker_than_wished,
)
"""Why somebody who is signed in must sign in again."""


def _is_new(person: SignedIn, began: Interaction) -> bool:
    before = (began.session_key, began.auth_time)
    return (
        person.auth_time >= began.created_at and (person.session_key, person.auth_time) != before
    )
