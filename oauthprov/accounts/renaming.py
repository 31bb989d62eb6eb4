"""Another user name for a built-in account.

A user name is a key, so a renamed account gets a new Login. The account's id stays, and with it
``sub``, sessions, grants and everything else that belongs to it.
"""

from __future__ import annotations

import json
from dataclasses import replace

from oauthprov.accounts import telling
from oauthprov.accounts.acceptable import NameTaken, acceptable_name
from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.credentials import name_key
from oauthprov.records import Account, Login
from oauthprov.storage.interface import (
    Add,
    Change,
    Conflict,
    Remove,
    Replace,
    Storage,
    Stored,
    persistently,
)


def rename(storage: Storage, former: str, name: str, now: int) -> Account:
    """Give the account that ``former`` leads to the user name ``name``, in one commit.

    A cluster commits slot by slot: first the new Login, then the account, then the removal of the
    old Login. If the process dies in between, both names lead to the account, and the same call
    completes it.

    Raises NameTaken, Unacceptable for the name, and LookupError if no account has the name
    ``former``: none ever had, another call was faster, or the account is being removed.
    """
    shown = acceptable_name(name)
    return persistently(lambda: _attempt(storage, former, shown, now))


def _attempt(storage: Storage, former: str, name: str, now: int) -> Account:
    stored = _found(storage, former)
    before = stored.record
    made = json.dumps({**claims_of(before), "updated_at": now})
    after = replace(before, name=name, claims=made)
    new = Login(key=name_key(name), account_id=before.account_id)
    changes: list[Change] = [] if _is_ours(storage, new, name) else [Add(new)]
    changes.append(Replace(after, expecting=stored))
    # After an interrupted call there may be one of each.
    for key in {name_key(former), name_key(before.name)} - {new.key}:
        login = storage.get(Login, key)
        if login is not None and login.record.account_id == before.account_id:
            changes.append(Remove(Login, key))
    telling.tell(before, after)
    try:
        storage.commit(*changes, now=now)
    except Conflict as conflict:
        if isinstance(conflict.change, Replace) and isinstance(changes[0], Add):
            _take_back(storage, new, now)
        raise
    return after


def _found(storage: Storage, name: str) -> Stored[Account]:
    key = name_key(name)
    login = storage.get(Login, key)
    stored = storage.get(Account, login.record.account_id) if login else None
    # A removal frees the name that it has read, and no other.
    if stored is None or stored.record.being_removed:
        raise LookupError(name)
    if name_key(stored.record.name) != key and storage.get(Login, key) is None:
        raise LookupError(name)  # it was renamed between the two reads
    return stored


def _is_ours(storage: Storage, login: Login, name: str) -> bool:
    """Return whether there is this Login; raise NameTaken if it leads to another account."""
    stored = storage.get(Login, login.key)
    if stored is not None and stored.record.account_id != login.account_id:
        raise NameTaken(name)
    return stored is not None


def _take_back(storage: Storage, added: Login, now: int) -> None:
    """Remove a Login that a cluster has added before it refused to change the account.

    The account is replaced, unchanged, so that it can't take the name at the same moment.
    """

    def attempt() -> None:
        stored = storage.get(Account, added.account_id)
        if stored is not None and name_key(stored.record.name) != added.key:
            same = Replace(stored.record, expecting=stored)
            storage.commit(same, Remove(Login, added.key), now=now)

    persistently(attempt)
