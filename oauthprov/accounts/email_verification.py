"""Verification of the e-mail address of an account by a token that is mailed to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oauthprov.accounts import confirmed_addresses, telling
from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.credentials import digest, mint
from oauthprov.records import Account, EmailVerification
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Remove,
    Replace,
    Storage,
    batches,
    persistently,
)


class Unproven(Exception):
    """The token is unknown, used or expired, or is for another account or another address."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A verification to be mailed: ``token``, valid until ``expires_at``, to ``email``."""

    email: str
    token: str = field(repr=False)
    expires_at: int


class EmailVerifications:
    """Sets the claim ``email_verified`` (OpenID Connect Core section 5.1) of built-in accounts.

    ``lifetime`` is the lifetime of a token, in seconds.
    """

    def __init__(self, storage: Storage, clock: Callable[[], int], lifetime: int) -> None:
        self._storage = storage
        self._clock = clock
        self._lifetime = lifetime

    def begin(self, account_id: str) -> Begun | None:
        """Return a new token for the address of an account, and invalidate the earlier ones.

        Return None if the account has no address, or the address is already verified.
        """
        account = self._storage.get(Account, account_id)
        claims = claims_of(account.record) if account else {}
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is True:
            return None
        now = self._clock()
        token, mark = mint()
        verification = EmailVerification(
            key=f"{account_id}.{mark}",
            account_id=account_id,
            email=email,
            created_at=now,
            expires_at=now + self._lifetime,
        )
        earlier = self._storage.walk(EmailVerification, account_id=account_id)
        ended = [Remove(EmailVerification, stored.record.key) for stored in earlier]
        changes: list[Change] = [*ended, Add(verification)]
        for batch in batches(changes):
            self._storage.commit(*batch, now=now)
        return Begun(email, token, verification.expires_at)

    def finish(self, account_id: str, token: str) -> None:
        """Use ``token`` to mark the address that it was mailed to as verified.

        Raises Unproven unless the token is live, and for this account and its current address.
        """
        key = f"{account_id}.{digest(token)}"

        def attempt() -> None:
            now = self._clock()
            found = self._storage.get(EmailVerification, key)
            if found is None or found.state(now) != "live":
                raise Unproven
            verified = self._verified(account_id, now, found.record.email)
            self._storage.commit(Claim(EmailVerification, key), *verified, now=now)

        persistently(attempt)

    def vouch(self, account_id: str) -> None:
        """Mark the address as verified for the operator. Raises Unproven if there is none."""

        def attempt() -> None:
            now = self._clock()
            self._storage.commit(*self._verified(account_id, now), now=now)

        persistently(attempt)

    def _verified(self, account_id: str, now: int, email: str | None = None) -> list[Change]:
        """Return the changes; raise Unproven if the address isn't ``email``, when given."""
        stored = self._storage.get(Account, account_id)
        claims = claims_of(stored.record) if stored else {}
        if stored is None or "email" not in claims or email not in (None, claims["email"]):
            raise Unproven
        made = confirmed_addresses.confirm(stored.record, now)
        telling.tell(stored.record, made)
        changes = confirmed_addresses.changes(self._storage, stored.record, made)
        return [Replace(made, expecting=stored), *changes]
