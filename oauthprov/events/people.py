"""Events of accounts: sign-ins, sessions, second factors, and what accounts are and have."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from oauthprov.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """An account has signed in. ``amr`` are the methods (RFC 8176)."""

    name: ClassVar[str] = "sign_in.succeeded"
    words: ClassVar[str] = "signed in"

    amr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Event):
    """A sign-in has failed. ``account_id`` is known if an account has the name that was entered.

    ``how`` is ``password``, ``passkey``, ``second_step``, ``step_up`` or ``limit``: too many
    attempts.
    """

    name: ClassVar[str] = "sign_in.failed"
    words: ClassVar[str] = "a sign-in failed"

    how: str = "password"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session has ended."""

    name: ClassVar[str] = "session.ended"
    words: ClassVar[str] = "a session ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorChanged(Event):
    """A second factor was set up, renamed or removed, all were reset, or a recovery code was used.

    ``factor`` is its kind, ``how`` is ``added``, ``removed``, ``renamed``, ``reset``, or, for
    recovery codes, ``renewed`` and ``used``.
    """

    name: ClassVar[str] = "factor.changed"
    words: ClassVar[str] = "a second factor changed"

    factor: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyCopied(Event):
    """A passkey was used whose counter says that there is a copy: it is no longer accepted."""

    name: ClassVar[str] = "passkey.copied"
    words: ClassVar[str] = "a copy of a passkey was used; it is no longer accepted"
    level: ClassVar[int] = logging.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Event):
    """An account was created."""

    name: ClassVar[str] = "account.created"
    words: ClassVar[str] = "an account was created"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """Something of an account has changed: ``changed`` says what.

    These are fields of its record, ``profile``, ``email``, ``email_verified``, ``password``,
    ``disabled``, ``enabled``, and ``sessions`` if all of them have ended.
    """

    name: ClassVar[str] = "account.changed"
    words: ClassVar[str] = "an account changed"

    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed(Event):
    """An account was deleted: it is closed, and will be removed unless it is kept."""

    name: ClassVar[str] = "account.closed"
    words: ClassVar[str] = "an account was deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKept(Event):
    """The deletion of an account was taken back."""

    name: ClassVar[str] = "account.kept"
    words: ClassVar[str] = "the deletion of an account was taken back"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRemoved(Event):
    """An account was removed, with everything that belonged to it."""

    name: ClassVar[str] = "account.removed"
    words: ClassVar[str] = "an account was removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountExported(Event):
    """The data of an account were downloaded."""

    name: ClassVar[str] = "account.exported"
    words: ClassVar[str] = "the data of an account were downloaded"
