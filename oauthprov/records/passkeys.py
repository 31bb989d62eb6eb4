"""Passkeys: the public keys with which people sign in."""

from __future__ import annotations

from oauthprov.records.shape import Record, record


@record("passkey", key="key", indexes=("account_id",))
class Passkey(Record):
    """A passkey of an account (Web Authentication Level 3 section 4, credential record).

    ``key`` is ``<account_id>.<digest of credential_id>``: it shares the slot of the account.
    ``credential_id`` and ``public_key`` (a COSE key) are base64url. ``transports`` are what the
    browser reported at the registration, ``aaguid`` the model of the authenticator or empty,
    ``name`` what the user calls it. ``backup_eligible`` is fixed: a passkey that may be synced to
    other devices; ``backed_up`` is whether it was so at its last use. ``copied_at`` is when its
    ``sign_count`` stopped growing: a copy is in use, and neither is accepted any more.
    """

    key: str
    account_id: str
    credential_id: str
    public_key: str
    sign_count: int
    name: str
    created_at: int
    transports: tuple[str, ...] = ()
    aaguid: str = ""
    backup_eligible: bool = False
    backed_up: bool = False
    last_used_at: int | None = None
    copied_at: int | None = None
