"""Registering clients and changing them (RFC 6749 section 2), for every caller.

A developer sees and changes only their own clients; an ``owner`` of None is the operator, who may
change any client. Removing or disabling a client invalidates its tokens at once, since each use of
a token checks its client. The consents of a removed client stay for a while and are harmless:
client ids are never reused (:mod:`oauthprov.protocol.clients.removal`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from oauthprov.credentials import CLIENT_SECRET, digest, mint, mint_id
from oauthprov.events import on_commit
from oauthprov.fetch import Fetcher
from oauthprov.messages import N_
from oauthprov.protocol.clients import logos, methods, sectors, verification
from oauthprov.protocol.clients.metadata import (
    InvalidMetadata,
    Metadata,
    checked,
    consistent,
    default_scopes_within,
)
from oauthprov.protocol.clients.methods import has_secret, uses_secret
from oauthprov.protocol.clients.removal import removal
from oauthprov.protocol.clients.telling import changed, registered, removed
from oauthprov.protocol.clients.types import CLIENT_TYPES, ClientType
from oauthprov.records import Client, is_client_url, is_key
from oauthprov.settings import Settings
from oauthprov.storage.interface import (
    Add,
    Conflict,
    Page,
    Replace,
    Storage,
    Stored,
)

__all__ = (
    "CLIENT_TYPES",
    "ChangedMeanwhile",
    "ClientType",
    "InvalidMetadata",
    "Metadata",
    "Registrar",
    "StoredClient",
    "UnknownClient",
    "edition",
    "has_secret",
)

StoredClient = Stored[Client]

_LIVE_SECRETS = 2
_OF_THE_OPERATOR = frozenset({"verified"})
"""What may be chosen for a client that is described by a document."""
_PAGES_READ = 20
"""Pages without a client to list that are read for one call, at most."""


class UnknownClient(LookupError):
    """There is no such client, or it belongs to another owner; the error doesn't tell which."""


class ChangedMeanwhile(Exception):
    """The client has been changed since it was read; nothing was written."""


def edition(client: Client) -> str:
    """Return a digest of all that people choose for a client, and not of what the server notes.

    A form carries it, so that it can't overwrite a change made since it was shown.
    """
    chosen = replace(client, last_used_at=None, logo=None, fetched_at=None, fresh_until=None)
    return digest(repr(chosen))


class Registrar:
    """Registers and changes clients. ``evict`` is called with each client id that changed.

    ``seen`` is the :func:`edition` of the client that the user saw: if anybody has changed the
    client since, or changes it at the same moment, ChangedMeanwhile is raised. ``fetcher`` reads
    a client's ``sector_identifier_uri`` before anything is written. ``end`` removes a client and
    ends its grants; without it a server process does the latter.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        clock: Callable[[], int],
        evict: Callable[[str], None] = lambda client_id: None,
        fetcher: Fetcher | None = None,
        end: Callable[[StoredClient], None] | None = None,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._evict = evict
        self._fetcher = fetcher or Fetcher.of(settings)
        self._end = end or self._remove

    def register(
        self, *, type: str, owner: str | None = None, **metadata: Any
    ) -> tuple[Client, str | None]:
        """Store a new client; return it and its secret, if it has one.

        ``metadata`` holds the chosen members (:mod:`oauthprov.protocol.clients.members`). The
        secret can't be read again. Without ``scopes`` the client gets the server's default scopes.
        Its default scopes are those too, but a machine has none and so gets all its scopes.
        Raises InvalidMetadata.
        """
        client, secret = self.prepare(type=type, owner=owner, **metadata)
        on_commit(registered(client))
        self._storage.commit(Add(client), now=client.created_at)
        verification.log_less_safe(None, client)
        return client, secret

    def prepare(
        self, *, type: str, owner: str | None = None, client_id: str = "", **metadata: Any
    ) -> tuple[Client, str | None]:
        """Return what :meth:`register` would, without storing it. Raises InvalidMetadata.

        ``client_id`` is that of a client that isn't registered, the URL of its document.
        """
        kind = CLIENT_TYPES.get(type)
        if kind is None or not kind.is_offered(self._settings):
            offered = [one.name for one in CLIENT_TYPES.values() if one.is_offered(self._settings)]
            raise InvalidMetadata({"type": f"Choose one of {', '.join(offered)}."})
        needed = {
            "name": "",
            "redirect_uris": (),
            "scopes": self._settings.default_scopes if kind.gets_tokens else (),
            "grant_types": kind.grant_types,
            "auth_method": kind.offered_methods(self._settings)[0],
        }
        # The console and the registration endpoint offer only what an owner or a client may set.
        values = checked(needed | metadata, kind, self._settings, by_operator=True)
        implied = self._settings.default_scopes if kind.has_users else ()
        within = [scope for scope in implied if scope in values["scopes"]]
        default = default_scopes_within(values.pop("default_scopes", within), values["scopes"])
        with_secret = uses_secret(values["auth_method"])
        secret, made = mint(CLIENT_SECRET) if with_secret else (None, None)
        now = self._clock()
        client = Client(
            client_id=client_id or mint_id(),
            client_type=kind.name,
            created_at=now,
            owner=owner,
            secrets=() if made is None else (made,),
            secret_created_at=None if made is None else now,
            default_scopes=default,
            **values,
        )
        return self._judged(client, None), secret

    def get(self, client_id: str, owner: str | None = None) -> StoredClient:
        """Return a client of ``owner``, disabled or not. Raises UnknownClient."""
        stored = self._storage.get(Client, client_id) if is_key(client_id) else None
        if stored is None or stored.record.removed_at is not None:
            raise UnknownClient(client_id)
        if owner is not None and stored.record.owner != owner:
            raise UnknownClient(client_id)
        return stored

    def list(
        self,
        owner: str | None = None,
        *,
        after: str | None = None,
        limit: int = 100,
        matching: str = "",
    ) -> Page[Client]:
        """Return a page of the clients of ``owner``, or of all.

        ``matching`` keeps those with this text in their name, their id or a redirect URI, whatever
        its case; a page may then hold fewer clients. Raises ValueError for an invalid ``after``.
        """
        index = {} if owner is None else {"owner": owner}
        for _ in range(_PAGES_READ):
            page = self._storage.find(Client, after=after, limit=limit, **index)
            there = tuple(one for one in page.items if _is_listed(one.record, matching.casefold()))
            if there or page.next is None:
                break
            after = page.next
        return replace(page, items=there)

    def edit(
        self,
        client_id: str,
        owner: str | None = None,
        *,
        seen: str | None = None,
        by_client: bool = False,
        **changes: Any,
    ) -> Client:
        """Change the given fields. Raises InvalidMetadata, UnknownClient, ChangedMeanwhile.

        ``by_client`` means that the client itself makes the change (RFC 7592); without it and
        without an ``owner`` the operator makes it. If scopes are removed and the default scopes
        aren't given, the defaults lose them too. The operator's marks may end
        (:mod:`oauthprov.protocol.clients.verification`). Changing to a method without a secret
        deletes the secrets; after changing back, rotate the secret.
        """
        stored = self.get(client_id, owner)
        client = stored.record
        described = changes.keys() - _OF_THE_OPERATOR if is_client_url(client_id) else ()
        if described:
            sentence = N_("It is described by the document at its URL, and changes with it.")
            raise InvalidMetadata(dict.fromkeys(described, sentence))
        kind, by_operator = CLIENT_TYPES[client.client_type], owner is None and not by_client
        values = checked(changes, kind, self._settings, client, by_operator=by_operator)
        scopes = values.get("scopes", client.scopes)
        remaining = [name for name in client.default_scopes if name in scopes]
        default = default_scopes_within(values.pop("default_scopes", remaining), scopes)
        marks = verification.marks_after(client, values, by_operator=by_operator)
        if not uses_secret(values.get("auth_method", client.auth_method)):
            values |= {"secrets": (), "secret_created_at": None}
        self._judged(replace(client, **values), client)
        values |= {"default_scopes": default} | marks
        edited = self._replace(stored, seen, **values)
        verification.log_ended(client, edited)
        verification.log_less_safe(client, edited)
        return edited

    def rotate_secret(
        self, client_id: str, owner: str | None = None, *, seen: str | None = None
    ) -> tuple[Client, str]:
        """Make a new secret besides the newest one; any older one is invalid at once.

        Returns the client and the secret, which can't be read again. Raises InvalidMetadata if the
        client's method uses no secret, UnknownClient, ChangedMeanwhile.
        """
        stored = self.get(client_id, owner)
        if not has_secret(stored.record):
            raise InvalidMetadata({"secrets": methods.of(stored.record).secretless})
        secret, made = mint(CLIENT_SECRET)
        kept = (made, *stored.record.secrets)[:_LIVE_SECRETS]
        client = self._replace(stored, seen, secrets=kept, secret_created_at=self._clock())
        return client, secret

    def retire_secret(
        self, client_id: str, owner: str | None = None, *, seen: str | None = None
    ) -> Client:
        """Delete the older of two live secrets, if there are two.

        Raises UnknownClient, ChangedMeanwhile.
        """
        stored = self.get(client_id, owner)
        return self._replace(stored, seen, secrets=stored.record.secrets[:1])

    def set_disabled(self, client_id: str, disabled: bool) -> Client:
        """Disable a client or enable it again; only the operator may do this.

        A disabled client's tokens and codes are dead on their next use: at once in this process,
        in others within ``oauthprov.client_cache`` seconds. No grant is revoked and nobody is
        notified, so what hasn't expired is good again once the client is enabled. To end it for
        good, see :meth:`remove`. Raises UnknownClient, ChangedMeanwhile.
        """
        stored = self.get(client_id)
        since = stored.record.disabled_at or self._clock()
        return self._replace(stored, None, disabled_at=since if disabled else None)

    def remove(self, client_id: str, owner: str | None = None) -> None:
        """Remove a client; its tokens are invalid at once. Raises UnknownClient, ChangedMeanwhile.

        Its grants are revoked and its users' sessions at the client end: the client is notified by
        back-channel logout, as at the end of any session.
        """
        stored = self.get(client_id, owner)
        try:
            self._end(stored)
        except Conflict:
            raise ChangedMeanwhile(client_id) from None
        self._evict(client_id)

    def _remove(self, stored: StoredClient) -> None:
        now = self._clock()
        sweep, changes = removal(stored, now)
        on_commit(removed(stored.record))
        self._storage.commit(Add(sweep), *changes, now=now)

    def _judged(self, client: Client, before: Client | None) -> Client:
        """Return ``client``; raise InvalidMetadata when its fields contradict each other."""
        consistent(client)
        problems = dict(sectors.change_problems(client, before) if before else ())
        if not problems and sectors.has_changed(client, before):
            problems = dict(sectors.document_problems(client, self._fetcher))
        if problems:
            raise InvalidMetadata(problems)
        return client

    def _replace(self, stored: StoredClient, seen: str | None, **values: Any) -> Client:
        client, more = logos.kept(stored.record, replace(stored.record, **values))
        if seen is not None and seen != edition(stored.record):
            raise ChangedMeanwhile(client.client_id)
        if client != stored.record:
            try:
                changes = Replace(client, expecting=stored), *more
                on_commit(changed(stored.record, client))
                self._storage.commit(*changes, now=self._clock())
            except Conflict:
                raise ChangedMeanwhile(client.client_id) from None
        self._evict(client.client_id)
        return client


def _is_listed(client: Client, matching: str) -> bool:
    texts = client.name, client.client_id, *client.redirect_uris
    return client.removed_at is None and any(matching in text.casefold() for text in texts)
