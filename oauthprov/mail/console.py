"""Mail for developers: it is shown, not sent."""

from __future__ import annotations

import sys

from oauthprov.mail.mailer import Mailer, Message


class ConsoleMailer(Mailer):
    """Writes each mail to standard error, links included: for development only."""

    def send(self, message: Message) -> None:
        """Write the mail."""
        lines = (f"To: {message.to}", f"Subject: {message.subject}", "", message.text)
        print("-- mail --", *lines, "-- end of mail --", sep="\n", file=sys.stderr, flush=True)
