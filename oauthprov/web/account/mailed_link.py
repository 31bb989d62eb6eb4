"""Mails with a link of which the token is the fragment, and whether there can be any.

Browsers don't send fragments, so the token gets into no access log, and mail scanners and previews
that fetch the link change nothing. A script copies the token into the form of the page; without
scripts the user copies it from the mail.
"""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.mail import Message
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
