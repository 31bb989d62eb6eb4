"""The pages for a forgotten password: one sends a link, the other sets a new password with it.

The first answers in the same way and time whether there is an account or not: everything that
depends on it is done in the background. The second signs nobody in: after it the user signs in
with the new password.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import deadline, logs
from oauthprov.accounts import BuiltInAccounts, MailedReset, Unacceptable, Unproven
from oauthprov.errors import StorageError, StorageReadOnly
from oauthprov.events import MailNotSent, PasswordResetRequested, publish
from oauthprov.mail import Message
from oauthprov.records import Account
from oauthprov.web import device_cookie, i18n
from oauthprov.web.account import mailed_link
from oauthprov.web.account.continuing import ANOTHER, MARKS, asking, marks_of
from oauthprov.web.account.password import announce
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

log = logs.logger(__name__)

PAGE = "password_reset"
_MAIL = "password_reset"
_NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a page

_BUSY = _("Too many e-mails are being sent. Try again in a minute.")
_BUSY_SECONDS = 60
_UNPROVEN = _("This link was used or has expired, or the account has changed. Send a new one.")
_SUBJECT = _("Set a new password for ${title}")
# Of what users enter it contains only the names of accounts that have confirmed this address.
_TEXT = _(
    "Somebody asked for a new password for an account at ${title} that has this e-mail address.\n"
    "\n"
    "If it was you, open this link and choose a new password:\n"
    "\n"
    "${links}\n"
    "\n"
    "It works once, until ${moment}.\n"
    "\n"
    "If it wasn't you, do nothing: the password stays as it is.\n"
)
_LINK = _(
    "For the account ${name}:\n"
    "\n"
    "${link}\n"
    "\n"
    "If the page asks for a code, enter this one:\n"
    "\n"
    "${token}"
)


def show(request: Request) -> dict[str, object]:
    """Ask for a user name or an e-mail address, or say that a link was sent."""
    query = request.oauthprov.query(*MARKS)
    return _asking(request, marks_of(query), sent=was_done(request) == "sent")


def send(request: Request) -> Response | dict[str, object]:
    """Mail links for the accounts with that name or confirmed address, in the background.

    Raises StorageReadOnly.
    """
    tools = request.oauthprov
    if tools.settings.reads_only:
        # What is done in the background would fail there, unseen.
        raise StorageReadOnly("links for new passwords can't be stored")
    form = tools.form("name", *MARKS)
    marks, entered = marks_of(form), form.get("name", "")
    requester = BuiltInAccounts.key_of(entered)
    wait = tools.site.attempts.request_mail(requester, request.remote_addr or "")
    if wait:
        publish(MailNotSent(mail=_MAIL, how="limit"))
        return _asking(request, marks, entered, too_many_attempts(wait), 429, wait)
    asking(request, marks)
    i18n.settle_language(request)
    work = partial(_mail_links, request, entered)
    if not mailed_link.later(tools.outbox, work, unnoticed=True):
        publish(MailNotSent(mail=_MAIL, how="busy"))
        return _asking(request, marks, entered, _BUSY, 503, _BUSY_SECONDS)
    return see(request, tools.url(PAGE, marks | done(request, "sent")))


def ask(request: Request) -> dict[str, object]:
    """Ask for the new password, or say that it was set."""
    tools = request.oauthprov
    changed = was_done(request) == "password"
    # Whoever is signed in here may be somebody else.
    onward = {"page": "account"} | (ANOTHER if tools.person is not None else {})
    return {"done": changed, "onward": onward, "code": "", "problem": None, "wrong": None}


def change(request: Request) -> Response | dict[str, object]:
    """Set the new password with the token of the form; every session of the account ends."""
    tools = request.oauthprov
    form = tools.form("code", "password")
    code = form.get("code", "").strip()
    try:
        ended = tools.password_resets.finish(code, form.get("password", ""))
    except Unproven:
        return _refused(request, code, _UNPROVEN, "code")
    except Unacceptable as wrong:
        return _refused(request, code, wrong.sentence, "password")
    account = ended.account
    tools.site.attempts.reset(BuiltInAccounts.key_of(account.name))
    # While others go on guessing, the user can sign in here.
    device_cookie.remember(request, account)
    tools.provider.endings.finish(ended.sweep)
    announce(request, account)
    return see(request, tools.url(_NEW_PASSWORD, done(request, "password")))


def _mail_links(request: Request, entered: str) -> None:
    deadline.begin()  # not that of the request, which has its answer
    try:
        found = request.oauthprov.password_resets.accounts_of(entered)
        for email, accounts in found.items():
            _mail_link(request, email, accounts)
        if not found:
            publish(PasswordResetRequested())
    except StorageError as error:
        log.warning("a password reset wasn't mailed: %s", error)
    except Exception:
        log.exception("a password reset wasn't mailed")


def _mail_link(request: Request, email: str, accounts: Sequence[Account]) -> None:
    tools = request.oauthprov
    whose = [account.account_id for account in accounts]
    if tools.site.attempts.mail_to(BuiltInAccounts.key_of(email)):
        for account_id in whose:
            publish(PasswordResetRequested(account_id=account_id))
            publish(MailNotSent(account_id=account_id, mail=_MAIL, how="limit"))
        return
    message = _message(request, tools.password_resets.begin(email, accounts))
    mailed_link.send(tools.outbox, whose, _MAIL, message, patient=True)


def _message(request: Request, mailed: MailedReset) -> Message:
    translate = request.localizer.translate
    links = [
        translate(
            _LINK,
            mapping={
                "name": name,
                "link": mailed_link.link(request, _NEW_PASSWORD, token),
                "token": token,
            },
        )
        for name, token in mailed.tokens
    ]
    return mailed_link.letter(
        request,
        mailed.email,
        _SUBJECT,
        _TEXT,
        links="\n\n".join(links),
        moment=i18n.moment(request, mailed.expires_at),
    )


def _asking(
    request: Request,
    marks: dict[str, str],
    name: str = "",
    problem: str | None = None,
    status: int = 200,
    wait: int = 0,
    *,
    sent: bool = False,
) -> dict[str, object]:
    request.response.status_int = status
    if wait:
        request.response.headers["Retry-After"] = str(wait)
    asking(request, marks)
    minutes = request.oauthprov.settings.mail_reset_lifetime // 60
    return {"marks": marks, "name": name, "problem": problem, "sent": sent, "minutes": minutes}


def _refused(request: Request, code: str, problem: str, wrong: str) -> dict[str, object]:
    request.response.status_int = 422
    return {"done": False, "onward": {}, "code": code, "problem": problem, "wrong": wrong}


def includeme(config: Configurator) -> None:
    """Add ``/login/reset`` and ``/login/new-password``, unless switched off by the setting.

    They are for accounts with confirmed addresses.
    """
    switched_on = config.registry["oauthprov.settings"].mail_reset_lifetime > 0
    if switched_on and mailed_link.addresses_are_confirmed(config):
        config.add_oauth_page(PAGE, "/login/reset", get=show, post=send, template=PAGE)
        config.add_oauth_page(
            _NEW_PASSWORD, "/login/new-password", get=ask, post=change, template=_NEW_PASSWORD
        )
