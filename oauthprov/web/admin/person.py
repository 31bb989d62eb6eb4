"""The page of a person: state, roles, factors, sessions, and which apps have access."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.messages import N_
from oauthprov.protocol.admin.listing import PART_SIZE, UnknownPage
from oauthprov.protocol.admin.people import UnknownAccount
from oauthprov.records import Account, Session
from oauthprov.web.account.deletion import clients_of
from oauthprov.web.account.sessions import browser_in_words
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import access, further, people
from oauthprov.web.factors import notices
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

PAGE = "admin_person"
LISTS = ("sessions", "apps", "grants")
_NOTICES = {
    "disable": _("The account is disabled. Its sessions and its apps' access have ended."),
    "enable": _("The account is enabled. Its user can sign in again."),
    "enable_deleted": _(
        "The account is enabled. It is still deleted, and will be removed unless it is kept."
    ),
    "sign_out": _("The account is signed out in every browser."),
    "end_session": _("The session has ended."),
    "reset_factors": _("The second factors are removed, and the sessions have ended."),
    "withdraw": _("The app no longer has access."),
    "revoke": _("The grant is revoked, with all its tokens."),
    "keep": _("The account is kept. Apps have to ask for access again."),
    "remove": _("The account is closed for good. It is removed within an hour."),
}

Form = Mapping[str, str]
Act = Callable[[Request, str, Form], None]


@admin_page(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show an account, with a page of each of its lists."""
    tools, account_id = request.oauthprov, request.matchdict["account_id"]
    query = tools.query(*LISTS)
    try:
        found = tools.factors.enrolments.overview(account_id)
    except LookupError:
        raise UnknownAccount(account_id) from None
    account = found.account
    sessions, more_sessions = _sessions(request, account, query.get("sessions"))
    apps = access(request).consents(account_id, query.get("apps"))
    grants = access(request).grants(account_id, query.get("grants"))
    claims = claims_of(account)
    return {
        "account": account,
        "email": claims.get("email"),
        "confirmed": claims.get("email_verified") is True,
        "myself": account_id == person.account_id,
        "can_be_kept": tools.people.can_be_kept(account),
        "factors": found,
        "owned": clients_of(request, account_id),
        "sessions": [(one, browser_in_words(one.user_agent)) for one in sessions],
        "apps": apps.items,
        "grants": grants.items,
        "next": {
            "sessions": further(query, "sessions", more_sessions),
            "apps": further(query, "apps", apps.next),
            "grants": further(query, "grants", grants.next),
        },
        "notice": _notice(request, account),
    }


def _notice(request: Request, account: Account) -> str | None:
    word = was_done(request)
    return _NOTICES.get("enable_deleted" if word == "enable" and account.closed else word)


def _sessions(
    request: Request, account: Account, after: str | None
) -> tuple[list[Session], str | None]:
    try:
        return request.oauthprov.site.sessions.page(account, after, PART_SIZE)
    except ValueError:
        raise UnknownPage from None


@admin_page(PAGE)
def act(request: Request, person: SignedIn) -> Response:
    """Do what the pressed button says, and show the account again."""
    account_id = request.matchdict["account_id"]
    form = request.oauthprov.form("action", "session", "client", "grant")
    action = form.get("action", "")
    if action not in ACTIONS:
        raise Rejected("invalid_request", N_("The form names no action."))
    ACTIONS[action](request, account_id, form)
    here = request.oauthprov.url(PAGE, done(request, action), account_id=account_id)
    return see(request, here)


def _disable(request: Request, account_id: str, form: Form) -> None:
    people(request).disable(account_id)


def _enable(request: Request, account_id: str, form: Form) -> None:
    people(request).enable(account_id)


def _sign_out(request: Request, account_id: str, form: Form) -> None:
    people(request).sign_out(account_id)


def _end_session(request: Request, account_id: str, form: Form) -> None:
    people(request).get(account_id)
    request.oauthprov.site.sessions.end_one(account_id, form.get("session", ""))


def _reset_factors(request: Request, account_id: str, form: Form) -> None:
    removals = request.oauthprov.factors.removals(account_id)
    account = people(request).reset_factors(account_id, removals)
    notices.reset(request, account)


def _withdraw(request: Request, account_id: str, form: Form) -> None:
    client_id = form.get("client", "")
    access(request).withdraw(account_id, client_id)


def _revoke(request: Request, account_id: str, form: Form) -> None:
    access(request).revoke(account_id, form.get("grant", ""))


def _keep(request: Request, account_id: str, form: Form) -> None:
    people(request).keep(account_id)


ACTIONS: Mapping[str, Act] = {
    "disable": _disable,
    "enable": _enable,
    "sign_out": _sign_out,
    "end_session": _end_session,
    "reset_factors": _reset_factors,
    "withdraw": _withdraw,
    "revoke": _revoke,
    "keep": _keep,
}


def includeme(config: Configurator) -> None:
    """Add ``/admin/people/{account_id}``."""
    config.add_oauth_page(
        PAGE, "/admin/people/{account_id}", get=show, post=act, template="admin_person"
    )
