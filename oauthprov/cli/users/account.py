"""Built-in accounts as the verbs of ``oauthprov user`` open, end and print them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from oauthprov.accounts import BuiltInAccounts, Ended, NameTaken, PasswordPolicy, Unacceptable
from oauthprov.accounts.groups import WrongGroup
from oauthprov.accounts.profile import WrongProfile
from oauthprov.cli.ini import Opened, opened
from oauthprov.cli.output import Refused, moment, note, show_facts, show_json
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.records import Account
from oauthprov.storage.interface import StorageError

_TIMES = ("disabled_at", "remove_at")


@contextmanager
def open_accounts(arguments: argparse.Namespace) -> Iterator[tuple[Opened, BuiltInAccounts]]:
    """Open the storage of the .ini file and its built-in accounts; their errors become Refused."""
    with opened(arguments) as on:
        accounts = BuiltInAccounts.with_costs(
            on.storage,
            on.clock,
            memory_kib=on.settings.password_memory,
            time_cost=on.settings.password_time,
            policy=PasswordPolicy(on.settings.password_length, on.settings.title),
        )
        try:
            yield on, accounts
        except NameTaken as taken:
            raise Refused(f"There is already a user {taken}.") from None
        except Unacceptable as wrong:
            raise Refused(wrong.sentence) from None
        except (WrongProfile, WrongGroup) as wrong:
            raise Refused(str(wrong)) from None


def sweep(on: Opened, ended: Ended) -> None:
    """Sweep what has ended; the server or ``logout deliver`` notifies clients."""
    clients = Clients(on.storage, on.clock, on.settings)
    try:
        Sweeps(on.settings, on.storage, clients, on.clock).run(ended.sweep)
    except StorageError:
        note("The sessions and grants have ended; a server removes them when storage answers.")


def document(account: Account) -> dict[str, object]:
    """Return the JSON document of an account, without its password hash."""
    fields = (
        "account_id",
        "name",
        "developer",
        "admin",
        "groups",
        "factors",
        "created_at",
        *_TIMES,
    )
    return {field: getattr(account, field) for field in fields}


def facts(account: Account) -> dict[str, object]:
    """Return the same document with readable times."""
    return document(account) | {
        field: moment(getattr(account, field)) for field in ("created_at", *_TIMES)
    }


def show(account: Account, as_json: bool) -> None:
    """Print an account."""
    if as_json:
        show_json(document(account))
    else:
        show_facts(facts(account))
