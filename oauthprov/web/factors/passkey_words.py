"""What pages and mails say about passkeys."""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.factors import WrongPasskey, WrongProof
from oauthprov.passkeys import Copied, Reason, Refused
from oauthprov.records import Account, Passkey
from oauthprov.web.account import mailed_link
from oauthprov.web.i18n import _
from oauthprov.web.request import Request

_AGAIN = _("This took too long, or the page was left meanwhile. Try again.")

REFUSED: Mapping[Reason, str] = {
    "malformed": _("The browser's answer can't be read. Try again."),
    "expired": _AGAIN,
    "used": _AGAIN,
    "unproven": _("This passkey doesn't fit. Try again, or use another one."),
    "unverified": _(
        "Your device didn't check that it is you. Set up a PIN or a screen lock on it, or sign in "
        "with your password."
    ),
    "unknown": _("This passkey isn't known here: it was removed, or belongs to another account."),
    "copied": _(
        "This passkey isn't accepted any more, since a copy of it was used. Sign in in another "
        "way, remove it, and add a new one."
    ),
    "full": _("You have as many passkeys as an account can have. Remove one first."),
}
"""The text of a page for each reason."""

_ADDED = (
    _("A passkey was added to your account at ${title}"),
    _(
        "A passkey (${passkey}) was added to the account ${name} at ${title} on ${moment}. "
        "Whoever holds it can sign in to the account.\n"
        "\n"
        "If it was you, there is nothing to do.\n"
        "\n"
        "If it wasn't you, remove it at once, and change your password:\n"
        "\n"
        "${link}\n"
    ),
)
_REMOVED = (
    _("A passkey was removed from your account at ${title}"),
    _(
        "A passkey (${passkey}) was removed from the account ${name} at ${title} on ${moment}.\n"
        "\n"
        "If it was you, there is nothing to do.\n"
        "\n"
        "If it wasn't you, change your password at once, and look at your passkeys:\n"
        "\n"
        "${link}\n"
    ),
)
_COPIED = (
    _("A passkey of your account at ${title} was refused"),
    _(
        "A passkey (${passkey}) of the account ${name} at ${title} was used on ${moment} in a way "
        "that shows that there is a copy of it. Neither it nor the copy is accepted any more.\n"
        "\n"
        "Remove it, and add a new one:\n"
        "\n"
        "${link}\n"
    ),
)


def tell_added(request: Request, account: Account, passkey: Passkey) -> None:
    """Log and mail that a passkey was added."""
    _tell(request, account, passkey, _ADDED)


def tell_removed(request: Request, account: Account, passkey: Passkey) -> None:
    """Log and mail that a passkey was removed."""
    _tell(request, account, passkey, _REMOVED)


def tell_copied(request: Request, refused: Refused) -> None:
    """Log and mail that a passkey was copied, if that is why it was refused, and is news."""
    if not isinstance(refused, Copied) or not refused.first:
        return
    account_id = refused.passkey.account_id
    stored = request.oauthprov.people.get(account_id)
    if stored is not None:
        _tell(request, stored.record, refused.passkey, _COPIED)


def refused(request: Request, wrong: WrongProof) -> str | None:
    """Return why a passkey was refused, and tell its owner if it was copied."""
    if not isinstance(wrong, WrongPasskey):
        return None
    tell_copied(request, wrong.refused)
    return REFUSED[wrong.refused.reason]


def _tell(request: Request, account: Account, passkey: Passkey, mail: tuple[str, str]) -> None:
    subject, text = mail
    link = request.oauthprov.url("passkeys")
    mailed_link.notify(request, account, "passkey", subject, text, passkey=passkey.name, link=link)
