"""Removing accounts and everything that belongs to them, at once or after a grace.

A user who deletes an account has a grace (``Account.remove_at``) to take that back. An
AccountRemoval leads to the account when it is over. Whether the user or the removal comes first is
decided by one Replace of the account: it can be taken back as long as it isn't disabled, and the
removal begins by disabling it. From then on each step may be repeated by another process. The last
one frees the name, which a new user may take at once. No process may do that a second time, so a
process takes a turn for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from oauthprov.accounts import confirmed_addresses
from oauthprov.credentials import digest, name_key
from oauthprov.events import AccountRemoved, on_commit
from oauthprov.records import (
    KINDS,
    REMOVAL_QUEUE,
    SWEEP_QUEUE,
    Account,
    AccountRemoval,
    AuthorizationCode,
    Consent,
    Grant,
    Login,
    Record,
    ReplayMark,
    Sweep,
)
from oauthprov.storage.interface import (
    Add,
    Change,
    Conflict,
    Remove,
    Replace,
    Storage,
    StorageFull,
    batches,
    persistently,
)

_ORDER: tuple[type[Record], ...] = (AuthorizationCode, Grant)
_APART = (*_ORDER, Consent)
OF_AN_ACCOUNT: tuple[type[Record], ...] = (
    *_ORDER,
    *(k for k in KINDS if "account_id" in k.shape.indexes and k not in _APART),
    Consent,
)
"""The kinds whose records are found by their account, and removed with it, in this order.

Codes go before grants, so that the grant of a code redeemed meanwhile is found; consents go last,
since their epoch invalidates codes and grants. Entries of the audit stay until they expire. The
others that name an account go by themselves, within a day or the lifetime of access tokens if that
is longer; a sweep goes when it is done.
"""

TURN = 600
"""Seconds after which the last step of a removal is left to another process."""

ONE_OF_AN_ACCOUNT: tuple[type[Record], ...] = tuple(
    kind for kind in KINDS if kind.shape.key == "account_id"
)
"""The kinds of which an account has one record at most, under its own id."""


def changes(storage: Storage, before: Account, after: Account) -> list[Change]:
    """Return the changes that belong in the commit that replaces ``before`` with ``after``."""
    if before.remove_at == after.remove_at:
        return []
    if after.remove_at is None:
        return [Remove(AccountRemoval, after.account_id)]
    stored = storage.get(AccountRemoval, after.account_id)
    due = AccountRemoval(after.account_id, REMOVAL_QUEUE, after.remove_at)
    return [Replace(due, expecting=stored) if stored else Add(due)]


def ignore(account: Account) -> None:
    """Do nothing about an account that is being removed."""


def remove_due(
    storage: Storage, now: int, begun: Callable[[Account], None] = ignore
) -> Iterator[int]:
    """Remove the accounts whose grace is over; yield the number of records of each step.

    ``begun`` is called once for each that has a profile, with the account as it was.
    """
    swept = {stored.record.account_id for stored in storage.walk(Sweep, queue=SWEEP_QUEUE)}
    for page in storage.pages(AccountRemoval, queue=REMOVAL_QUEUE):
        due = [stored.record.account_id for stored in page if stored.record.due_at <= now]
        for account_id in due:
            # A sweep still reads grants, to notify their clients: the next pass comes back.
            if account_id not in swept:
                yield from _removed(storage, account_id, now, lambda one: _is_due(one, now), begun)
        yield 0


def remove(storage: Storage, account_id: str, now: int) -> Iterator[int]:
    """Remove an account at once; yield the number of records of each step.

    The caller ends its sessions and grants before, so that clients are notified. Of a host's
    account it removes what this server stores: consents, codes and grants.
    """
    yield from _removed(storage, account_id, now, lambda account: True)


def _is_due(account: Account, now: int) -> bool:
    return account.remove_at is not None and account.remove_at <= now


def _removed(
    storage: Storage,
    account_id: str,
    now: int,
    may: Callable[[Account], bool],
    begun: Callable[[Account], None] = ignore,
) -> Iterator[int]:
    """Remove the account if ``may`` allows it, with everything that belongs to it."""

    def begin() -> Account | None:
        stored = storage.get(Account, account_id)
        if stored is None or not may(stored.record):
            return stored.record if stored else None
        left = replace(stored.record, password_hash=None, claims=None, groups=(), factors=())
        left = replace(left, disabled_at=left.disabled_at or now)
        address = confirmed_addresses.changes(storage, stored.record, left)
        storage.commit(Replace(left, expecting=stored), *address, now=now)
        if stored.record.claims is not None:
            begun(stored.record)
        return left

    account = persistently(begin)
    if account is not None and not may(account):
        return  # it was taken back
    gone = 0
    for kind in OF_AN_ACCOUNT:
        for page in storage.pages(kind, account_id=account_id):
            for batch in batches([Remove(kind, stored.record.storage_key) for stored in page]):
                storage.commit(*batch, now=now)
                gone += len(batch)
                yield len(batch)
    if account is None and gone:  # a host's: nothing of it is stored but what was removed now
        on_commit(AccountRemoved(account_id=account_id))
    yield _last_step(storage, account_id, account, now)


def _last_step(storage: Storage, account_id: str, account: Account | None, now: int) -> int:
    """Free the name and drop the account; return the number of records, 0 if it isn't our turn."""
    if account is None:  # a host's, or removed already
        storage.commit(*(Remove(kind, account_id) for kind in ONE_OF_AN_ACCOUNT), now=now)
        return 0
    turn = ReplayMark(f"{account_id}.{digest('removal')}", now + TURN)
    try:
        storage.commit(Add(turn), now=now)
    except Conflict:
        return 0
    except StorageFull:
        pass  # a removal makes room, and until there is some nobody can take the name
    # Read in our turn: after that of another removal the name may have a new owner.
    login = storage.get(Login, name_key(account.name))
    ours = login is not None and login.record.account_id == account_id
    # The name becomes free first: it must not lead to an account that is gone.
    ended: list[Change] = [Remove(Login, login.record.key)] if login and ours else []
    ended += [Remove(kind, account_id) for kind in ONE_OF_AN_ACCOUNT]
    if storage.get(Account, account_id) is not None:
        on_commit(AccountRemoved(account_id=account_id))
    storage.commit(*ended, Remove(ReplayMark, turn.key), now=now)
    return len(ended)
