"""Mails to users, whether there can be any, and links of which the token is the fragment.

Browsers don't send fragments, so the token gets into no access log, and mail scanners and previews
that fetch the link change nothing. A script copies the token into the form of the page; without
scripts the user copies it from the mail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from pyramid.config import Configurator

from oauthprov.accounts import confirmed_addresses
from oauthprov.errors import MailError
from oauthprov.events import MailNotSent, MailSent, in_background, publish
from oauthprov.mail import Message, Outbox
from oauthprov.records import Account
from oauthprov.web import i18n
from oauthprov.web.request import Request


def addresses_are_confirmed(config: Configurator) -> bool:
    """Return whether users can confirm an address: mail can be sent, and apps may ask for one.

    Without the scope ``email`` the profile has no address.
    """
    settings = config.registry["oauthprov.settings"]
    asked_for = settings.openid and "email" in settings.scope_names
    return bool(asked_for and config.registry["oauthprov"].outbox is not None)


def link(request: Request, page: str, token: str) -> str:
    """Return the link to ``page`` with the token in its fragment."""
    return f"{request.oauthprov.url(page)}#{token}"


def letter(request: Request, to: str, subject: str, text: str, **words: str) -> Message:
    """Return a mail in the language of the request; ``words`` are for both texts."""
    i18n.settle_language(request)
    words = {"title": request.oauthprov.settings.title, **words}
    translate = request.localizer.translate
    return Message(
        to=to,
        subject=translate(subject, mapping=words),
        text=translate(text, mapping=words),
    )


def notify(
    request: Request, account: Account, mail: str, subject: str, text: str, **words: str
) -> None:
    """Mail to the confirmed address of an account, if it has one; the response doesn't wait.

    ``mail`` is what it is about, for its event. ``words`` are for both texts, with ``name``,
    ``title`` and ``moment``, which is now.
    """
    tools = request.oauthprov
    address = confirmed_addresses.confirmed(account)
    if address is None or tools.site.outbox is None:
        return
    i18n.settle_language(request)
    words |= {"name": account.name, "moment": i18n.moment(request, tools.provider.clock())}
    message = letter(request, address, subject, text, **words)
    send_later(tools.outbox, account.account_id, mail, message)


def send_later(outbox: Outbox, account_id: str, mail: str, message: Message) -> None:
    """Send a mail in the background; only its event shows whether it was sent."""
    if not later(outbox, partial(send, outbox, [account_id], mail, message, patient=True)):
        publish(MailNotSent(account_id=account_id, mail=mail, how="busy"))


def later(outbox: Outbox, work: Callable[[], object], *, unnoticed: bool = False) -> bool:
    """Do the same as the method of the outbox; the events belong to the request."""
    return outbox.later(in_background(work), unnoticed=unnoticed)


def send(
    outbox: Outbox,
    account_ids: Sequence[str],
    mail: str,
    message: Message,
    *,
    patient: bool = False,
) -> bool:
    """Send a mail; publish, for each of its accounts, whether it was sent, and return it."""
    try:
        outbox.send(message, patient=patient)
    except MailError as error:
        for account_id in account_ids:
            publish(MailNotSent(account_id=account_id, mail=mail, problem=str(error)))
        return False
    for account_id in account_ids:
        publish(MailSent(account_id=account_id, mail=mail))
    return True
