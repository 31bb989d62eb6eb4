"""Whether a person must sign in or choose an account before a client gets an answer, and who.

OpenID Connect Core section 3.1.2.3 and Initiating User Registration. That somebody has signed in
for this very request shows in the interaction: it says who was there when it began.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from oauthlib.openid.connect.core.exceptions import LoginRequired

from oauthprov.accounts import SignedIn
from oauthprov.credentials import digest, name_key
from oauthprov.errors import UnmetAuthenticationRequirementsError
from oauthprov.protocol.request.answers import Again, Others, Visitor
from oauthprov.protocol.request.authentication_request import AuthenticationRequest
from oauthprov.protocol.request.claims import Wanted
from oauthprov.records import Digest, Interaction

Step = Literal["login", "reauthenticate", "create", "select_account"]
Rule = Callable[[AuthenticationRequest, SignedIn, int], bool]


@dataclass(frozen=True, slots=True)
class Served:
    """Whose session serves a request, if anybody's.

    ``anew`` tells that they signed in for it, ``chosen`` that they were chosen for it.
    """

    person: SignedIn | None
    anew: bool = False
    chosen: bool = False


def served(asked: AuthenticationRequest, visitor: Visitor, began: Interaction | None) -> Served:
    """Return whose session serves the request: who signed in for it, was chosen, or is meant.

    A client may name an account by a token that it got for it, or by its ``sub``; any session of
    that account will do, with ``prompt=none`` too (Core 3.1.2.1, 5.5.1). Else it is the active
    account. It stays the active one in any case.
    """
    active = visitor.person
    if began is not None and active is not None and _is_new(active, began):
        return Served(active, anew=True)
    if began is not None and began.chosen is not None:
        picked = next((one for one in visitor.everybody if mark_of(one) == began.chosen), None)
        if picked is not None:
            return Served(picked, anew=picked.auth_time > began.created_at, chosen=True)
    if not asked.means_somebody or (active is not None and not is_somebody_else(asked, active)):
        return Served(active)
    others = visitor.others()
    return Served(next((one for one in others if not is_somebody_else(asked, one)), active))


def mark_of(person: SignedIn) -> Digest:
    """Return what an interaction keeps of who was chosen: a session, or a host's account."""
    return person.session_key or digest(person.account_id)


def expected_name(asked: AuthenticationRequest, who: Served) -> str | None:
    """Return the name to fill in where ``who`` has to sign in."""
    person = who.person
    named = None if person is None or is_somebody_else(asked, person) else person.name
    return named if who.chosen else asked.login_hint or named


def step(asked: AuthenticationRequest, who: Served, others: Others, now: int) -> Step | None:
    """Return what has to be done first, None when nothing is left.

    Raises LoginRequired when somebody signed in for this request and is somebody else than it
    wants, UnmetAuthenticationRequirementsError when they did so more weakly.
    """
    if "create" in asked.prompt and not who.anew:
        return "create"
    if who.person is None:
        return "select_account" if others() else "login"
    if not who.anew:
        return _again(asked, who.person, others, now, chosen=who.chosen)
    if is_somebody_else(asked, who.person):
        raise LoginRequired()
    if _too_weak(asked, who.person, now):
        raise UnmetAuthenticationRequirementsError()
    return None


def _again(
    asked: AuthenticationRequest, person: SignedIn, others: Others, now: int, *, chosen: bool
) -> Step | None:
    why = why_again(asked, person, now)
    if why == "another_account":
        return "reauthenticate"
    if not chosen and (
        "select_account" in asked.prompt or _hints_at_another(asked, person, others)
    ):
        return "select_account"
    return "reauthenticate" if why is not None else None


def why_again(asked: AuthenticationRequest, person: SignedIn, now: int) -> Again | None:
    """Return why somebody who is signed in must sign in again, None when they needn't."""
    if is_somebody_else(asked, person):
        return "another_account"
    return next((why for why, rule in RULES if rule(asked, person, now)), None)


def is_somebody_else(asked: AuthenticationRequest, person: SignedIn) -> bool:
    """Tell whether another account is meant, by the id_token_hint or by ``sub`` (Core 5.5.1)."""
    return not asked.means(person.account_id)


def _hints_at_another(asked: AuthenticationRequest, person: SignedIn, others: Others) -> bool:
    """The login_hint is the name of another account that is signed in: which one, is a question.

    With ``prompt=none`` it counts for nothing: names can be guessed, and the answer would tell.
    """
    if asked.login_hint is None or "none" in asked.prompt:
        return False
    hinted = name_key(asked.login_hint)
    if hinted == name_key(person.name):
        return False
    return hinted in [name_key(other.name) for other in others()]


def _asked_for(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """The client wants the person to sign in: ``max_age=0`` means the same."""
    return "login" in asked.prompt or asked.max_age == 0


def _too_long_ago(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """The last sign-in is older than ``max_age``."""
    return asked.max_age is not None and now - person.auth_time > asked.max_age


def _too_weak(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """An essential ``acr`` isn't met; a voluntary one needn't be (Core 5.5.1.1)."""
    acr = asked.claims.id_token.get("acr", Wanted())
    return acr.essential and not acr.met_by(person.acr)


def _weaker_than_wished(asked: AuthenticationRequest, person: SignedIn, now: int) -> bool:
    """A wanted ``acr`` could be had by signing in otherwise; without a page it needn't be."""
    if not asked.acr_values or "none" in asked.prompt:
        return False
    return person.acr not in asked.acr_values


RULES: tuple[tuple[Again, Rule], ...] = (
    ("prompt", _asked_for),
    ("max_age", _too_long_ago),
    ("acr", _too_weak),
    ("acr", _weaker_than_wished),
)
"""Why somebody who is signed in, as who is meant, must sign in again; the first rule counts."""


def _is_new(person: SignedIn, began: Interaction) -> bool:
    if mark_of(person) == began.chosen:
        return False  # To choose isn't to sign in, in whatever second the session began.
    before = (began.session_key, began.auth_time)
    return (
        person.auth_time >= began.created_at and (person.session_key, person.auth_time) != before
    )
