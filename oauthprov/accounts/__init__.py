"""Whose accounts these are: a host's own, or those that the provider keeps."""

from oauthprov.accounts.built_in import (
    PASSWORD_ACR,
    BuiltInAccounts,
    NameTaken,
    Unacceptable,
)
from oauthprov.accounts.source import AccountSource, SignedIn

__all__ = [
    "PASSWORD_ACR",
    "AccountSource",
    "BuiltInAccounts",
    "NameTaken",
    "SignedIn",
    "Unacceptable",
]
