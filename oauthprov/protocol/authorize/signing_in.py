"""Whether a user must sign in or choose an account before a client gets a response, and which.

OpenID Connect Core section 3.1.2.3 and Initiating User Registration. A sign-in counts for this
request if the session differs from the one stored when the interaction began.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from oauthlib.openid.connect.core.exceptions import LoginRequired

from oauthprov.accounts import SignedIn
from oauthprov.credentials import digest, name_key
from oauthprov.errors import UnmetAuthenticationRequirementsError
from oauthprov.protocol.request.answers import Again, Others, Visitor
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.claims import Wanted
from oauthprov.records import Digest, Interaction

Step = Literal["login", "reauthenticate", "step_up", "create", "select_account"]
Rule = Callable[[CheckedRequest, SignedIn, int], bool]


@dataclass(frozen=True, slots=True)
class Served:
    """The user whose session serves a request, if any.

    ``anew`` tells that they signed in for it, ``chosen`` that they were chosen for it.
    """

    person: SignedIn | None
    anew: bool = False
    chosen: bool = False


def served(asked: CheckedRequest, visitor: Visitor, began: Interaction | None) -> Served:
    """Return whose session serves the request: signed in for it, chosen for it, or named by it.

    A client may name an account by an ID token that it received or by ``sub``; any session of that
    account serves, also with ``prompt=none`` (Core 3.1.2.1, 5.5.1). Otherwise it is the active
    account's. The active account never changes here. The user has the ``acr`` that the client is
    told.
    """
    found = _found(asked, visitor, began)
    person = found.person and _as_requested(asked, found.person)
    return found if person is found.person else replace(found, person=person)


def _found(asked: CheckedRequest, visitor: Visitor, began: Interaction | None) -> Served:
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


def _as_requested(asked: CheckedRequest, person: SignedIn) -> SignedIn:
    """Return the user with an ``acr`` that was requested, if they satisfy one.

    The value of a client that requires one of some values must be one of these (Core 5.5.1.1).
    """
    wanted = _required_acrs(asked) or asked.acr_values
    if not wanted or person.acr in wanted:
        return person
    met = next((acr for acr in person.acrs if acr in wanted), person.acr)
    return replace(person, acr=met, meets=person.acrs)


def mark_of(person: SignedIn) -> Digest:
    """Return how an interaction stores the chosen user: by session, or by a host's account."""
    return person.session_key or digest(person.account_id)


def expected_name(asked: CheckedRequest, who: Served) -> str | None:
    """Return the user name to fill in when ``who`` has to sign in."""
    person = who.person
    named = None if person is None or is_somebody_else(asked, person) else person.name
    return named if who.chosen else asked.login_hint or named


def step(asked: CheckedRequest, who: Served, others: Others, now: int) -> Step | None:
    """Return what the user must do first, None when nothing is left.

    Raises LoginRequired when another account than the requested one signed in for this request,
    UnmetAuthenticationRequirementsError when the sign-in is weaker than required.
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
        if asked.step_up is None:
            raise UnmetAuthenticationRequirementsError()
        return _stronger(asked, who.person)
    return None


def _again(
    asked: CheckedRequest, person: SignedIn, others: Others, now: int, *, chosen: bool
) -> Step | None:
    why = why_again(asked, person, now)
    if why == "another_account":
        return "reauthenticate"
    if not chosen and (
        "select_account" in asked.prompt or _hints_at_another(asked, person, others)
    ):
        return "select_account"
    if why == "acr":
        return _stronger(asked, person)
    return "reauthenticate" if why is not None else None


def _stronger(asked: CheckedRequest, person: SignedIn) -> Step:
    """Return how the user reaches a requested ``acr``.

    Raises UnmetAuthenticationRequirementsError when no proof here gives a required one.
    """
    if asked.step_up is None:
        return "reauthenticate"
    if asked.step_up.isdisjoint(wanted_acrs(asked, person)):
        raise UnmetAuthenticationRequirementsError()
    return "step_up"


def lacking(
    asked: CheckedRequest, person: SignedIn | None, step: str | None, now: int
) -> tuple[Again | None, tuple[str, ...]]:
    """Return why a user must sign in again, and the values of ``acr`` that they step up to."""
    if person is None:
        return None, ()
    again = why_again(asked, person, now) if step == "reauthenticate" else None
    return again, wanted_acrs(asked, person) if step == "step_up" else ()


def wanted_acrs(asked: CheckedRequest, person: SignedIn) -> tuple[str, ...]:
    """Return the values of ``acr`` of which the user must satisfy one and satisfies none."""
    if _too_weak(asked, person, 0):
        return _required_acrs(asked)
    return () if asked.acr_values.intersection(person.acrs) else tuple(asked.acr_values)


def why_again(asked: CheckedRequest, person: SignedIn, now: int) -> Again | None:
    """Return why a signed-in user must sign in again, None when they needn't."""
    if is_somebody_else(asked, person):
        return "another_account"
    return next((why for why, rule in RULES if rule(asked, person, now)), None)


def is_somebody_else(asked: CheckedRequest, person: SignedIn) -> bool:
    """Tell whether the request means another account, by id_token_hint or ``sub`` (Core 5.5.1)."""
    return not asked.means(person.account_id)


def _hints_at_another(asked: CheckedRequest, person: SignedIn, others: Others) -> bool:
    """The login_hint names another signed-in account, so the user must choose one.

    With ``prompt=none`` it is ignored: names can be guessed, and the response would reveal who is
    signed in.
    """
    if asked.login_hint is None or "none" in asked.prompt:
        return False
    hinted = name_key(asked.login_hint)
    if hinted == name_key(person.name):
        return False
    return hinted in [name_key(other.name) for other in others()]


def _asked_for(asked: CheckedRequest, person: SignedIn, now: int) -> bool:
    """The client requests a sign-in; ``max_age=0`` means the same as ``prompt=login``."""
    return "login" in asked.prompt or asked.max_age == 0


def _too_long_ago(asked: CheckedRequest, person: SignedIn, now: int) -> bool:
    """The last sign-in is older than ``max_age``."""
    return asked.max_age is not None and now - person.auth_time > asked.max_age


def _too_weak(asked: CheckedRequest, person: SignedIn, now: int) -> bool:
    """An essential ``acr`` isn't met; a voluntary one needn't be (Core 5.5.1.1)."""
    acr = asked.claims.id_token.get("acr", Wanted())
    if not acr.essential or not acr.values:
        return False
    return not any(acr.met_by(met) for met in person.acrs)


def _weaker_than_wished(asked: CheckedRequest, person: SignedIn, now: int) -> bool:
    """The user could satisfy a requested ``acr`` and doesn't; ignored with ``prompt=none``.

    A user who has set up nothing that satisfies it goes on without: it is voluntary.
    """
    if not asked.acr_values or "none" in asked.prompt:
        return False
    if not asked.acr_values.isdisjoint(person.acrs):
        return False
    return person.could_meet is None or not asked.acr_values.isdisjoint(person.could_meet)


def _required_acrs(asked: CheckedRequest) -> tuple[str, ...]:
    """Return the values of an essential ``acr`` claim, of which one must be met."""
    acr = asked.claims.id_token.get("acr", Wanted())
    return tuple(acr for acr in acr.values if isinstance(acr, str)) if acr.essential else ()


RULES: tuple[tuple[Again, Rule], ...] = (
    ("prompt", _asked_for),
    ("max_age", _too_long_ago),
    ("acr", _too_weak),
    ("acr", _weaker_than_wished),
)
"""Why the requested user must sign in again although they are signed in; the first rule counts."""


def _is_new(person: SignedIn, began: Interaction) -> bool:
    if mark_of(person) == began.chosen:
        return False  # Choosing isn't signing in, whenever the session began.
    before = (began.session_key, began.auth_time)
    return (
        person.auth_time >= began.created_at and (person.session_key, person.auth_time) != before
    )
