"""Stored records: frozen values, one class per kind, each found by its key.

Times are epoch seconds. Keys are printable ASCII, at most 255 bytes, and compared byte by byte; so
are the values of indexed fields. The part of a key before its first dot is the record's *slot*:
records of one slot change together, atomically, on every backend. Secrets are stored only as
digests. A new field needs a default, since older records lack it; an indexed field of a stored
record never changes.
"""

from __future__ import annotations

from oauthprov.records.audit import AuditEntry as AuditEntry
from oauthprov.records.clients import Client as Client
from oauthprov.records.clients import DisabledHost as DisabledHost
from oauthprov.records.clients import InitialAccessToken as InitialAccessToken
from oauthprov.records.clients import Logo as Logo
from oauthprov.records.devices import DeviceGrant as DeviceGrant
from oauthprov.records.devices import UserCode as UserCode
from oauthprov.records.factors import PendingSignIn as PendingSignIn
from oauthprov.records.factors import RecoveryCodes as RecoveryCodes
from oauthprov.records.factors import Totp as Totp
from oauthprov.records.grants import AccessToken as AccessToken
from oauthprov.records.grants import AuthorizationCode as AuthorizationCode
from oauthprov.records.grants import Grant as Grant
from oauthprov.records.grants import PushedRequest as PushedRequest
from oauthprov.records.grants import Receipt as Receipt
from oauthprov.records.grants import RefreshToken as RefreshToken
from oauthprov.records.keys import KEY_LIMIT as KEY_LIMIT
from oauthprov.records.keys import Digest as Digest
from oauthprov.records.keys import consent_key as consent_key
from oauthprov.records.keys import is_client_url as is_client_url
from oauthprov.records.keys import is_key as is_key
from oauthprov.records.keys import slot as slot
from oauthprov.records.passkeys import Passkey as Passkey
from oauthprov.records.people import REMOVAL_QUEUE as REMOVAL_QUEUE
from oauthprov.records.people import Account as Account
from oauthprov.records.people import AccountRemoval as AccountRemoval
from oauthprov.records.people import ConfirmedAddress as ConfirmedAddress
from oauthprov.records.people import Consent as Consent
from oauthprov.records.people import EmailVerification as EmailVerification
from oauthprov.records.people import Login as Login
from oauthprov.records.people import PasswordReset as PasswordReset
from oauthprov.records.people import Session as Session
from oauthprov.records.server import SWEEP_LEASE as SWEEP_LEASE
from oauthprov.records.server import SWEEP_QUEUE as SWEEP_QUEUE
from oauthprov.records.server import TRANSFER as TRANSFER
from oauthprov.records.server import EndedSession as EndedSession
from oauthprov.records.server import Interaction as Interaction
from oauthprov.records.server import LogoutDelivery as LogoutDelivery
from oauthprov.records.server import ReplayMark as ReplayMark
from oauthprov.records.server import SigningKey as SigningKey
from oauthprov.records.server import Sweep as Sweep
from oauthprov.records.server import Transfer as Transfer
from oauthprov.records.shape import R as R
from oauthprov.records.shape import Record as Record
from oauthprov.records.shape import Shape as Shape
from oauthprov.records.shape import record as record

KINDS: tuple[type[Record], ...] = (
    Account,
    Login,
    Client,
    Consent,
    Grant,
    AuthorizationCode,
    AccessToken,
    RefreshToken,
    Receipt,
    Interaction,
    Session,
    SigningKey,
    ReplayMark,
    InitialAccessToken,
    LogoutDelivery,
    Logo,
    EmailVerification,
    ConfirmedAddress,
    PasswordReset,
    Totp,
    RecoveryCodes,
    PendingSignIn,
    EndedSession,
    Sweep,
    Passkey,
    AccountRemoval,
    Transfer,
    AuditEntry,
    DeviceGrant,
    UserCode,
    PushedRequest,
    DisabledHost,
)
"""Every kind of record that a backend stores."""
