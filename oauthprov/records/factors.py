"""What people prove beside or instead of a password, and sign-ins that wait for such a proof.

The keys of all kinds begin with the account's id: they share its slot, so that one commit proves a
factor and ends the wait, on every backend.
"""

from __future__ import annotations

from oauthprov.records.keys import Digest
from oauthprov.records.shape import Record, record


@record("totp", key="account_id")
class Totp(Record):
    """The authenticator app of an account (RFC 6238).

    ``sealed`` is the shared secret, sealed with the server's secret. ``counter`` is the time step
    of the code that was used last: this code and earlier ones no longer count (section 5.2).
    """

    account_id: str
    sealed: str
    created_at: int
    counter: int
    last_used_at: int | None = None


@record("recovery_codes", key="account_id")
class RecoveryCodes(Record):
    """The unused recovery codes of an account, as digests; each works once."""

    account_id: str
    codes: tuple[Digest, ...]
    created_at: int


@record("pending_sign_in", key="key")
class PendingSignIn(Record):
    """A sign-in that lacks its second step; ``key`` is ``<account_id>.<digest of the secret>``.

    ``amr`` are the methods that were proven so far (RFC 8176), ``epoch`` is the epoch of the
    account at that time: the sign-in can go on while the two are equal. ``attempts`` counts the
    answers given, right or wrong. It is claimed when the session begins.
    """

    key: str
    account_id: str
    epoch: int
    amr: tuple[str, ...]
    created_at: int
    expires_at: int
    attempts: int = 0
