"""``oauthprov user show``: everything that an operator needs to know about an account.

No secret is printed, nor the digest of one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from typing import TYPE_CHECKING

from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import moment, show_facts, show_json, show_table
from oauthprov.cli.users import sessions
from oauthprov.cli.users.account import document, facts
from oauthprov.cli.users.naming import account_of
from oauthprov.records import Account, Client, Consent, Passkey, RecoveryCodes, Totp

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


@dataclass(frozen=True, slots=True)
class App:
    """A client that the user has allowed to use the account; ``name`` is None once it is gone."""

    client_id: str
    name: str | None
    scopes: tuple[str, ...]
    allowed_at: int


def add_verbs(verbs: _Verbs) -> None:
    """Add the verb."""
    verb = verbs.add_parser("show", help="show an account: factors, sessions, apps, dates")
    add_ini(verb)
    verb.add_argument("name")
    verb.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        account = account_of(on, arguments.name)
        if arguments.json:
            apps = map(asdict, _apps(on, account.account_id))
            show_json(_document(on, account) | {"apps": apps})
            return
        show_facts(_facts(on, account))
        apps_of_it = _apps(on, account.account_id)
        for first in apps_of_it:
            print()
            show_table(("APP", "NAME", "ALLOWED", "SCOPES"), map(_row, chain([first], apps_of_it)))


def _document(on: Opened, account: Account) -> dict[str, object]:
    """Return the JSON document of an account with all but its apps, of which it may have many."""
    claims = claims_of(account)
    totp = on.storage.get(Totp, account.account_id)
    codes = on.storage.get(RecoveryCodes, account.account_id)
    return document(account) | {
        "email": claims.get("email"),
        "email_verified": claims.get("email_verified") is True,
        "factors": account.factors,
        "authenticator": totp
        and {"created_at": totp.record.created_at, "last_used_at": totp.record.last_used_at},
        "recovery_codes": len(codes.record.codes) if codes else 0,
        "passkeys": [
            {
                "name": one.name,
                "created_at": one.created_at,
                "last_used_at": one.last_used_at,
                "copied_at": one.copied_at,
            }
            for one in _passkeys(on, account.account_id)
        ],
        "sessions": [sessions.document(one) for one in sessions.of(on, account.account_id)],
    }


def _facts(on: Opened, account: Account) -> dict[str, object]:
    """Return the same in words."""
    claims = claims_of(account)
    email, confirmed = claims.get("email"), claims.get("email_verified") is True
    codes = on.storage.get(RecoveryCodes, account.account_id)
    return facts(account) | {
        "email": email and f"{email} ({'confirmed' if confirmed else 'not confirmed'})",
        "factors": account.factors,
        "recovery codes": f"{len(codes.record.codes)} left" if codes else None,
        "passkeys": [
            f"{one.name}, added {moment(one.created_at)}, last used {moment(one.last_used_at)}"
            + (", refused as copied" if one.copied_at else "")
            for one in _passkeys(on, account.account_id)
        ],
        "sessions": [
            f"{sessions.short_id(one)}, last seen {moment(one.last_seen_at)} at "
            f"{one.address or 'an unknown address'}"
            for one in sessions.of(on, account.account_id)
        ],
    }


def _passkeys(on: Opened, account_id: str) -> list[Passkey]:
    return [stored.record for stored in on.storage.walk(Passkey, account_id=account_id)]


def _apps(on: Opened, account_id: str) -> Iterator[App]:
    """Yield the clients that the account has allowed; the clients of a page are one read."""
    for page in on.storage.pages(Consent, account_id=account_id):
        allowed = [one.record for one in page if one.record.withdrawn_at is None]
        found = on.storage.get_many([(Client, consent.client_id) for consent in allowed])
        for consent, stored in zip(allowed, found, strict=True):
            client = stored.record if stored else None
            name = client.name if isinstance(client, Client) and not client.removed_at else None
            yield App(consent.client_id, name, consent.scopes, consent.created_at)


def _row(app: App) -> tuple[str, ...]:
    return (app.client_id, app.name or "-", moment(app.allowed_at), " ".join(app.scopes))
