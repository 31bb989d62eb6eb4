"""Setting up a second factor: what its pages share, and the page on the way to a sign-in.

That page is for people who must have a factor and have none, and for those whose client asks for
one. Whoever is signed in must have signed in a short time ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.factors import AlreadySetUp, SignInOver, Waiting, WrongProof, joined
from oauthprov.protocol.request.answers import Pending
from oauthprov.records import Account
from oauthprov.web.account.continuing import MARKS, asking, marks_of, onward
from oauthprov.web.account.login import cancelled
from oauthprov.web.factors.kinds import KINDS, Kind
from oauthprov.web.request import Request
from oauthprov.web.responder import see
from oauthprov.web.signed_in import is_recent

PAGE = "factor_setup"
FIELDS = ("kind", "answer", "sealed", "decision")
CODES = "oauthprov:templates/recovery_codes.pt"


def enrol(
    request: Request,
    account: Account,
    proven: SignedIn | Waiting,
    kind: Kind,
    form: Mapping[str, str],
    onward: str,
) -> Response:
    """Set a factor up, renew or begin the session, and show recovery codes or redirect onward.

    ``proven`` is who does it: a user who is signed in, or one whose sign-in waits. Setting a
    factor up isn't a sign-in: the session of the first keeps its ``auth_time``. Raises WrongProof,
    AlreadySetUp and SignInOver.
    """
    tools = request.oauthprov
    new = kind.new(request, account, form)
    secret = tools.session.waiting if isinstance(proven, Waiting) else None
    since = proven.auth_time if isinstance(proven, SignedIn) else None
    made = tools.factors.enrolments.add(
        account, kind.name, new.record, secret=secret, also=new.also
    )
    amr = joined(proven.amr, tools.factors.named(kind.name).amr)
    tools.session.sign_in(made.account, amr, since)
    kind.tell(request, made.account, new)
    if not made.codes:
        return see(request, onward)
    return codes_shown(request, made.codes, onward, first=True)


def codes_shown(request: Request, codes: Sequence[str], onward: str, *, first: bool) -> Response:
    """Return the page that shows new recovery codes, once."""
    text = "\n".join([*codes, ""])
    values = {"codes": codes, "text": quote(text), "onward": onward, "first": first}
    return render_to_response(CODES, values, request)


@dataclass(frozen=True, slots=True)
class SettingUp:
    """Who sets up one of ``kinds``, signed in or not yet, and where it goes on."""

    account: Account
    proven: SignedIn | Waiting
    kinds: Sequence[Kind]
    marks: Mapping[str, str]
    pending: Pending | None

    def kind(self, name: str | None) -> Kind:
        """Return the kind of that name, the preferred one if there is none."""
        return next((kind for kind in self.kinds if kind.name == name), self.kinds[0])

    def shown(
        self,
        request: Request,
        kind: Kind,
        form: Mapping[str, str],
        problem: str | None = None,
        status: int = 200,
    ) -> dict[str, object]:
        """Return the values of the page."""
        request.response.status_int = status
        return {
            "client": self.pending.client if self.pending else None,
            "name": self.account.name,
            "marks": dict(self.marks),
            "kind": kind,
            "others": [other for other in self.kinds if other is not kind],
            "problem": problem,
            **kind.values(request, self.account, form),
        }


def show(request: Request) -> Response | dict[str, object]:
    """Ask for a factor to be set up."""
    query = request.oauthprov.query("kind", *MARKS)
    who = _who(request, marks_of(query))
    if isinstance(who, Response):
        return who
    return who.shown(request, who.kind(query.get("kind")), {})


def enter(request: Request) -> Response | dict[str, object]:
    """Set the factor up, and go on with the sign-in or the stored request; or cancel."""
    form = request.oauthprov.form(*FIELDS, *MARKS)
    marks = marks_of(form)
    if form.get("decision") == "cancel":
        request.oauthprov.session.stop_waiting()
        return cancelled(request, marks)
    who = _who(request, marks)
    if isinstance(who, Response):
        return who
    kind, there = who.kind(form.get("kind")), onward(request, marks)
    try:
        response = enrol(request, who.account, who.proven, kind, form, there)
    except WrongProof as wrong:
        problem = kind.refused(request, wrong) or kind.wrong
        return who.shown(request, kind, form, problem, 422)
    except (AlreadySetUp, SignInOver):
        return see(request, request.oauthprov.url("login", marks))
    _renewed(request, who.proven, marks)
    return response


def _renewed(request: Request, before: SignedIn | Waiting, marks: Mapping[str, str]) -> None:
    """Let a request for which the user was chosen go on with the renewed session."""
    tools = request.oauthprov
    after, browser = tools.session.signed_in, tools.session.browser
    if isinstance(before, SignedIn) and after is not None and "interaction" in marks:
        tools.provider.authorization.renewed(marks["interaction"], before, after, browser)


def _who(request: Request, marks: dict[str, str]) -> SettingUp | Response:
    """Return who may set up what, or a redirect to where the request goes on instead."""
    tools = request.oauthprov
    pending = asking(request, marks)
    waiting = tools.factors.second_step.waiting(tools.session.waiting or "")
    if waiting is not None:
        step = tools.factors.second_step.lacking(waiting.account, waiting.amr)
        if step != PAGE:
            return see(request, tools.url(step or "login", marks))
        kinds = _kinds(request, waiting.account, waiting.amr, None)
        return SettingUp(waiting.account, waiting, kinds, marks, pending)
    person = pending.person if pending is not None else None
    if pending is None or person is None or not pending.wanted:
        return see(request, tools.url("login", marks))
    stored = tools.people.get(person.account_id)
    if stored is None or stored.record.epoch != person.epoch or not is_recent(request, person):
        return see(request, tools.url("login", marks))
    kinds = _kinds(request, stored.record, person.amr, pending.wanted)
    if not kinds:
        return see(request, onward(request, marks))
    return SettingUp(stored.record, person, kinds, marks, pending)


def _kinds(
    request: Request, account: Account, amr: Sequence[str], wanted: Sequence[str] | None
) -> list[Kind]:
    """Return what can be set up and, unless ``wanted`` is None, reaches one of these levels."""
    factors = request.oauthprov.factors
    offered = [kind for kind in KINDS if kind.name in factors.offered]
    able = [kind for kind in offered if factors.named(kind.name).can_be_added(account)]
    if wanted is None:
        return able
    met = {kind.name: factors.met_with(amr, factors.named(kind.name)) for kind in able}
    return [kind for kind in able if not set(wanted).isdisjoint(met[kind.name])]


def includeme(config: Configurator) -> None:
    """Add ``/login/factor/setup``."""
    config.add_oauth_page(
        PAGE,
        "/login/factor/setup",
        get=show,
        post=enter,
        template="factor_setup",
        leaves=True,
    )
