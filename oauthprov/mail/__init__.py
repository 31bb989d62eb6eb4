"""Sending mail: the interface for a host's own mailer, and two mailers of ours."""

from __future__ import annotations

from oauthprov.errors import MailError
from oauthprov.mail.mailer import ConsoleMailer, Mailer, Message
from oauthprov.mail.outbox import Outbox
from oauthprov.mail.smtp import SmtpMailer
from oauthprov.settings import Settings

__all__ = [
    "ConsoleMailer",
    "MailError",
    "Mailer",
    "Message",
    "Outbox",
    "SmtpMailer",
    "mailer_of",
]


def mailer_of(settings: Settings) -> Mailer | None:
    """Return the mailer for ``oauthprov.mail.url``, None if the setting is empty."""
    server = settings.mail_url
    if server is not None and server.host is None:
        return ConsoleMailer()
    sender = settings.mail_sender
    return SmtpMailer(server, sender) if server is not None and sender is not None else None
