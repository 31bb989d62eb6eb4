"""Accounts with a user name and a password, kept in the provider's own storage."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from oauthprov.accounts import confirmed_addresses, removal, telling
from oauthprov.accounts.acceptable import NameTaken, PasswordPolicy, acceptable_name, first_claims
from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.accounts.groups import changed as changed_groups
from oauthprov.accounts.profile import checked, shown
from oauthprov.credentials import HashingBusy, PasswordHasher, mint_id, name_key
from oauthprov.events import AccountCreated, SignInFailed, on_commit, publish
from oauthprov.records import Account, Digest, Login, Sweep
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Replace,
    Storage,
    StorageFull,
    Stored,
    persistently,
)


class PasswordSuperseded(Exception):
    """All sessions of the account were ended after its password was verified."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An account whose sessions have just been ended, and the sweep of their grants.

    The sessions are invalid at once. ``sweep`` is queued; the process that ended the sessions
    works on it first.
    """

    account: Account
    sweep: Sweep


class BuiltInAccounts:
    """Accounts with a user name and a password, kept in the provider's own storage.

    Methods that verify or set a password raise HashingBusy while too many others do so.
    """

    def __init__(
        self,
        storage: Storage,
        hasher: PasswordHasher,
        clock: Callable[[], int],
        policy: PasswordPolicy | None = None,
    ) -> None:
        self._storage = storage
        self._hasher = hasher
        self._clock = clock
        self._policy = policy or PasswordPolicy()

    @classmethod
    def with_costs(
        cls,
        storage: Storage,
        clock: Callable[[], int],
        *,
        memory_kib: int,
        time_cost: int,
        policy: PasswordPolicy,
        concurrency: int = 1,
    ) -> BuiltInAccounts:
        """Return accounts whose passwords are hashed with these Argon2id costs."""
        hasher = PasswordHasher(
            memory_kib=memory_kib, time_cost=time_cost, concurrency=concurrency
        )
        return cls(storage, hasher, clock, policy)

    @staticmethod
    def key_of(name: str) -> Digest:
        """Return the key of a user name: equivalent spellings have the same key."""
        return name_key(name)

    def name_of(self, account_id: str) -> str | None:
        """Return the user name as typed at sign-up, None for an unknown account."""
        stored = self.get(account_id)
        return stored.record.name if stored else None

    def claims(self, account_id: str) -> Mapping[str, object]:
        """Return the profile as claims; the user name is the default ``name``. One read."""
        stored = self.get(account_id)
        if stored is None or stored.record.closed:
            return {}
        account = stored.record
        known: dict[str, object] = {"name": account.name, "preferred_username": account.name}
        known |= {"updated_at": account.created_at} | claims_of(account)
        # Without a group an empty list: an app that has seen one before must notice its end.
        return known | {"groups": list(account.groups)}

    def profile(self, account_id: str) -> Mapping[str, object]:
        """Return the profile that the user entered, as claims."""
        stored = self.get(account_id)
        return claims_of(stored.record) if stored else {}

    def set_profile(self, account_id: str, fields: Mapping[str, str]) -> None:
        """Store what a user entered; ``fields`` has names of ``profile.FIELDS``, the rest stays.

        Raises WrongProfile, and LookupError for an unknown account.
        """

        def change(old: Account) -> Account:
            before = claims_of(old)
            made = checked({**shown(before), **fields}, before) | {"updated_at": self._clock()}
            return replace(old, claims=json.dumps(made))

        self._change(account_id, change)

    def set_email(self, account_id: str, email: str) -> Account:
        """Store an e-mail address in the profile, empty for none; a new one isn't verified.

        Returns the changed account. Raises WrongProfile, and LookupError for an unknown account.
        """

        def change(old: Account) -> Account:
            before = claims_of(old)
            rest = {k: v for k, v in before.items() if k not in ("email", "email_verified")}
            made = rest | checked({"email": email}, before) | {"updated_at": self._clock()}
            return replace(old, claims=json.dumps(made))

        return self._change(account_id, change)

    def get(self, account_id: str) -> Stored[Account] | None:
        """Return the account with that id, disabled or not."""
        return self._storage.get(Account, account_id)

    def by_name(self, name: str) -> Stored[Account] | None:
        """Return the account with that user name, in any equivalent spelling."""
        login = self._storage.get(Login, name_key(name))
        return self.get(login.record.account_id) if login else None

    def sign_up(
        self, name: str, password: str, developer: bool = False, email: str = ""
    ) -> Account:
        """Create an account; its address isn't confirmed.

        Raises NameTaken, and Unacceptable for the name, the address or the password.
        """
        shown = acceptable_name(name)
        claims = first_claims(email, self._clock()) if email else None
        self._policy.check(password, shown)
        account = Account(
            account_id=mint_id(),
            name=shown,
            created_at=self._clock(),
            password_hash=self._hasher.hash(password),
            developer=developer,
            claims=claims,
        )
        login = Login(key=name_key(shown), account_id=account.account_id)
        try:
            on_commit(AccountCreated(account_id=account.account_id))
            self._storage.commit(Add(login), Add(account), now=account.created_at)
        except Conflict:
            raise NameTaken(shown) from None
        return account

    def authenticate(self, name: str, password: str) -> Account | None:
        """Return the account of this name and password.

        Return None for a wrong password, an unknown name or a disabled account; an unknown name
        takes as many reads and hashes as a known one. A user who has deleted the account can
        sign in to take that back, until the account is removed.
        """
        login = self._storage.get(Login, name_key(name))
        stored = self.get(login.record.account_id if login else "nobody")
        account = stored.record if stored else None
        right = self._hasher.verify(account.password_hash if account else None, password)
        if not right or stored is None or account is None or account.disabled_at is not None:
            publish(SignInFailed(account_id=account.account_id if account else None))
            return None
        if account.password_hash and self._hasher.needs_rehash(account.password_hash):
            self._rehash(stored, password)
        return account

    def change_password(
        self, account_id: str, password: str, *, verified: Account | None = None
    ) -> Ended:
        """Set a new password. This ends every session of the account, the current one too.

        The caller passes the result to :mod:`oauthprov.protocol.logout.ending`, whose ``finish``
        revokes the grants of these sessions and notifies their clients (back-channel logout). A
        grant that outlives its session, such as one with ``offline_access``, stays.

        ``verified`` is the account as it was when the current password was verified, None when an
        operator sets the password. Raises Unacceptable for the password, LookupError for an
        unknown account, and PasswordSuperseded if its sessions were ended since ``verified`` was
        read.
        """

        def check(account: Account) -> None:
            if verified is not None and account.epoch != verified.epoch:
                raise PasswordSuperseded

        return self.replace_password(account_id, password, check)

    def replace_password(
        self, account_id: str, password: str, check: Callable[[Account], None], *claims: Claim
    ) -> Ended:
        """Set a new password as :meth:`change_password` does, together with ``claims``.

        ``check`` is called with the account, again when it has changed meanwhile, and raises an
        error unless the password may still be set. Raises Unacceptable and LookupError.
        """
        stored = self.get(account_id)
        if stored is None:
            raise LookupError(account_id)
        check(stored.record)
        self._policy.check(password, stored.record.name)
        encoded = self._hasher.hash(password)

        def change(old: Account) -> Account:
            check(old)
            return replace(old, password_hash=encoded)

        return self._end(account_id, change, claims)

    def reset_factors(self, account_id: str, removals: Sequence[Change]) -> Ended:
        """Remove all second factors of the account, and end its sessions. Raises LookupError.

        ``removals`` are the changes that remove their records. Grants are revoked and clients
        notified as in :meth:`change_password`.
        """
        return self._end(account_id, lambda old: replace(old, factors=()), removals)

    def end_sessions(self, account_id: str) -> Ended:
        """End every session of the account. Raises LookupError for an unknown account.

        Grants are revoked and clients notified as in :meth:`change_password`.
        """
        return self._end(account_id, lambda old: old)

    def set_developer(self, account_id: str, developer: bool) -> None:
        """Grant or withdraw the developer role, which may register clients. Raises LookupError."""
        self._change(account_id, lambda old: replace(old, developer=developer))

    def set_group(self, account_id: str, group: str, member: bool) -> None:
        """Put the account into a group, or take it out. Raises WrongGroup and LookupError."""
        self._change(
            account_id,
            lambda old: replace(old, groups=changed_groups(old.groups, group, member)),
        )

    def disable(self, account_id: str) -> Ended:
        """Disable the account: no sign-in, no session, no token. Raises LookupError if unknown.

        Clients are notified as in :meth:`change_password`, but every grant of the account is
        revoked, even one with ``offline_access``.
        """
        now = self._clock()
        return self._end(
            account_id,
            lambda old: replace(old, disabled_at=old.disabled_at or now),
            everything=True,
        )

    def close(self, account_id: str, remove_at: int) -> Ended:
        """Delete the account for its user: it is closed at once, and removed from ``remove_at``.

        Clients are notified and grants revoked as in :meth:`disable`. Of several requests the one
        with the earliest ``remove_at`` counts. Raises LookupError for an unknown account.
        """
        return self._end(
            account_id,
            lambda old: replace(old, remove_at=min(old.remove_at or remove_at, remove_at)),
            everything=True,
        )

    def can_be_kept(self, account: Account) -> bool:
        """Return whether its user has deleted the account and can still take that back."""
        return account.disabled_at is None and self._clock() < (account.remove_at or 0)

    def take_back(self, account_id: str) -> Account:
        """Keep an account that its user has deleted; the caller withdraws the consents before.

        Raises LookupError unless the account is closed, its grace isn't over, and nobody has
        disabled it.
        """

        def change(old: Account) -> Account:
            if not self.can_be_kept(old):
                raise LookupError(account_id)
            return replace(old, remove_at=None)

        return self._change(account_id, change)

    def _end(
        self,
        account_id: str,
        change: Callable[[Account], Account],
        more: Sequence[Change] = (),
        *,
        everything: bool = False,
    ) -> Ended:
        """Change the account with ``more``, begin its next epoch, and queue the sweep."""

        now, name = self._clock(), mint_id()

        def ended(old: Account) -> Account:
            return replace(change(old), epoch=old.epoch + 1)

        def sweep(new: Account) -> Sweep:
            return Sweep.begin(account_id, name, now, epoch=new.epoch, everything=everything)

        try:
            account = self._change(account_id, ended, lambda new: [*more, Add(sweep(new))])
        except StorageFull:  # nothing can be added to the queue, but the account can be changed
            account = self._change(account_id, ended, lambda new: more)
        return Ended(account, sweep(account))

    def _change(
        self,
        account_id: str,
        change: Callable[[Account], Account],
        more: Callable[[Account], Sequence[Change]] = lambda new: (),
    ) -> Account:
        """Replace the account with the result of ``change``, together with ``more(result)``."""

        def attempt() -> Account:
            stored = self.get(account_id)
            if stored is None:
                raise LookupError(account_id)
            account = change(stored.record)
            changed = Replace(account, expecting=stored)
            address = confirmed_addresses.changes(self._storage, stored.record, account)
            queued = removal.changes(self._storage, stored.record, account)
            telling.tell(stored.record, account)
            self._storage.commit(*more(account), changed, *address, *queued, now=self._clock())
            return account

        return persistently(attempt)

    def _rehash(self, stored: Stored[Account], password: str) -> None:
        # On a conflict the other change stands; the next sign-in hashes again.
        with contextlib.suppress(Conflict, HashingBusy):
            changed = replace(stored.record, password_hash=self._hasher.hash(password))
            self._storage.commit(Replace(changed, expecting=stored), now=self._clock())
