"""The page for confirming an e-mail address with the link that was mailed to it."""

from __future__ import annotations

from dataclasses import dataclass

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import Begun, BuiltInAccounts, SignedIn, Unproven
from oauthprov.events import MailNotSent, publish
from oauthprov.mail import Message
from oauthprov.web import i18n
from oauthprov.web.account import mailed_link
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done
from oauthprov.web.signed_in import REQUEST, signed_in

PAGE = "email"
_TEMPLATE = _MAIL = "email_verification"

_SENT = _("We have sent you a link. It may take a few minutes, and land in the spam folder.")
_NOT_SENT = _("The e-mail couldn't be sent. Check the address, or try again later.")
_UNPROVEN = _(
    "This link was used, has expired, or is for another address or account. Send a new one."
)
_SUBJECT = _("Confirm your e-mail address for ${title}")
# It contains no text that the user entered: the mail may go to another person, who would take
# such text for ours.
_TEXT = _(
    "Somebody entered this e-mail address in the profile of an account at ${title}.\n"
    "\n"
    "If it was you, open this link and press Confirm:\n"
    "\n"
    "${link}\n"
    "\n"
    "If the page asks for a code, enter this one:\n"
    "\n"
    "${token}\n"
    "\n"
    "It works once, until ${moment}, and only for the account that requested it.\n"
    "\n"
    "If it wasn't you, do nothing: without this e-mail nobody can confirm your address.\n"
)


@dataclass(frozen=True, slots=True)
class Unsent:
    """Why no link was mailed: a sentence for the user, the HTTP status, and seconds to wait."""

    problem: str
    status: int
    wait: int = 0


def show(request: Request) -> dict[str, object]:
    """Show the state of the address, or ask the user to sign in first."""
    tools = request.oauthprov
    query = tools.query(REQUEST)
    if tools.person is None:
        return {"sign_in": tools.login_url(PAGE)}
    notice = _SENT if was_done(request) == "sent" else None
    return _page(request, tools.person, query, notice=notice)


@signed_in(PAGE)
def confirm(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Verify the address with the token of the form."""
    tools = request.oauthprov
    form = tools.form("code", REQUEST)
    code = form.pop("code", "").strip()
    try:
        tools.site.email_verifications.finish(person.account_id, code)
    except Unproven:
        return _page(request, person, form, problem=_UNPROVEN, status=422)
    if form:
        return see(request, tools.url("authorize", form))
    return see(request, tools.url("account", done(request, "email")))


@signed_in(PAGE)
def send(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Mail a new link to the address."""
    waiting = request.oauthprov.form(REQUEST)
    if _unconfirmed(request, person.account_id) is None:
        return see(request, request.oauthprov.url(PAGE, waiting))
    unsent = mail_link(request, person.account_id)
    if unsent is None:
        return see(request, request.oauthprov.url(PAGE, waiting | done(request, "sent")))
    if unsent.wait:
        request.response.headers["Retry-After"] = str(unsent.wait)
    return _page(request, person, waiting, problem=unsent.problem, status=unsent.status)


def mail_link(request: Request, account_id: str, *, later: bool = False) -> Unsent | None:
    """Mail a new link to the address of an account, unless it is confirmed or there is none.

    With ``later`` nobody waits for the mail server.
    """
    tools = request.oauthprov
    email = _unconfirmed(request, account_id)
    if email is None:
        return None
    recipient = BuiltInAccounts.key_of(email)
    wait = tools.site.attempts.mail(account_id, request.remote_addr or "", recipient)
    if wait:
        publish(MailNotSent(account_id=account_id, mail=_MAIL, how="limit"))
        return Unsent(too_many_attempts(wait), 429, wait)
    begun = tools.site.email_verifications.begin(account_id)
    if begun is None:
        return None
    message = _message(request, begun)
    if later:
        mailed_link.send_later(tools.outbox, account_id, _MAIL, message)
        return None
    sent = mailed_link.send(tools.outbox, [account_id], _MAIL, message)
    return None if sent else Unsent(_NOT_SENT, 503)


def _unconfirmed(request: Request, account_id: str) -> str | None:
    """Return the address of an account if it isn't confirmed."""
    claims = request.oauthprov.people.profile(account_id)
    confirmed = claims.get("email_verified") is True
    return None if "email" not in claims or confirmed else str(claims["email"])


def _message(request: Request, begun: Begun) -> Message:
    i18n.settle_language(request)
    return mailed_link.letter(
        request,
        begun.email,
        _SUBJECT,
        _TEXT,
        link=mailed_link.link(request, PAGE, begun.token),
        token=begun.token,
        moment=i18n.moment(request, begun.expires_at),
    )


def _page(
    request: Request,
    person: SignedIn,
    waiting: dict[str, str],
    *,
    notice: str | None = None,
    problem: str | None = None,
    status: int = 200,
) -> dict[str, object]:
    request.response.status_int = status
    claims = request.oauthprov.people.profile(person.account_id)
    return {
        "sign_in": None,
        "waiting": waiting,
        "email": claims.get("email"),
        "verified": claims.get("email_verified") is True,
        "notice": notice,
        "problem": problem,
        "wrong": problem is _UNPROVEN,
    }


def includeme(config: Configurator) -> None:
    """Add ``/account/email`` if mail can be sent and clients may request addresses."""
    if mailed_link.addresses_are_confirmed(config):
        config.add_oauth_page(PAGE, "/account/email", get=show, post=confirm, template=_TEMPLATE)
        config.add_oauth_page("email_link", "/account/email/link", post=send, template=_TEMPLATE)
