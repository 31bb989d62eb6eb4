"""Built-in accounts as admins find them, and what admins do to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oauthprov.accounts import BuiltInAccounts, confirmed_addresses
from oauthprov.accounts.enabling import enable
from oauthprov.credentials import name_key
from oauthprov.protocol.admin.listing import Listed, page_of
from oauthprov.protocol.logout.ending import Endings, keep_account
from oauthprov.records import Account, Login
from oauthprov.storage.interface import Change, Storage


class UnknownAccount(LookupError):
    """There is no such account, or it can't be kept or enabled any more."""


class IsAdmin(Exception):
    """The account has the admin role: only the operator's command may do this to it.

    Hence no admin can lock out another one, or the last one, with a page.
    """


class People:
    """The built-in accounts. All methods that take an id raise UnknownAccount.

    Those that lock the user out raise IsAdmin.
    """

    def __init__(
        self,
        storage: Storage,
        accounts: BuiltInAccounts,
        endings: Endings,
        clock: Callable[[], int],
    ) -> None:
        self._storage = storage
        self._accounts = accounts
        self._endings = endings
        self._clock = clock

    def page(self, after: str | None) -> Listed[Account]:
        """Return a page of all accounts, in the order of their ids; one read."""
        page = page_of(self._storage, Account, after)
        return Listed(tuple(stored.record for stored in page.items), page.next)

    def found(self, text: str) -> list[Account]:
        """Return the accounts with this user name, account id or confirmed address; three reads.

        Nothing shorter than the whole of it is found.
        """
        pairs: list[Any] = [(Account, text), (Login, name_key(text))]
        stored: Any = self._storage.get_many(pairs)
        account, login = stored
        found = confirmed_addresses.accounts_at(self._storage, text, disabled=True)
        if login is not None and (named := self._accounts.get(login.record.account_id)):
            found = [named.record, *found]
        if account is not None:
            found = [account.record, *found]
        return [*{one.account_id: one for one in found}.values()]

    def get(self, account_id: str) -> Account:
        """Return the account."""
        stored = self._accounts.get(account_id)
        if stored is None:
            raise UnknownAccount(account_id)
        return stored.record

    def disable(self, account_id: str) -> None:
        """Disable the account; its sessions and grants end."""
        self._not_of_an_admin(account_id)
        self._endings.finish(self._accounts.disable(account_id).sweep)

    def enable(self, account_id: str) -> None:
        """Let the user sign in again."""
        try:
            enable(self._storage, account_id, self._clock())
        except LookupError:
            raise UnknownAccount(account_id) from None

    def sign_out(self, account_id: str) -> None:
        """End every session of the account."""
        self.get(account_id)
        self._endings.finish(self._accounts.end_sessions(account_id).sweep)

    def reset_factors(self, account_id: str, removals: list[Change]) -> Account:
        """Remove all second factors, of which ``removals`` are the changes; sessions end."""
        self._not_of_an_admin(account_id)
        ended = self._accounts.reset_factors(account_id, removals)
        self._endings.finish(ended.sweep)
        return ended.account

    def remove(self, account_id: str) -> None:
        """Close the account at once and for good; the purge removes it, within an hour.

        The caller has seen that it owns no client.
        """
        self._not_of_an_admin(account_id)
        self._endings.finish(self._accounts.close(account_id, self._clock()).sweep)

    def keep(self, account_id: str) -> None:
        """Keep an account that its user has deleted; apps have to ask for access again."""
        try:
            keep_account(self._storage, self._accounts, self.get(account_id), self._clock())
        except LookupError:
            raise UnknownAccount(account_id) from None

    def _not_of_an_admin(self, account_id: str) -> None:
        if self.get(account_id).admin:
            raise IsAdmin(account_id)
