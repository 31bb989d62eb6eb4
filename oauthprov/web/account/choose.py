"""The page for choosing among the accounts signed in in this browser.

The chosen account becomes the active one. For a stored request the choice satisfies
``prompt=select_account`` (OpenID Connect Core section 3.1.2.1); it isn't a new sign-in.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import BuiltInAccounts, SignedIn
from oauthprov.messages import N_
from oauthprov.web.account.continuing import ANOTHER, MARKS, asking, marks_of, onward
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, respond, see, was_done

_NOTICES = {"ended": _("The account is signed out.")}
_GONE = _("That account is no longer signed in here.")


def show(request: Request) -> Response | dict[str, object]:
    """List the accounts of this browser; redirect to the sign-in page if there are none."""
    query = request.oauthprov.query(*MARKS)
    return _page(request, marks_of(query), notice=_NOTICES.get(was_done(request)))


def enter(request: Request) -> Response | dict[str, object]:
    """Make the chosen account active and redirect onward, or sign one account out."""
    tools = request.oauthprov
    form = tools.form("choose", "remove", *MARKS)
    marks = marks_of(form)
    if ("choose" in form) == ("remove" in form):
        raise Rejected("invalid_request", N_("The form names no account."))
    person = tools.session.find(form.get("choose") or form["remove"])
    if person is None:
        return _page(request, marks, problem=_GONE, status=409)
    if "remove" in form:
        tools.session.end(person)
        return see(request, tools.url("choose", marks | done(request, "ended")))
    if "interaction" in marks:
        browser = tools.session.browser
        ended = tools.provider.authorization.choose(marks["interaction"], person, browser)
        if ended is not None:
            return respond(request, ended)
    tools.session.activate(person)
    return see(request, onward(request, marks))


def _page(
    request: Request,
    marks: dict[str, str],
    *,
    notice: str | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response | dict[str, object]:
    tools = request.oauthprov
    people = tools.session.everybody
    pending = asking(request, marks)
    if "interaction" in marks and pending is None:
        return see(request, onward(request, marks))
    if not people:
        return see(request, tools.url("login", marks))
    request.response.status_int = status
    hint = pending.login_hint if pending else None
    return {
        "client": pending.client if pending else None,
        "people": _hinted_first(people, hint),
        "marks": marks,
        "another": {**marks, **ANOTHER},
        "notice": notice,
        "problem": problem,
    }


def _hinted_first(people: tuple[SignedIn, ...], hint: str | None) -> list[SignedIn]:
    key = BuiltInAccounts.key_of(hint) if hint else None
    return sorted(people, key=lambda one: BuiltInAccounts.key_of(one.name) != key)


def includeme(config: Configurator) -> None:
    """Add ``/choose``."""
    config.add_oauth_page(
        "choose", "/choose", get=show, post=enter, template="choose", leaves=True
    )
