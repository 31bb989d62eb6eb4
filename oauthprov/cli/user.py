"""``oauthprov user``: create, list and disable accounts, set passwords, roles, addresses.

Passwords come from a prompt or from standard input, never from the command line. With ``--json``,
``list`` prints ``{"users": [USER, ...]}`` and every other verb one USER: ``account_id``, ``name``,
``developer``, ``created_at`` and ``disabled_at``.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oauthprov.accounts import (
    BuiltInAccounts,
    EmailVerifications,
    Ended,
    NameTaken,
    PasswordPolicy,
    Unacceptable,
    Unproven,
    confirmed_addresses,
)
from oauthprov.accounts.profile import WrongProfile, checked
from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_facts, show_json, show_table
from oauthprov.cli.people import account_of
from oauthprov.errors import MailError
from oauthprov.factors import Factors
from oauthprov.mail import Message, Outbox, mailer_of
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.records import Account
from oauthprov.storage.interface import StorageError

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)

    add = verbs.add_parser("add", help="create an account")
    add_ini(add)
    add.add_argument("name")
    add.add_argument("--developer", action="store_true", help="let it register clients")
    add.add_argument("--email", metavar="ADDRESS", help="its e-mail address")
    add.add_argument("--verified", action="store_true", help="you have verified the address")
    _add_password(add)
    add.set_defaults(run=_add)

    every = verbs.add_parser("list", help="list all accounts")
    add_ini(every)
    every.set_defaults(run=_list)

    passwd = verbs.add_parser("passwd", help="set a new password and end every session")
    add_ini(passwd)
    passwd.add_argument("name")
    _add_password(passwd)
    passwd.set_defaults(run=_passwd)

    role = verbs.add_parser("developer", help="give the role that may register clients")
    add_ini(role)
    role.add_argument("name")
    role.add_argument("--off", action="store_true", help="remove the role instead")
    role.set_defaults(run=_developer)

    _add_email_verbs(verbs)

    _add_reset_factors(verbs)

    disable = verbs.add_parser(
        "disable", help="disable an account: end its sessions, revoke its tokens"
    )
    add_ini(disable)
    disable.add_argument("name")
    disable.set_defaults(run=_disable)


def _add_reset_factors(verbs: _Verbs) -> None:
    reset = verbs.add_parser(
        "reset-factors", help="remove all second factors of an account, and end its sessions"
    )
    add_ini(reset)
    reset.add_argument("name")
    reset.set_defaults(run=_reset_factors)


def _add_email_verbs(verbs: _Verbs) -> None:
    email = verbs.add_parser("email", help="set or remove the e-mail address")
    add_ini(email)
    email.add_argument("name")
    email.add_argument("address", help="the address; '' removes it")
    email.add_argument("--verified", action="store_true", help="you have verified the address")
    email.set_defaults(run=_email)

    vouch = verbs.add_parser("verify-email", help="mark the e-mail address as verified")
    add_ini(vouch)
    vouch.add_argument("name")
    vouch.set_defaults(run=_verify_email)


def _add_password(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the first line of stdin",
    )


def _add(arguments: argparse.Namespace) -> None:
    if arguments.verified and not arguments.email:
        raise Refused("--verified is about the address of --email.")
    with _accounts(arguments) as (on, accounts):
        if arguments.email:
            checked({"email": arguments.email}, {})
        account = accounts.sign_up(arguments.name, _password(arguments), arguments.developer)
        if arguments.email:
            _set_email(on, accounts, account, arguments.email, arguments.verified)
    _show(account, arguments.json)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        users = [stored.record for stored in on.storage.walk(Account)]
    if arguments.json:
        show_json({"users": [document(account) for account in users]})
        return
    rows = [
        (u.name, u.account_id, "developer" if u.developer else "-", moment(u.disabled_at))
        for u in users
    ]
    show_table(("NAME", "ACCOUNT ID", "ROLE", "DISABLED"), rows)


def _passwd(arguments: argparse.Namespace) -> None:
    with _accounts(arguments) as (on, accounts):
        account = account_of(on, arguments.name)
        ended = accounts.change_password(account.account_id, _password(arguments))
        _sweep(on, ended)
    _show(account, arguments.json)
    note("The password is set, and every session of the account has ended.")


def _developer(arguments: argparse.Namespace) -> None:
    with _accounts(arguments) as (on, accounts):
        accounts.set_developer(account_of(on, arguments.name).account_id, not arguments.off)
        account = account_of(on, arguments.name)
    _show(account, arguments.json)


def _email(arguments: argparse.Namespace) -> None:
    if arguments.verified and not arguments.address:
        raise Refused("Without an address there is nothing verified.")
    with _accounts(arguments) as (on, accounts):
        account = account_of(on, arguments.name)
        _set_email(on, accounts, account, arguments.address, arguments.verified)
    _show(account, arguments.json)
    if arguments.verified:
        note("The e-mail address counts as verified until it is changed.")


def _set_email(
    on: Opened, accounts: BuiltInAccounts, account: Account, address: str, verified: bool
) -> None:
    accounts.set_email(account.account_id, address)
    if verified:
        lifetime = on.settings.mail_link_lifetime
        EmailVerifications(on.storage, on.clock, lifetime).vouch(account.account_id)


def _verify_email(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        account = account_of(on, arguments.name)
        lifetime = on.settings.mail_link_lifetime
        try:
            EmailVerifications(on.storage, on.clock, lifetime).vouch(account.account_id)
        except Unproven:
            raise Refused(f"The profile of {account.name} has no e-mail address.") from None
    _show(account, arguments.json)
    note("The e-mail address counts as verified until it is changed.")


def _reset_factors(arguments: argparse.Namespace) -> None:
    with _accounts(arguments) as (on, accounts):
        account_id = account_of(on, arguments.name).account_id
        factors = Factors.build(on.storage, on.settings.secret, on.clock)
        ended = accounts.reset_factors(account_id, factors.removals(account_id))
        _sweep(on, ended)
        told = _tell(on, ended.account)
    _show(ended.account, arguments.json)
    note("The account has no second factor any more, and its sessions have ended.")
    if not told:
        note("No mail was sent to its user.")


def _tell(on: Opened, account: Account) -> bool:
    """Mail to the confirmed address of the account; return whether there was one to mail to."""
    address, mailer = confirmed_addresses.confirmed(account), mailer_of(on.settings)
    if address is None or mailer is None:
        return False
    title = on.settings.title
    text = (
        f"The operator of {title} removed the second step of the account {account.name}, "
        "and ended its sessions.\n\n"
        "If you didn't ask for that, sign in, change your password, and set up a second step.\n"
    )
    subject = f"How you sign in to {title} was changed"
    try:
        Outbox(mailer).send(Message(to=address, subject=subject, text=text), patient=True)
    except MailError as error:
        note(str(error))
        return False
    return True


def _disable(arguments: argparse.Namespace) -> None:
    with _accounts(arguments) as (on, accounts):
        ended = accounts.disable(account_of(on, arguments.name).account_id)
        _sweep(on, ended)
    _show(ended.account, arguments.json)
    note("The account is disabled: its sessions have ended and its tokens are revoked.")


def _sweep(on: Opened, ended: Ended) -> None:
    """Run the sweep; the server or ``logout deliver`` notifies clients."""
    clients = Clients(on.storage, on.clock, on.settings)
    try:
        Sweeps(on.settings, on.storage, clients, on.clock).run(ended.sweep)
    except StorageError:
        note("The sessions and grants have ended; a server removes them when storage answers.")


@contextmanager
def _accounts(arguments: argparse.Namespace) -> Iterator[tuple[Opened, BuiltInAccounts]]:
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
        except WrongProfile as wrong:
            raise Refused(str(wrong)) from None


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Refused("There is no terminal for the prompt: use --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Refused("The two passwords differ.")
    return password


def document(account: Account) -> dict[str, object]:
    """Return the JSON document of an account, without its password hash."""
    fields = ("account_id", "name", "developer", "created_at", "disabled_at")
    return {field: getattr(account, field) for field in fields}


def _show(account: Account, as_json: bool) -> None:
    if as_json:
        show_json(document(account))
        return
    times = {field: moment(getattr(account, field)) for field in ("created_at", "disabled_at")}
    show_facts(document(account) | times)
