"""The page for the second step of a sign-in, after the password."""

from __future__ import annotations

from collections.abc import Mapping

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.events import SignInFailed, publish
from oauthprov.factors import Guessed, SignInOver, WrongProof
from oauthprov.web.account.continuing import MARKS, asking, marks_of, onward
from oauthprov.web.account.login import cancelled
from oauthprov.web.factors import notices
from oauthprov.web.factors.asking import FIELDS, TEMPLATE, Asking
from oauthprov.web.factors.ways import ways_of
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see

PAGE = "factor"


def show(request: Request) -> Response | dict[str, object]:
    """Ask for a factor of the account whose password this browser has given."""
    query = request.oauthprov.query("way", *MARKS)
    asked = _asking(request, marks_of(query))
    if asked is None:
        return _over(request, marks_of(query))
    return asked.shown(request, asked.way(query.get("way")))


def enter(request: Request) -> Response | dict[str, object]:
    """Judge the answer, begin the session, and redirect onward; or cancel."""
    tools = request.oauthprov
    form = tools.form(*FIELDS, *MARKS)
    marks = marks_of(form)
    if form.get("decision") == "cancel":
        tools.session.stop_waiting()
        return cancelled(request, marks)
    asked = _asking(request, marks)
    if asked is None:
        return _over(request, marks)
    way = asked.way(form.get("way"))
    limited = asked.limited(request, way)
    if limited is not None:
        return limited
    account_id = asked.account.account_id
    try:
        proven = tools.factors.second_step.finish(
            tools.session.waiting or "", way.name, form.get("answer", ""), tools.session.browser
        )
    except SignInOver as over:
        if isinstance(over, Guessed):
            asked.wrong(request, way)
            publish(SignInFailed(account_id=account_id, how="second_step"))
            notices.guessed(request, asked.account)
        return _over(request, marks)
    except WrongProof as wrong:
        asked.wrong(request, way)
        publish(SignInFailed(account_id=account_id, how="second_step"))
        return asked.shown(request, way, way.refused(request, wrong) or way.wrong, 401)
    tools.session.sign_in(proven.account, proven.amr)
    asked.answered(request, proven)
    return see(request, onward(request, marks))


def _asking(request: Request, marks: dict[str, str]) -> Asking | None:
    tools = request.oauthprov
    step = tools.factors.second_step
    waiting = step.waiting(tools.session.waiting or "")
    if waiting is None:
        return None
    tools.exchange.events.is_known = True
    ways = ways_of(step.offered(waiting.account))
    return Asking(PAGE, waiting.account, ways, marks, asking(request, marks)) if ways else None


def _over(request: Request, marks: Mapping[str, str]) -> Response:
    """Redirect to the sign-in page, which says why if there was a sign-in to finish."""
    tools = request.oauthprov
    why = done(request, "over") if tools.session.waiting is not None else {}
    tools.session.stop_waiting()
    return see(request, tools.url("login", {**marks, **why}))


def includeme(config: Configurator) -> None:
    """Add ``/login/factor``."""
    config.add_oauth_page(
        PAGE, "/login/factor", get=show, post=enter, template=TEMPLATE, leaves=True
    )
