"""Verification of the e-mail address of an account by a token that is mailed to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

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
        claims = self._claims(account_id)
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is True:
            return None
        now = self._clock()
        token, key = mint()
        verification = EmailVerification(
            key=key,
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
        key = digest(token)

        def attempt() -> None:
            now = self._clock()
            found = self._storage.get(EmailVerification, key)
            if found is None or found.state(now) != "live":
                raise Unproven
            if found.record.account_id != account_id:
                raise Unproven
            verified = self._verified(account_id, now, found.record.email)
            # In this order: where the two aren't atomic, a used token never verifies an address.
            self._storage.commit(Claim(EmailVerification, key), verified, now=now)

        persistently(attempt)

    def vouch(self, account_id: str) -> None:
        """Mark the address as verified for the operator. Raises Unproven if there is none."""

        def attempt() -> None:
            now = self._clock()
            self._storage.commit(self._verified(account_id, now), now=now)

        persistently(attempt)

    def _verified(self, account_id: str, now: int, email: str | None = None) -> Replace:
        """Return the change; raise Unproven if the address isn't ``email``, when given."""
        stored = self._storage.get(Account, account_id)
        claims = _claims_of(stored.record) if stored else {}
        if stored is None or "email" not in claims or email not in (None, claims["email"]):
            raise Unproven
        made = json.dumps({**claims, "email_verified": True, "updated_at": now})
        return Replace(replace(stored.record, claims=made), expecting=stored)

    def _claims(self, account_id: str) -> Mapping[str, object]:
        stored = self._storage.get(Account, account_id)
        return _claims_of(stored.record) if stored else {}


def _claims_of(account: Account) -> dict[str, object]:
    found: dict[str, object] = json.loads(account.claims or "{}")
    return found
