"""Account sources: the host's own accounts, or the built-in accounts of the provider."""

from oauthprov.accounts.acceptable import NameTaken, PasswordPolicy, Unacceptable
from oauthprov.accounts.built_in import (
    BuiltInAccounts,
    Ended,
    PasswordSuperseded,
)
from oauthprov.accounts.email_verification import Begun, EmailVerifications, Unproven
from oauthprov.accounts.password_reset import MailedReset, PasswordResets
from oauthprov.accounts.source import AccountSource, HostRequest, SignedIn
from oauthprov.credentials import HashingBusy, PasswordHasher

__all__ = [
    "AccountSource",
    "Begun",
    "BuiltInAccounts",
    "EmailVerifications",
    "Ended",
    "HashingBusy",
    "HostRequest",
    "MailedReset",
    "NameTaken",
    "PasswordHasher",
    "PasswordPolicy",
    "PasswordResets",
    "PasswordSuperseded",
    "SignedIn",
    "Unacceptable",
    "Unproven",
]
