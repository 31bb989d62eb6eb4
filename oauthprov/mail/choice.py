"""Which mailer the settings ask for."""

from __future__ import annotations

from oauthprov.mail.console import ConsoleMailer
from oauthprov.mail.mailer import Mailer
from oauthprov.mail.smtp import SmtpMailer
from oauthprov.settings import Settings


def mailer_of(settings: Settings) -> Mailer | None:
    """Return the mailer of ``oauthprov.mail.url``, None when that is empty."""
    server = settings.mail_url
    if server is not None and server.host is None:
        return ConsoleMailer()
    sender = settings.mail_sender
    return SmtpMailer(server, sender) if server is not None and sender is not None else None
