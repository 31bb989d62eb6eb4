"""A new password by a link that is mailed to a confirmed e-mail address of the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from oauthprov.accounts import confirmed_addresses
from oauthprov.accounts.built_in import BuiltInAccounts, Ended
from oauthprov.accounts.email_verification import Unproven
from oauthprov.credentials import digest, mint
from oauthprov.events import PasswordResetRequested, on_commit
from oauthprov.records import Account, PasswordReset
from oauthprov.storage.interface import Add, Claim, Storage


@dataclass(frozen=True, slots=True)
class MailedReset:
    """A reset to be mailed to ``email``: a token for each account, by user name.

    The tokens are valid until ``expires_at``, in epoch seconds.
    """

    email: str
    tokens: tuple[tuple[str, str], ...] = field(repr=False)
    expires_at: int


class PasswordResets:
    """Sets a new password for whoever reads the mail of an account's confirmed address.

    ``lifetime`` is the lifetime of a token, in seconds. A token is ``<account id>.<256 bits>``:
    since it names the account, one commit uses it and sets the password on every backend. Other
    tokens of the account stay valid until one is used, so that a stranger who requests another
    can't end the one in the owner's mail.
    """

    def __init__(
        self, storage: Storage, people: BuiltInAccounts, clock: Callable[[], int], lifetime: int
    ) -> None:
        self._storage = storage
        self._people = people
        self._clock = clock
        self._lifetime = lifetime

    def accounts_of(self, entered: str) -> Mapping[str, Sequence[Account]]:
        """Return the accounts of a user name or confirmed address, by the address to mail to.

        It is the address that the account confirmed, in the spelling of its profile. If one user's
        name is another user's address, both get a mail.
        """
        named = self._people.by_name(entered)
        found = confirmed_addresses.accounts_at(self._storage, entered)
        if named is not None and named.record.disabled_at is None:
            found.insert(0, named.record)
        by_address: dict[str, dict[str, Account]] = {}
        for account in found:
            email = confirmed_addresses.confirmed(account)
            if email is not None:
                by_address.setdefault(email, {}).setdefault(account.account_id, account)
        return {email: tuple(accounts.values()) for email, accounts in by_address.items()}

    def begin(self, email: str, accounts: Sequence[Account]) -> MailedReset:
        """Return new tokens for ``accounts``, all to be mailed to ``email``."""
        now = self._clock()
        tokens = []
        for account in accounts:
            token = f"{account.account_id}.{mint()[0]}"
            reset = PasswordReset(
                key=_key(token),
                account_id=account.account_id,
                email=email,
                epoch=account.epoch,
                created_at=now,
                expires_at=now + self._lifetime,
            )
            on_commit(PasswordResetRequested(account_id=account.account_id))
            self._storage.commit(Add(reset), now=now)
            tokens.append((account.name, token))
        return MailedReset(email, tuple(tokens), now + self._lifetime)

    def finish(self, token: str, password: str) -> Ended:
        """Use ``token`` to set a new password; every session of the account ends.

        Raises Unproven unless the token is live, the account's confirmed address is the one that
        the token was mailed to, and no session ending for the whole account, such as another
        reset, came between. Raises Unacceptable for the password, and HashingBusy; the token then
        stays valid. The caller does with the result what
        :meth:`~oauthprov.accounts.BuiltInAccounts.change_password` says.
        """
        key = _key(token)
        found = self._storage.get(PasswordReset, key)
        if found is None or found.state(self._clock()) != "live":
            raise Unproven
        reset = found.record

        def check(account: Account) -> None:
            late = self._clock() >= reset.expires_at
            moved = confirmed_addresses.confirmed(account) != reset.email
            if late or moved or account.epoch != reset.epoch or account.disabled_at is not None:
                raise Unproven

        try:
            return self._people.replace_password(
                reset.account_id, password, check, Claim(PasswordReset, key)
            )
        except LookupError:
            raise Unproven from None


def _key(token: str) -> str:
    return f"{token.partition('.')[0]}.{digest(token)}"
