"""The verbs of ``oauthprov user`` for what an account is called and whether it can be used."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from oauthprov.accounts.enabling import enable
from oauthprov.accounts.renaming import rename
from oauthprov.cli.ini import add_ini
from oauthprov.cli.output import Refused, note
from oauthprov.cli.users.account import open_accounts, show, sweep
from oauthprov.cli.users.naming import account_of

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def add_verbs(verbs: _Verbs) -> None:
    """Add the verbs."""
    renaming = verbs.add_parser("rename", help="give an account another user name")
    add_ini(renaming)
    renaming.add_argument("name", help="its present user name")
    renaming.add_argument("new", metavar="NEW", help="its new user name")
    renaming.set_defaults(run=_rename)

    disable = verbs.add_parser(
        "disable", help="disable an account: end its sessions, revoke its tokens"
    )
    add_ini(disable)
    disable.add_argument("name")
    disable.set_defaults(run=_disable)

    enabling = verbs.add_parser("enable", help="let the user of a disabled account sign in again")
    add_ini(enabling)
    enabling.add_argument("name")
    enabling.set_defaults(run=_enable)


def _rename(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, _):
        try:
            account = rename(on.storage, arguments.name, arguments.new, on.clock())
        except LookupError:
            raise Refused(f"There is no user {arguments.name}.") from None
    show(account, arguments.json)
    note("The account is renamed. Its user signs in by the new name, with the same password.")


def _disable(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        ended = accounts.disable(account_of(on, arguments.name).account_id)
        sweep(on, ended)
    show(ended.account, arguments.json)
    note("The account is disabled: its sessions have ended and its tokens are revoked.")


def _enable(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, _):
        account = account_of(on, arguments.name)
        was_disabled = account.disabled_at is not None
        try:
            account = enable(on.storage, account.account_id, on.clock())
        except LookupError:
            raise Refused(f"{arguments.name} is being removed.") from None
    show(account, arguments.json)
    if not was_disabled:
        note("The account wasn't disabled.")
    elif account.remove_at is not None:
        note("The account isn't disabled any more, but its user has deleted it: see user keep.")
    else:
        note("The account is enabled. Its user and apps have to sign in again.")
