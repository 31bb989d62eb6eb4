"""The verbs of ``oauthprov user`` for users who leave: export, remove and keep."""

from __future__ import annotations

import argparse
from itertools import islice
from typing import TYPE_CHECKING

from oauthprov.accounts import removal
from oauthprov.accounts.export import exported
from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, note, show_facts, show_json
from oauthprov.cli.users.account import open_accounts, show, sweep
from oauthprov.cli.users.naming import account_of
from oauthprov.protocol.logout.ending import keep_account
from oauthprov.records import Client

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

_NAMED = 10
"""Clients that a message names, at most."""


def add_verbs(verbs: _Verbs) -> None:
    """Add the verbs."""
    export = verbs.add_parser("export", help="print all data of the account, as JSON")
    add_ini(export, as_json=False)
    export.add_argument("name")
    _add_id(export)
    export.set_defaults(run=_export)

    remove = verbs.add_parser("remove", help="remove the account and all that belongs to it")
    add_ini(remove)
    remove.add_argument("name")
    _add_id(remove)
    remove.add_argument(
        "--keep-clients",
        action="store_true",
        help="keep the clients that it registered; only the operator can change them then",
    )
    remove.set_defaults(run=_remove)

    keep = verbs.add_parser("keep", help="keep an account that its user has deleted")
    add_ini(keep)
    keep.add_argument("name")
    keep.set_defaults(run=_keep)


def _add_id(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--id", action="store_true", help="NAME is an account id, for instance a host's own"
    )


def _export(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        show_json(exported(on.storage, _id(on, arguments), on.clock()))


def _remove(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        account_id = _id(on, arguments)
        owned = _owned(on, account_id)
        if owned and not arguments.keep_clients:
            more = " and more" if len(owned) > _NAMED else ""
            raise Refused(
                f"{arguments.name} has registered clients: {' '.join(owned[:_NAMED])}{more}. "
                "Remove them first, or use --keep-clients."
            )
        if accounts.get(account_id) is not None:
            sweep(on, accounts.disable(account_id))
        removed = sum(removal.remove(on.storage, account_id, on.clock()))
        if accounts.get(account_id) is not None:
            raise Refused(
                f"Another process is removing {arguments.name}. If the account is still there in "
                f"{removal.TURN // 60} minutes, run the command again."
            )
    print_it = show_json if arguments.json else show_facts
    print_it({"account_id": account_id, "removed_records": removed})
    note("The account is removed.")


def _owned(on: Opened, account_id: str) -> list[str]:
    """Return the ids of the account's clients: as many as a message names, and one more."""
    clients = (one.record for one in on.storage.walk(Client, owner=account_id))
    ids = (client.client_id for client in clients if client.removed_at is None)
    return list(islice(ids, _NAMED + 1))


def _id(on: Opened, arguments: argparse.Namespace) -> str:
    """Return the account id that the arguments name. Raises Refused."""
    name: str = arguments.name
    return name if arguments.id else account_of(on, name).account_id


def _keep(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        account = account_of(on, arguments.name)
        try:
            account = keep_account(on.storage, accounts, account, on.clock())
        except LookupError:
            raise Refused(f"{arguments.name} isn't deleted, or can't be kept any more.") from None
    show(account, arguments.json)
    note("The account is kept. Apps have to ask for access again.")
