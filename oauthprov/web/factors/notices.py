"""Mails about changes of second factors, to the confirmed address of the account."""

from __future__ import annotations

from oauthprov.accounts import BuiltInAccounts, confirmed_addresses
from oauthprov.records import Account
from oauthprov.web import i18n
from oauthprov.web.account import mailed_link
from oauthprov.web.i18n import _
from oauthprov.web.request import Request

_SUBJECT = _("How you sign in to ${title} was changed")
_USED = _("A recovery code for ${title} was used")
_MAIL = _(
    "${what}\n"
    "\n"
    "If it was you, there is nothing to do.\n"
    "\n"
    "If it wasn't you, change your password at once, and look at what is set up:\n"
    "\n"
    "${link}\n"
)
_ADDED = _("The account ${name} at ${title} asks for a second step since ${moment}.")
_REMOVED = _("A second step of the account ${name} at ${title} was removed on ${moment}.")
_RESET = _(
    "The operator of ${title} removed all second steps of the account ${name} on ${moment}, and "
    "ended its sessions."
)
_CODES = _("The account ${name} at ${title} got new recovery codes on ${moment}.")
_GUESSED = _("Somebody tried to sign in to ${title} with your password")
_GUESSES = _(
    "Somebody gave the password of the account ${name} at ${title} on ${moment}, and then wrong "
    "answers in the second step. The sign-in was refused."
)
_CODE_USED = _(
    "Somebody signed in to the account ${name} at ${title} with a recovery code on ${moment}. "
    "Codes left: ${left}."
)


def added(request: Request, account: Account) -> None:
    """Tell the owner that a factor was set up."""
    _tell(request, account, _SUBJECT, _ADDED)


def removed(request: Request, account: Account) -> None:
    """Tell the owner that a factor was removed."""
    _tell(request, account, _SUBJECT, _REMOVED)


def reset(request: Request, account: Account) -> None:
    """Tell the owner that an admin removed all factors."""
    _tell(request, account, _SUBJECT, _RESET)


def new_codes(request: Request, account: Account) -> None:
    """Tell the owner that new recovery codes were made."""
    _tell(request, account, _SUBJECT, _CODES)


def code_used(request: Request, account: Account) -> None:
    """Tell the owner that a recovery code was used, and how many are left."""
    left = request.oauthprov.factors.recovery.left(account.account_id)
    _tell(request, account, _USED, _CODE_USED, left=str(left))


def guessed(request: Request, account: Account) -> None:
    """Tell the owner that somebody knows the password; limited, as strangers can cause it."""
    address = confirmed_addresses.confirmed(account)
    attempts = request.oauthprov.site.attempts
    if address is not None and not attempts.mail_to(BuiltInAccounts.key_of(address)):
        _tell(request, account, _GUESSED, _GUESSES)


def _tell(request: Request, account: Account, subject: str, text: str, **words: str) -> None:
    i18n.settle_language(request)
    tools, translate = request.oauthprov, request.localizer.translate
    words |= {
        "name": account.name,
        "title": tools.settings.title,
        "moment": i18n.moment(request, tools.provider.clock()),
    }
    what, link = translate(text, mapping=words), tools.url("security")
    mailed_link.notify(request, account, "second_step", subject, _MAIL, what=what, link=link)
