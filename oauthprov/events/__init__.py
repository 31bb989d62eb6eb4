"""The stream of events: what has happened, for the log, subscribers and the audit.

A subscriber of :class:`Event` gets them all, one of a class below it only those::

    config.add_subscriber(tell, oauthprov.events.SignInFailed)
"""

from __future__ import annotations

from oauthprov.events.access import AuthorizationGranted as AuthorizationGranted
from oauthprov.events.access import ConsentDenied as ConsentDenied
from oauthprov.events.access import ConsentWithdrawn as ConsentWithdrawn
from oauthprov.events.access import (
    DeviceAuthorizationRequested as DeviceAuthorizationRequested,
)
from oauthprov.events.access import GrantRevoked as GrantRevoked
from oauthprov.events.access import RequestNoted as RequestNoted
from oauthprov.events.access import RequestRefused as RequestRefused
from oauthprov.events.access import TokenRevoked as TokenRevoked
from oauthprov.events.access import TokensIssued as TokensIssued
from oauthprov.events.administration import ClientChanged as ClientChanged
from oauthprov.events.administration import ClientRegistered as ClientRegistered
from oauthprov.events.administration import ClientRemoved as ClientRemoved
from oauthprov.events.administration import KeyChanged as KeyChanged
from oauthprov.events.administration import LogoutDelivered as LogoutDelivered
from oauthprov.events.administration import LogoutGivenUp as LogoutGivenUp
from oauthprov.events.administration import RegistrationTokenChanged as RegistrationTokenChanged
from oauthprov.events.documents import ClientDocumentChanged as ClientDocumentChanged
from oauthprov.events.documents import ClientDocumentFetched as ClientDocumentFetched
from oauthprov.events.documents import ClientDocumentRefused as ClientDocumentRefused
from oauthprov.events.documents import ClientHostChanged as ClientHostChanged
from oauthprov.events.event import OPERATOR as OPERATOR
from oauthprov.events.event import Event as Event
from oauthprov.events.event import Origin as Origin
from oauthprov.events.event import admin as admin
from oauthprov.events.event import is_admin as is_admin
from oauthprov.events.event import is_other_admin as is_other_admin
from oauthprov.events.event import worker as worker
from oauthprov.events.mails import MailNotSent as MailNotSent
from oauthprov.events.mails import MailSent as MailSent
from oauthprov.events.mails import PasswordResetRequested as PasswordResetRequested
from oauthprov.events.people import AccountChanged as AccountChanged
from oauthprov.events.people import AccountClosed as AccountClosed
from oauthprov.events.people import AccountCreated as AccountCreated
from oauthprov.events.people import AccountExported as AccountExported
from oauthprov.events.people import AccountKept as AccountKept
from oauthprov.events.people import AccountRemoved as AccountRemoved
from oauthprov.events.people import FactorChanged as FactorChanged
from oauthprov.events.people import PasskeyCopied as PasskeyCopied
from oauthprov.events.people import SessionEnded as SessionEnded
from oauthprov.events.people import SignedIn as SignedIn
from oauthprov.events.people import SignInFailed as SignInFailed
from oauthprov.events.reasons import Reason as Reason
from oauthprov.events.recorder import Recorder as Recorder
from oauthprov.events.scope import Scope as Scope
from oauthprov.events.scope import asked_for as asked_for
from oauthprov.events.scope import in_background as in_background
from oauthprov.events.scope import on_commit as on_commit
from oauthprov.events.scope import publish as publish
from oauthprov.events.scope import refused_with as refused_with
from oauthprov.events.scope import working as working
from oauthprov.events.storage import PublishingStorage as PublishingStorage
from oauthprov.events.stream import Stream as Stream

KINDS: tuple[type[Event], ...] = (
    SignedIn,
    SignInFailed,
    SessionEnded,
    FactorChanged,
    PasskeyCopied,
    AccountCreated,
    AccountChanged,
    AccountClosed,
    AccountKept,
    AccountRemoved,
    AccountExported,
    PasswordResetRequested,
    MailSent,
    MailNotSent,
    ConsentDenied,
    ConsentWithdrawn,
    AuthorizationGranted,
    TokensIssued,
    DeviceAuthorizationRequested,
    RequestNoted,
    RequestRefused,
    GrantRevoked,
    TokenRevoked,
    ClientRegistered,
    ClientChanged,
    ClientRemoved,
    ClientDocumentFetched,
    ClientDocumentChanged,
    ClientDocumentRefused,
    ClientHostChanged,
    RegistrationTokenChanged,
    KeyChanged,
    LogoutDelivered,
    LogoutGivenUp,
)
"""Every kind of event."""
