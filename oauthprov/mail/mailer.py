"""The seam through which mail leaves, and a mailer for developers."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A mail of plain text to one address. Its text may hold a secret: don't log it."""

    to: str
    subject: str
    text: str = field(repr=False)


class Mailer(ABC):
    """Sends mail. A host passes its own to ``set_oauth_mailer``."""

    @abstractmethod
    def send(self, message: Message) -> None:
        """Send ``message``, or hand it to what will. Raises MailError when it can't.

        It is called in a thread of its own. The address was typed by somebody; it holds no
        control characters, and may hold letters beyond ASCII before the ``@``.
        """


class ConsoleMailer(Mailer):
    """Writes each mail to standard error, links included: for development only."""

    def send(self, message: Message) -> None:
        """Write the mail."""
        lines = (f"To: {message.to}", f"Subject: {message.subject}", "", message.text)
        print("-- mail --", *lines, "-- end of mail --", sep="\n", file=sys.stderr, flush=True)
