"""The interface of mailers, and a mailer for development."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A plain-text mail to one address. Its text may contain a secret: don't log it."""

    to: str
    subject: str
    text: str = field(repr=False)


class Mailer(ABC):
    """Sends mail. A host passes its own to ``set_oauth_mailer``."""

    @abstractmethod
    def send(self, message: Message) -> None:
        """Send ``message``, or queue it for sending. Raises MailError if that fails.

        It is called in a separate thread. The address was entered by a user; it has no control
        characters, but may have non-ASCII letters before the ``@``.
        """


class ConsoleMailer(Mailer):
    """Writes each mail to standard error, links included: for development only."""

    def send(self, message: Message) -> None:
        """Write the mail to standard error."""
        lines = (f"To: {message.to}", f"Subject: {message.subject}", "", message.text)
        print("-- mail --", *lines, "-- end of mail --", sep="\n", file=sys.stderr, flush=True)
