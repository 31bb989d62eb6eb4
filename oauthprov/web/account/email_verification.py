"""The page for confirming an e-mail address with the link that was mailed to it."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import logs
from oauthprov.accounts import Begun, BuiltInAccounts, SignedIn, Unproven
from oauthprov.errors import MailError
from oauthprov.mail import Message
from oauthprov.web import i18n
from oauthprov.web.account import mailed_link
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import see
from oauthprov.web.signed_in import signed_in

log = logs.logger(__name__)

PAGE = "email"
_TEMPLATE = "email_verification"

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


def show(request: Request) -> dict[str, object]:
    """Show the state of the address, or ask the user to sign in first."""
    person = request.oauthprov.person
    if person is None:
        return {"sign_in": request.oauthprov.login_url(PAGE)}
    sent = request.oauthprov.query("done").get("done") == "sent"
    return _page(request, person, notice=_SENT if sent else None)


@signed_in(PAGE)
def confirm(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Verify the address with the token of the form."""
    tools = request.oauthprov
    code = tools.form("code").get("code", "").strip()
    try:
        tools.site.email_verifications.finish(person.account_id, code)
    except Unproven:
        return _page(request, person, problem=_UNPROVEN, status=422)
    log.info("account %s confirmed its e-mail address", person.account_id)
    return see(request, tools.url("account", {"done": "email"}))


@signed_in(PAGE)
def send(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Mail a new link to the address."""
    tools = request.oauthprov
    tools.form()
    claims = tools.people.profile(person.account_id)
    if "email" not in claims or claims.get("email_verified") is True:
        return see(request, tools.url(PAGE))
    recipient = BuiltInAccounts.key_of(str(claims["email"]))
    address = request.remote_addr or ""
    wait = tools.site.attempts.mail(person.account_id, address, recipient)
    if wait:
        request.response.headers["Retry-After"] = str(wait)
        return _page(request, person, problem=too_many_attempts(wait), status=429)
    begun = tools.site.email_verifications.begin(person.account_id)
    if begun is None:
        return see(request, tools.url(PAGE))
    try:
        tools.outbox.send(_message(request, begun))
    except MailError as error:
        log.warning(
            "the confirmation mail for account %s wasn't sent: %s", person.account_id, error
        )
        return _page(request, person, problem=_NOT_SENT, status=503)
    log.info("sent a confirmation mail for account %s", person.account_id)
    return see(request, tools.url(PAGE, {"done": "sent"}))


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
    *,
    notice: str | None = None,
    problem: str | None = None,
    status: int = 200,
) -> dict[str, object]:
    request.response.status_int = status
    claims = request.oauthprov.people.profile(person.account_id)
    return {
        "sign_in": None,
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
