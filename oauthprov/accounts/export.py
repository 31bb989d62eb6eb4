"""All data of an account, as a document for its user (GDPR article 20).

No secret is in it, nor the digest of one. A kind of record that is found by its account is
described here, by the fields that say something to its user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.events import is_other_admin
from oauthprov.records import (
    Account,
    AuditEntry,
    AuthorizationCode,
    Client,
    Consent,
    EmailVerification,
    Grant,
    Passkey,
    Record,
    RecoveryCodes,
    Session,
    Totp,
)
from oauthprov.storage.interface import Storage

Fields = tuple[str, ...]

KINDS: Mapping[type[Record], tuple[str, Fields]] = {
    EmailVerification: ("email_verifications", ("email", "created_at", "expires_at")),
    Session: (
        "sessions",
        (
            "created_at",
            "last_seen_at",
            "auth_time",
            "expires_at",
            "amr",
            "address",
            "user_agent",
        ),
    ),
    Consent: (
        "consents",
        ("client_id", "scopes", "resources", "created_at", "updated_at", "withdrawn_at"),
    ),
    Grant: (
        "grants",
        ("client_id", "scopes", "resources", "created_at", "last_used_at", "expires_at"),
    ),
    Passkey: (
        "passkeys",
        (
            *("name", "created_at", "last_used_at", "transports", "aaguid"),
            *("backup_eligible", "backed_up", "copied_at"),
        ),
    ),
    AuthorizationCode: (
        "authorization_codes",
        ("client_id", "scopes", "resources", "redirect_uri", "issued_at", "expires_at"),
    ),
}
"""The kinds of records of an account: the member of the document, and the fields in it."""

FACTORS: Mapping[type[Record], tuple[str, Fields]] = {
    Totp: ("authenticator", ("created_at", "last_used_at")),
    RecoveryCodes: ("recovery_codes", ("created_at",)),
}
"""The kinds of which an account has one record at most."""

_ACCOUNT = (
    *("account_id", "name", "created_at", "developer", "admin", "groups"),
    *("factors", "disabled_at", "remove_at"),
)
_EVENT = ("event", "at", "client_id", "address", "actor", "details")
_ADMIN = "admin"
"""The actor of what an admin has done."""
_CLIENT = ("client_id", "name", "client_type", "created_at", "redirect_uris", "contacts")


def exported(storage: Storage, account_id: str, now: int) -> dict[str, object]:
    """Return all data of an account; times are in UTC as in RFC 3339.

    Lists are iterators, which read storage page by page: write the document with
    :func:`oauthprov.json_stream.pieces`. For an account of a host it is what this server stores:
    consents, grants and clients. A record that has expired but isn't purged yet is included: it is
    stored.
    """
    document: dict[str, object] = {"exported_at": _time(now)}
    stored = storage.get(Account, account_id)
    if stored is None:
        document["account"] = {"account_id": account_id}
    else:
        document["account"] = _members(stored.record, _ACCOUNT)
        document["profile"] = claims_of(stored.record)
    for kind, (member, fields) in KINDS.items():
        document[member] = _entries(storage, kind, fields, account_id=account_id)
    document["events"] = _events(storage, account_id)
    for one, (member, fields) in FACTORS.items():
        factor = storage.get(one, account_id)
        document[member] = None if factor is None else _members(factor.record, fields)
    owned = storage.walk(Client, owner=account_id)
    document["clients"] = (_members(client.record, _CLIENT) for client in owned)
    return document


def _entries(
    storage: Storage, kind: type[Record], fields: Fields, **index: str
) -> Iterator[dict[str, object]]:
    """Yield what the document has of each record of a kind; one read for the names of a page."""
    for page in storage.pages(kind, limit=100, **index):
        entries = [_members(one.record, fields) for one in page]
        if "client_id" in fields:
            _name_clients(storage, entries)
        yield from entries


def _events(storage: Storage, account_id: str) -> Iterator[dict[str, object]]:
    """Yield the events of an account; of an admin's only that it was one (GDPR article 20(4))."""
    for event in _entries(storage, AuditEntry, _EVENT, about=account_id):
        if is_other_admin(cast("str | None", event["actor"]), account_id):
            event |= {"actor": _ADMIN, "address": ""}
        yield event


def _name_clients(storage: Storage, entries: Sequence[dict[str, object]]) -> None:
    """Add the names of the clients to the entries that have their ids."""
    ids = sorted({str(entry["client_id"]) for entry in entries if entry["client_id"] is not None})
    found = storage.get_many([(Client, client_id) for client_id in ids])
    names = {
        one.record.client_id: one.record.name
        for one in found
        if one is not None and isinstance(one.record, Client)
    }
    for entry in entries:
        entry["client_name"] = names.get(str(entry["client_id"]))


def _members(record: Record, fields: Fields) -> dict[str, object]:
    return {name: _plain(name, getattr(record, name)) for name in fields}


def _plain(name: str, value: object) -> object:
    if isinstance(value, int) and (name.endswith("_at") or name in ("at", "auth_time")):
        return _time(value)
    return list(value) if isinstance(value, tuple) else value


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
