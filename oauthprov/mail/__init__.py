"""Sending mail: the seam through which a host brings its own mailer, and two of ours."""

from oauthprov.errors import MailError
from oauthprov.mail.choice import mailer_of
from oauthprov.mail.console import ConsoleMailer
from oauthprov.mail.mailer import Mailer, Message
from oauthprov.mail.outbox import Outbox
from oauthprov.mail.smtp import SmtpMailer

__all__ = [
    "ConsoleMailer",
    "MailError",
    "Mailer",
    "Message",
    "Outbox",
    "SmtpMailer",
    "mailer_of",
]
