"""Proving that an e-mail address is the account's: whoever reads its mail knows a token."""

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
    """The token is unknown, used up, expired, another account's or for another address."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is to be mailed: ``token`` to ``email``. It is good until ``expires_at``."""

    email: str
    token: str = field(repr=False)
    expires_at: int


class EmailVerifications:
    """Makes ``email_verified`` true (OpenID Connect Core section 5.1) of built-in accounts.

    ``lifetime`` is that of a token, in seconds.
    """

    def __init__(self, storage: Storage, clock: Callable[[], int], lifetime: int) -> None:
        self._storage = storage
        self._clock = clock
        self._lifetime = lifetime

    def begin(self, account_id: str) -> Begun | None:
        """Return a new token for the address of an account; earlier ones are worth nothing then.

        None when the account has no address, or it is verified.
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
        """Use up ``token``: the address that it was mailed to is verified.

        Raises Unproven unless it is good, this account's, and for the address that it has now.
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
            # In this order: where it can't be one step, no used token ever verifies.
            self._storage.commit(Claim(EmailVerification, key), verified, now=now)

        persistently(attempt)

    def vouch(self, account_id: str) -> None:
        """Call the address verified on the operator's word. Raises Unproven if there is none."""

        def attempt() -> None:
            now = self._clock()
            self._storage.commit(self._verified(account_id, now), now=now)

        persistently(attempt)

    def _verified(self, account_id: str, now: int, email: str | None = None) -> Replace:
        """Return the change; ``email`` is the address that it must be."""
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
