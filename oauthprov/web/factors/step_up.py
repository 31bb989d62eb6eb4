"""The page on which a signed-in user proves a second factor for a client that asks for it.

The password isn't asked for again. The session goes on under its ``sid`` with a new secret, and
``auth_time`` is the time of the proof.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.events import SignInFailed, publish
from oauthprov.factors import SignInOver, WrongProof
from oauthprov.web.account.continuing import MARKS, asking, marks_of, onward
from oauthprov.web.account.login import cancelled
from oauthprov.web.factors.asking import FIELDS, TEMPLATE, Asking
from oauthprov.web.factors.ways import ways_of
from oauthprov.web.request import Request
from oauthprov.web.responder import see

PAGE = "step_up"


def show(request: Request) -> Response | dict[str, object]:
    """Ask for a factor that gives the requested level."""
    query = request.oauthprov.query("way", *MARKS)
    found = _asking(request, marks_of(query))
    if isinstance(found, Response):
        return found
    asked, _ = found
    return asked.shown(request, asked.way(query.get("way")))


def enter(request: Request) -> Response | dict[str, object]:
    """Judge the answer, renew the session, and redirect to the stored request; or cancel."""
    tools = request.oauthprov
    form = tools.form(*FIELDS, *MARKS)
    marks = marks_of(form)
    if form.get("decision") == "cancel":
        return cancelled(request, marks)
    found = _asking(request, marks)
    if isinstance(found, Response):
        return found
    asked, person = found
    way = asked.way(form.get("way"))
    limited = asked.limited(request, way)
    if limited is not None:
        return limited
    try:
        proven = tools.factors.second_step.prove_again(
            person.account_id,
            person.epoch,
            person.amr,
            way.name,
            form.get("answer", ""),
            tools.session.browser,
        )
    except SignInOver:
        return see(request, onward(request, marks))
    except WrongProof as wrong:
        asked.wrong(request, way)
        publish(SignInFailed(account_id=person.account_id, how="step_up"))
        return asked.shown(request, way, way.refused(request, wrong) or way.wrong, 401)
    tools.session.sign_in(proven.account, proven.amr)
    asked.answered(request, proven)
    return see(request, onward(request, marks))


def _asking(request: Request, marks: dict[str, str]) -> tuple[Asking, SignedIn] | Response:
    """Return what to ask whom, or a redirect where this page has nothing to ask."""
    tools = request.oauthprov
    pending = asking(request, marks)
    person = pending.person if pending is not None else None
    stored = tools.people.get(person.account_id) if person is not None else None
    if pending is None or person is None or stored is None or not pending.wanted:
        return see(request, onward(request, marks))
    factors = tools.factors
    enough = [
        factor
        for factor in factors.second_step.offered(stored.record)
        if not set(pending.wanted).isdisjoint(factors.met_with(person.amr, factor))
    ]
    if not enough:
        return see(request, tools.url("factor_setup", marks))
    return Asking(PAGE, stored.record, ways_of(enough), marks, pending), person


def includeme(config: Configurator) -> None:
    """Add ``/login/step-up``."""
    config.add_oauth_page(
        PAGE, "/login/step-up", get=show, post=enter, template=TEMPLATE, leaves=True
    )
