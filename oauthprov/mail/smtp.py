"""Mail submission over SMTP (RFC 5321) with TLS (RFC 8314)."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from oauthprov.errors import MailError
from oauthprov.mail.mailer import Mailer, Message
from oauthprov.settings import MailServer, Sender

PATIENCE = 10.0
"""Seconds for each reply of the mail server."""


class SmtpMailer(Mailer):
    """Submits each mail to one mail server, over a new connection.

    Without TLS and a valid certificate for the host it raises MailError before it sends any data.
    Only a server on this machine may be used without TLS.
    """

    def __init__(self, server: MailServer, sender: Sender, seconds: float = PATIENCE) -> None:
        self._server = server
        self._sender = sender
        self._seconds = seconds
        self._known_context: ssl.SSLContext | None = None

    @property
    def _context(self) -> ssl.SSLContext:
        # Made for the first mail: reading the system's authorities would slow every start.
        if self._known_context is None:
            self._known_context = ssl.create_default_context(cafile=self._server.ca_file)
        return self._known_context

    def send(self, message: Message) -> None:
        """Submit a mail. Raises MailError with the reason.

        The message quotes neither the server nor the mail: the server may repeat addresses or the
        password.
        """
        try:
            mail = written(message, self._sender)
            session = self._connected()
            with closing(session):
                self._sign_in(session)
                session.send_message(mail, to_addrs=[_address(message.to).addr_spec])
                # The server has accepted the mail: a failing QUIT doesn't matter.
                with suppress(OSError):
                    session.quit()
        except (OSError, ValueError) as error:
            raise MailError(_reason(error)) from None

    def check(self) -> None:
        """Connect and sign in as for a mail, and send none. Raises MailError with the reason."""
        try:
            session = self._connected()
            with closing(session):
                session.ehlo()
                self._sign_in(session)
                with suppress(OSError):
                    session.quit()
        except (OSError, ValueError) as error:
            raise MailError(_reason(error)) from None

    def _connected(self) -> smtplib.SMTP:
        host, port = str(self._server.host), self._server.port
        if self._server.tls == "implicit":
            return smtplib.SMTP_SSL(host, port, timeout=self._seconds, context=self._context)
        return smtplib.SMTP(host, port, timeout=self._seconds)

    def _sign_in(self, session: smtplib.SMTP) -> None:
        if self._server.tls == "starttls":
            session.starttls(context=self._context)
        if self._server.user is not None:
            session.login(self._server.user, self._server.password)


def written(message: Message, sender: Sender) -> EmailMessage:
    """Return the mail in the format of RFC 5322. Raises ValueError for an invalid address."""
    author = _address(sender.address, sender.name)
    mail = EmailMessage()
    mail["From"] = author
    mail["To"] = _address(message.to)
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=author.domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
    mail.set_content(message.text)
    return mail


def _address(text: str, name: str = "") -> Address:
    user, _, domain = text.rpartition("@")
    if not user or not domain or not text.isprintable():
        raise ValueError("the address is invalid")
    # RFC 5891: a domain is sent as ASCII; the part before the @ can't be encoded (RFC 6531).
    return Address(name, user, domain.encode("idna").decode("ascii"))


def _reason(error: OSError | ValueError) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = {code for code, _ in error.recipients.values()}
            return f"the mail server refused the recipient with {', '.join(map(str, codes))}"
        case smtplib.SMTPResponseException():
            return f"the mail server answered with {error.smtp_code} ({type(error).__name__})"
        case ssl.SSLCertVerificationError():
            return f"the mail server's certificate: {error.verify_message}"
        case OSError(strerror=str(words)):
            return words
        case _:
            return type(error).__name__
