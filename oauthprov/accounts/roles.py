"""The admin role, which only the operator's command gives and takes."""

from __future__ import annotations

from dataclasses import replace

from oauthprov.accounts.telling import tell
from oauthprov.records import Account
from oauthprov.storage.interface import Replace, Storage, persistently


def set_admin(storage: Storage, account_id: str, admin: bool, now: int) -> Account:
    """Give the account the admin role, or take it; return the account. Raises LookupError."""

    def attempt() -> Account:
        stored = storage.get(Account, account_id)
        if stored is None:
            raise LookupError(account_id)
        account = replace(stored.record, admin=admin)
        tell(stored.record, account)
        storage.commit(Replace(account, expecting=stored), now=now)
        return account

    return persistently(attempt)
