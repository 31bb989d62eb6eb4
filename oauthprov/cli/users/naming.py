"""Options that name an account: by its user name, or by its account id."""

from __future__ import annotations

import argparse

from oauthprov.cli.ini import Opened
from oauthprov.cli.output import Refused
from oauthprov.credentials import name_key
from oauthprov.records import Account, Login


def add_account(parser: argparse._ActionsContainer, name: str, account_id: str) -> None:
    """Add an option that takes a user name, and one that takes an account id."""
    parser.add_argument(name, metavar="NAME", help="user name")
    parser.add_argument(account_id, metavar="ID", help="account id, for instance a host's own")


def account_of(on: Opened, name: str) -> Account:
    """Return the account with this user name. Raises Refused."""
    login = on.storage.get(Login, name_key(name))
    if login is not None:
        account = on.storage.get(Account, login.record.account_id)
        if account is not None:
            return account.record
    raise Refused(f"There is no user {name}.")


def account_id_of(on: Opened, name: str | None, account_id: str | None) -> str | None:
    """Return the account id for a name or id, None if neither is given."""
    return account_of(on, name).account_id if name is not None else account_id
