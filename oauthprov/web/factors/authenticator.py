"""The page for setting up an authenticator app, and for removing it."""

from __future__ import annotations

from collections.abc import Mapping

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.factors import AlreadySetUp, SignInOver, StillRequired, WrongProof
from oauthprov.messages import N_
from oauthprov.records import Account
from oauthprov.web.factors import notices
from oauthprov.web.factors.kinds import kind_of
from oauthprov.web.factors.setting_up import FIELDS, enrol
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see
from oauthprov.web.signed_in import recently_signed_in

PAGE = "authenticator"
NAME = "totp"
_REQUIRED = _("You need a second step here. Set up another one before you remove this one.")


@recently_signed_in(PAGE)
def show(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Show a new key, or ask whether the app that is set up is to be removed."""
    account = _account(request, person)
    if account is None:
        return see(request, request.oauthprov.url("security"))
    return _page(request, account, {})


@recently_signed_in(PAGE)
def change(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Set up the app that shows the code of the form, or remove the one there is."""
    tools = request.oauthprov
    form = tools.form(*FIELDS)
    account = _account(request, person)
    if account is None:
        return see(request, tools.url("security"))
    if form.get("decision") == "remove":
        return _remove(request, account)
    kind, there = kind_of(NAME), tools.url("security", done(request, "added"))
    try:
        return enrol(request, account, person, kind, form, there)
    except WrongProof:
        return _page(request, account, form, kind.wrong, 422)
    except (AlreadySetUp, SignInOver):
        return see(request, tools.url("security"))


def _remove(request: Request, account: Account) -> Response | dict[str, object]:
    tools = request.oauthprov
    if NAME not in account.factors:
        raise Rejected("not_found", N_("There is no authenticator app to remove."), 404)
    changes = tools.factors.totp.removals(account.account_id)
    try:
        left = tools.factors.enrolments.remove(account.account_id, NAME, changes)
    except StillRequired:
        return _page(request, account, {}, _REQUIRED, 409)
    notices.removed(request, left)
    return see(request, tools.url("security", done(request, "removed")))


def _account(request: Request, person: SignedIn) -> Account | None:
    """Return the account if the page has something to offer: an app, or a new one."""
    factors = request.oauthprov.factors
    stored = request.oauthprov.people.get(person.account_id)
    if stored is None or stored.record.epoch != person.epoch:
        return None
    useful = NAME in factors.offered or NAME in stored.record.factors
    return stored.record if useful else None


def _page(
    request: Request,
    account: Account,
    form: Mapping[str, str],
    problem: str | None = None,
    status: int = 200,
) -> dict[str, object]:
    request.response.status_int = status
    there = NAME in account.factors
    kind = kind_of(NAME)
    values = {} if there else kind.values(request, account, form)
    last = account.factors == (NAME,)
    return {"there": there, "last": last, "kind": kind, "problem": problem, **values}


def includeme(config: Configurator) -> None:
    """Add ``/account/authenticator``."""
    config.add_oauth_page(
        PAGE, "/account/authenticator", get=show, post=change, template="authenticator"
    )
