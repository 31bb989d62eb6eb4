"""Letting the user of a disabled account sign in again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oauthprov.accounts import telling
from oauthprov.records import Account, AuthorizationCode, Grant
from oauthprov.storage.interface import (
    Change,
    Remove,
    Replace,
    Revoke,
    Storage,
    Stored,
    batches,
    persistently,
)


def enable(storage: Storage, account_id: str, now: int) -> Account:
    """Let the user sign in again; an account that isn't disabled stays as it is.

    Sessions, grants and tokens that ended when the account was disabled stay ended. The consents
    stay, so apps needn't ask again. An account that its user has deleted is still deleted, and
    can be kept until its grace is over. Raises LookupError if the account is unknown or is being
    removed.
    """
    account = _found(storage, account_id).record
    if account.disabled_at is not None:
        _end_what_is_left(storage, account, now)

    def attempt() -> Account:
        stored = _found(storage, account_id)
        enabled = replace(stored.record, disabled_at=None)
        if enabled != stored.record:
            telling.tell(stored.record, enabled)
            storage.commit(Replace(enabled, expecting=stored), now=now)
        return enabled

    return persistently(attempt)


def _found(storage: Storage, account_id: str) -> Stored[Account]:
    stored = storage.get(Account, account_id)
    if stored is None or stored.record.being_removed:
        raise LookupError(account_id)
    return stored


def _end_what_is_left(storage: Storage, account: Account, now: int) -> None:
    """End codes and grants that the sweep of the disabling hasn't come to.

    Codes go before grants, so that the grant of a code redeemed meanwhile is found. A redeemed
    code stays: a replay of it must revoke its grant.
    """

    def is_left(one: Stored[AuthorizationCode] | Stored[Grant]) -> bool:
        return one.record.account_epoch < account.epoch and one.state(now) == "live"

    for codes in storage.pages(AuthorizationCode, account_id=account.account_id):
        _commit(
            storage,
            [Remove(AuthorizationCode, one.record.key) for one in codes if is_left(one)],
            now,
        )
    for grants in storage.pages(Grant, account_id=account.account_id):
        _commit(storage, [Revoke(one.record.grant_id) for one in grants if is_left(one)], now)


def _commit(storage: Storage, changes: Sequence[Change], now: int) -> None:
    for batch in batches(changes):
        storage.commit(*batch, now=now)
