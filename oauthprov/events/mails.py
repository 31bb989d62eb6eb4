"""Events of mails, and of password resets, which begin with one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from oauthprov.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(Event):
    """Somebody has asked for a new password.

    ``account_id`` is None if no account that is enabled has the name and a confirmed address, or
    the confirmed address, that was entered: then nothing is mailed.
    """

    name: ClassVar[str] = "password_reset.requested"
    words: ClassVar[str] = "a new password was asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSent(Event):
    """The mail server has accepted a mail to the user of an account.

    ``mail`` is what it is about: ``password_reset``, ``email_verification``, ``password_changed``,
    ``email_changed``, ``second_step``, ``passkey``, ``account_closed``, ``account_kept`` or
    ``account_removed``.
    """

    name: ClassVar[str] = "mail.sent"
    words: ClassVar[str] = "sent a mail"

    mail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailNotSent(Event):
    """A mail wasn't sent, and no further attempt is made.

    ``how`` is ``limit``: too many were asked for; ``busy``: too many wait; or ``failed``, for the
    reason in ``problem``.
    """

    name: ClassVar[str] = "mail.not_sent"
    words: ClassVar[str] = "a mail wasn't sent"

    mail: str = ""
    how: str = "failed"
    problem: str = ""

    @property
    def severity(self) -> int:
        """The log level: limits are reached by what strangers do, the rest needs the operator."""
        return logging.INFO if self.how == "limit" else logging.WARNING
