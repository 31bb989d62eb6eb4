"""The confirmed e-mail addresses of built-in accounts, and the accounts of such an address.

The claims of an account decide whether it has a confirmed address (``email`` and
``email_verified``, OpenID Connect Core section 5.1). Claims can't be searched, so a
ConfirmedAddress leads from the address to the account. The commit that changes the claims also
changes that record; whoever follows the record checks the claims again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from oauthprov.credentials import name_key
from oauthprov.records import Account, ConfirmedAddress, Digest
from oauthprov.storage.interface import (
    Add,
    Change,
    Remove,
    Replace,
    Storage,
    Stored,
    persistently,
)

LIMIT = 10
"""The most accounts that :func:`accounts_at` returns; the others are reached by user name."""


def claims_of(account: Account) -> dict[str, object]:
    """Return the profile that the user entered, as claims."""
    found: dict[str, object] = json.loads(account.claims or "{}")
    return found


def address_key(address: str) -> Digest:
    """Return the key of an address; spellings that differ in case or width have the same key.

    Hence mail goes to the address that was confirmed, never to the one that was entered.
    """
    return name_key(address)


def confirmed(account: Account) -> str | None:
    """Return the confirmed address of an account, as the user entered it in the profile."""
    claims = claims_of(account)
    email = claims.get("email")
    return email if isinstance(email, str) and claims.get("email_verified") is True else None


def confirm(account: Account, now: int) -> Account:
    """Return the account with its address marked as confirmed."""
    made = json.dumps({**claims_of(account), "email_verified": True, "updated_at": now})
    return replace(account, claims=made)


def changes(storage: Storage, before: Account, after: Account) -> list[Change]:
    """Return the changes that belong in the commit that replaces ``before`` with ``after``.

    That commit must be a Replace of the account: it fails if the claims have changed meanwhile.
    """
    old, new = _record(before), _record(after)
    if old == new:
        return []
    made: list[Change] = [Remove(ConfirmedAddress, old.key)] if old else []
    # The record may exist: a process of an earlier version doesn't remove it.
    if new is not None and storage.get(ConfirmedAddress, new.key) is None:
        made.append(Add(new))
    return made


def accounts_at(storage: Storage, address: str, *, disabled: bool = False) -> list[Account]:
    """Return up to LIMIT accounts that have confirmed ``address``.

    Disabled ones are among them only if ``disabled``.
    """
    key = address_key(address)
    page = storage.find(ConfirmedAddress, address=key, limit=LIMIT)
    pairs = [(Account, stored.record.account_id) for stored in page.items]
    found = [stored.record for stored in storage.get_many(pairs) if stored is not None]
    return [
        account
        for account in found
        if isinstance(account, Account)
        and _key(account) == key
        and (disabled or account.disabled_at is None)
    ]


def enter_all(storage: Storage, clock: Callable[[], int]) -> Iterator[int]:
    """Add the missing records of addresses confirmed by an earlier version, beside traffic.

    Yields the number of records that were added, for each page of accounts.
    """
    for page in storage.pages(Account):
        wanted = {made.key: stored for stored in page if (made := _record(stored.record))}
        present = storage.get_many([(ConfirmedAddress, key) for key in wanted])
        missing = [
            stored for stored, found in zip(wanted.values(), present, strict=True) if found is None
        ]
        yield sum(_enter(storage, stored.record.account_id, clock) for stored in missing)


def _enter(storage: Storage, account_id: str, clock: Callable[[], int]) -> bool:
    def attempt() -> bool:
        stored: Stored[Account] | None = storage.get(Account, account_id)
        record = _record(stored.record) if stored else None
        if stored is None or record is None or storage.get(ConfirmedAddress, record.key):
            return False
        # The unchanged account is replaced too, so that its claims can't change meanwhile.
        same = Replace(stored.record, expecting=stored)
        storage.commit(same, Add(record), now=clock())
        return True

    return persistently(attempt)


def _key(account: Account) -> Digest | None:
    address = confirmed(account)
    return address_key(address) if address is not None else None


def _record(account: Account) -> ConfirmedAddress | None:
    key = _key(account)
    if key is None:
        return None
    return ConfirmedAddress(f"{account.account_id}.{key}", account.account_id, key)
