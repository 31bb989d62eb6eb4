"""Initial access tokens, which let clients register themselves (RFC 7591 section 1.2)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.admin.listing import PAGE_SIZE, UnknownPage
from oauthprov.protocol.registration import initial_access
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import further
from oauthprov.web.console import new_secret
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

PAGE = "admin_tokens"
DAY = 86_400
MOST_DAYS, MOST_USES = 3650, 1_000_000
"""The longest lifetime of a token, and the most clients that register with it."""
_STATES = {"good": _("good"), "expired": _("expired"), "used up": _("used up")}
_NOTICES = {"revoked": _("The token is revoked. Clients that registered with it stay.")}
_FIELDS = ("action", "token", "uses", "days", "note")


@admin_page(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """List the tokens, in pages; show a new one once."""
    made = request.oauthprov.query("made").get("made")
    new = new_secret.take(request, person, made) if made else None
    return _page(request, {}, new=new)


@admin_page(PAGE)
def act(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Create a token, or revoke one."""
    form = request.oauthprov.form(*_FIELDS)
    if form.get("action") == "revoke":
        return _revoke(request, form.get("token", ""))
    if form.get("action") == "create":
        return _create(request, person, form)
    raise Rejected("invalid_request", N_("The form names no action."))


def _create(
    request: Request, person: SignedIn, form: dict[str, str]
) -> Response | dict[str, object]:
    uses = None if "uses" not in form else _number(form["uses"], MOST_USES)
    days, problems = _number(form.get("days", ""), MOST_DAYS), {}
    if uses == 0:
        problems["uses"] = _("Write a whole number above 0, or nothing for any number of clients.")
    if not days:
        problems["days"] = _("Write a whole number of days above 0.")
    provider = request.oauthprov.provider
    if not problems:
        try:
            record, token = initial_access.issue(
                provider.storage,
                provider.clock(),
                lifetime=days * DAY,
                uses=uses,
                note=form.get("note", "").strip(),
            )
        except initial_access.WrongNote:
            problems["note"] = N_(
                "A note has at most ${n} characters, in one line.", n=initial_access.NOTE_LIMIT
            )
    if problems:
        return _page(request, form, problems=problems, status=422)
    new_secret.keep(request, person, record.token_id, token)
    return see(request, request.oauthprov.url(PAGE, {"made": record.token_id}))


def _revoke(request: Request, token_id: str) -> Response:
    provider = request.oauthprov.provider
    if not initial_access.revoke(provider.storage, token_id, provider.clock()):
        raise Rejected("not_found", N_("There is no such token."), 404)
    return see(request, request.oauthprov.url(PAGE, done(request, "revoked")))


def _page(
    request: Request,
    form: dict[str, str],
    *,
    new: str | None = None,
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> dict[str, object]:
    request.response.status_int = status
    tools = request.oauthprov
    query, now = tools.query("after"), tools.provider.clock()
    try:
        page = initial_access.page(tools.provider.storage, query.get("after"), PAGE_SIZE)
    except ValueError:
        raise UnknownPage from None
    rows = [(one.record, initial_access.state(one, now)) for one in page.items]
    values = {"uses": "1", "days": str(initial_access.LIFETIME // DAY), "note": ""}
    return {
        "tokens": rows,
        "states": _STATES,
        "next": further({}, "after", page.next),
        "mode": tools.settings.registration,
        "new": new,
        "values": {name: form.get(name, "") for name in values} if form else values,
        "problems": problems or {},
        "notice": _NOTICES.get(was_done(request)),
    }


def _number(text: str, most: int) -> int:
    """Return a whole number from 1 to ``most``, and 0 for any other text."""
    good = text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most
    return int(text) if good else 0


def includeme(config: Configurator) -> None:
    """Add ``/admin/registration-tokens``."""
    config.add_oauth_page(
        PAGE, "/admin/registration-tokens", get=show, post=act, template="admin_tokens"
    )
