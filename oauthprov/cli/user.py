"""``oauthprov user``: create, show, rename and disable accounts, set passwords and roles.

Passwords come from a prompt or from standard input, never from the command line. With ``--json``,
``list`` prints ``{"users": [USER, ...]}``, ``remove`` the ``account_id`` and the number of
``removed_records``, and every other verb one USER: ``account_id``, ``name``, ``developer``,
``admin``, ``groups``, ``factors``, ``created_at``, ``disabled_at`` and ``remove_at``. ``show``
adds ``email``, ``email_verified``, ``authenticator``, ``recovery_codes`` (how many are left),
``passkeys``, ``sessions`` as in ``oauthprov session``, and ``apps``: the clients that the user has
allowed. ``export`` always prints JSON.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from oauthprov.accounts import (
    BuiltInAccounts,
    EmailVerifications,
    Unproven,
    confirmed_addresses,
    roles,
)
from oauthprov.accounts.profile import checked
from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_json, show_table
from oauthprov.cli.users import leaving, showing, standing
from oauthprov.cli.users.account import document, open_accounts, show, sweep
from oauthprov.cli.users.naming import account_of
from oauthprov.errors import MailError
from oauthprov.events import MailNotSent, MailSent, publish
from oauthprov.factors import Factors
from oauthprov.mail import Message, Outbox, mailer_of
from oauthprov.records import Account

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)

    add = verbs.add_parser("add", help="create an account")
    add_ini(add)
    add.add_argument("name")
    add.add_argument("--developer", action="store_true", help="let it register clients")
    add.add_argument("--admin", action="store_true", help="let it open the admin pages")
    add.add_argument("--email", metavar="ADDRESS", help="its e-mail address")
    add.add_argument("--verified", action="store_true", help="you have verified the address")
    _add_password(add)
    add.set_defaults(run=_add)

    every = verbs.add_parser("list", help="list all accounts")
    add_ini(every)
    every.set_defaults(run=_list)

    showing.add_verbs(verbs)

    passwd = verbs.add_parser("passwd", help="set a new password and end every session")
    add_ini(passwd)
    passwd.add_argument("name")
    _add_password(passwd)
    passwd.set_defaults(run=_passwd)

    _add_role_verbs(verbs)
    _add_email_verbs(verbs)
    _add_reset_factors(verbs)
    standing.add_verbs(verbs)
    leaving.add_verbs(verbs)


def _add_reset_factors(verbs: _Verbs) -> None:
    reset = verbs.add_parser(
        "reset-factors", help="remove all second factors of an account, and end its sessions"
    )
    add_ini(reset)
    reset.add_argument("name")
    reset.set_defaults(run=_reset_factors)


def _add_role_verbs(verbs: _Verbs) -> None:
    role = verbs.add_parser("developer", help="give the role that may register clients")
    add_ini(role)
    role.add_argument("name")
    role.add_argument("--off", action="store_true", help="remove the role instead")
    role.set_defaults(run=_developer)

    admin = verbs.add_parser("admin", help="give the role that may open the admin pages")
    add_ini(admin)
    admin.add_argument("name")
    admin.add_argument("--off", action="store_true", help="remove the role instead")
    admin.set_defaults(run=_admin)

    group = verbs.add_parser("group", help="put it into a group")
    add_ini(group)
    group.add_argument("name")
    group.add_argument("group", help="name of the group, for the claim groups")
    group.add_argument("--off", action="store_true", help="take it out of the group instead")
    group.set_defaults(run=_group)


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
    with open_accounts(arguments) as (on, accounts):
        if arguments.email:
            checked({"email": arguments.email}, {})
        account = accounts.sign_up(arguments.name, _password(arguments), arguments.developer)
        if arguments.admin:
            account = roles.set_admin(on.storage, account.account_id, True, on.clock())
        if arguments.email:
            _set_email(on, accounts, account, arguments.email, arguments.verified)
    show(account, arguments.json)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        users = (stored.record for stored in on.storage.walk(Account))
        if arguments.json:
            show_json({"users": map(document, users)})
            return
        head = ("NAME", "ACCOUNT ID", "ROLE", "DISABLED", "REMOVED FROM", "FACTORS", "GROUPS")
        show_table(head, map(_row, users))


def _row(account: Account) -> tuple[str, ...]:
    return (
        account.name,
        account.account_id,
        _roles(account),
        moment(account.disabled_at),
        moment(account.remove_at),
        " ".join(account.factors) or "-",
        " ".join(account.groups) or "-",
    )


def _roles(account: Account) -> str:
    held = {"developer": account.developer, "admin": account.admin}
    return " ".join(name for name, has in held.items() if has) or "-"


def _passwd(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        account = account_of(on, arguments.name)
        ended = accounts.change_password(account.account_id, _password(arguments))
        sweep(on, ended)
    show(account, arguments.json)
    note("The password is set, and every session of the account has ended.")


def _developer(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        accounts.set_developer(account_of(on, arguments.name).account_id, not arguments.off)
        account = account_of(on, arguments.name)
    show(account, arguments.json)


def _admin(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        account_id = account_of(on, arguments.name).account_id
        account = roles.set_admin(on.storage, account_id, not arguments.off, on.clock())
    show(account, arguments.json)
    if account.admin and not (account.factors or on.settings.factors_required):
        note("It has no second factor yet, and oauthprov.factors.required demands none.")


def _email(arguments: argparse.Namespace) -> None:
    if arguments.verified and not arguments.address:
        raise Refused("Without an address there is nothing verified.")
    with open_accounts(arguments) as (on, accounts):
        account = account_of(on, arguments.name)
        _set_email(on, accounts, account, arguments.address, arguments.verified)
    show(account, arguments.json)
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
    show(account, arguments.json)
    note("The e-mail address counts as verified until it is changed.")


def _reset_factors(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        account_id = account_of(on, arguments.name).account_id
        factors = Factors.build(on.storage, on.settings.secret, on.clock)
        ended = accounts.reset_factors(account_id, factors.removals(account_id))
        sweep(on, ended)
        told = _tell(on, ended.account)
    show(ended.account, arguments.json)
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
        publish(MailNotSent(account_id=account.account_id, mail="second_step", problem=str(error)))
        note(str(error))
        return False
    publish(MailSent(account_id=account.account_id, mail="second_step"))
    return True


def _group(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        account = account_of(on, arguments.name)
        accounts.set_group(account.account_id, arguments.group, not arguments.off)
        account = account_of(on, arguments.name)
    show(account, arguments.json)


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Refused("There is no terminal for the prompt: use --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Refused("The two passwords differ.")
    return password
