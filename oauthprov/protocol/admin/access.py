"""Which clients have access to an account, and which accounts use a client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oauthprov.events import GrantRevoked, on_commit
from oauthprov.protocol.admin.listing import PART_SIZE, Listed, clients_named, page_of
from oauthprov.protocol.logout.ending import Endings
from oauthprov.records import Account, Client, Consent, Grant, consent_key
from oauthprov.storage.interface import Revoke, Storage, Stored


class UnknownAccess(LookupError):
    """There is no such consent or grant of this account."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an account has allowed a client; ``client`` is None if it no longer exists."""

    consent: Consent
    client: Client | None


@dataclass(frozen=True, slots=True)
class Granted:
    """A live grant, and its client if that still exists."""

    grant: Grant
    client: Client | None


@dataclass(frozen=True, slots=True)
class User:
    """An account that has allowed a client something; ``name`` is None for a host's account."""

    consent: Consent
    name: str | None


class Access:
    """Lists consents and grants, and ends them. ``LookupError`` is raised for unknown ones."""

    def __init__(self, storage: Storage, endings: Endings, clock: Callable[[], int]) -> None:
        self._storage = storage
        self._endings = endings
        self._clock = clock

    def consents(self, account_id: str, after: str | None) -> Listed[Allowed]:
        """Return a page of the consents of an account that aren't withdrawn; two reads."""
        page = page_of(self._storage, Consent, after, size=PART_SIZE, account_id=account_id)
        found = [one.record for one in page.items if one.record.withdrawn_at is None]
        clients = clients_named(self._storage, (consent.client_id for consent in found))
        rows = (Allowed(consent, clients.get(consent.client_id)) for consent in found)
        return Listed(tuple(rows), page.next)

    def grants(self, account_id: str, after: str | None) -> Listed[Granted]:
        """Return a page of the live grants of an account; two reads."""
        now = self._clock()
        page = page_of(self._storage, Grant, after, size=PART_SIZE, account_id=account_id)
        found = [one.record for one in page.items if one.state(now) == "live"]
        clients = clients_named(self._storage, (grant.client_id for grant in found))
        rows = (Granted(grant, clients.get(grant.client_id)) for grant in found)
        return Listed(tuple(rows), page.next)

    def users(self, client_id: str, after: str | None) -> Listed[User]:
        """Return a page of the accounts whose consent a client has; two reads.

        A first-party client needs no consent, so its users aren't listed.
        """
        page = page_of(self._storage, Consent, after, client_id=client_id)
        found = [one.record for one in page.items if one.record.withdrawn_at is None]
        pairs = [(Account, consent.account_id) for consent in found]
        accounts = self._storage.get_many(pairs) if pairs else ()
        names = {
            one.record.account_id: one.record.name
            for one in accounts
            if one is not None and isinstance(one.record, Account)
        }
        rows = (User(consent, names.get(consent.account_id)) for consent in found)
        return Listed(tuple(rows), page.next)

    def withdraw(self, account_id: str, client_id: str) -> None:
        """Withdraw a consent, and end all that the client got by it. Raises UnknownAccess."""
        stored = self._storage.get(Consent, consent_key(account_id, client_id))
        if stored is None:
            raise UnknownAccess(client_id)
        if stored.record.withdrawn_at is None:  # else another admin was faster
            self._endings.withdraw(account_id, client_id)

    def revoke(self, account_id: str, grant_id: str) -> None:
        """Revoke one grant with all its tokens. Raises UnknownAccess."""
        stored = self._storage.get(Grant, grant_id)
        if stored is None or stored.record.account_id != account_id:
            raise UnknownAccess(grant_id)
        revoke(self._storage, stored, self._clock())


def revoke(storage: Storage, stored: Stored[Grant], now: int) -> None:
    """Revoke a grant with all its tokens, as the operator or an admin."""
    if stored.state(now) == "live":  # else it ended before, and nothing happens now
        on_commit(revoked(stored.record))
    storage.commit(Revoke(stored.record.grant_id), now=now)


def revoked(grant: Grant) -> GrantRevoked:
    """Return the event that the operator or an admin has revoked a grant."""
    return GrantRevoked(
        account_id=grant.account_id,
        client_id=grant.client_id,
        grant_id=grant.grant_id,
        how="operator",
    )
