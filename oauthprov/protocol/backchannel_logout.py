"""Telling clients that a session has ended (OpenID Connect Back-Channel Logout 1.0).

A queue in storage holds who must be told: it survives a restart, and any node may work it off.
Whoever attempts a delivery first puts it off, in a commit that only one node wins; so it is tried
again if that node dies, and by nobody else meanwhile. A client may be told twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from oauthprov.background import PERIOD
from oauthprov.credentials import digest, mint_id
from oauthprov.errors import FetchError
from oauthprov.fetch import Fetcher
from oauthprov.protocol import signed_responses
from oauthprov.protocol.context import required
from oauthprov.protocol.keys import SigningKeys
from oauthprov.records import Client, Grant, LogoutDelivery
from oauthprov.settings import Settings
from oauthprov.storage.interface import Conflict, Remove, Replace, Storage, Stored

TYPE = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = 120
"""Seconds that a logout token is good for, as section 4 recommends at most."""
QUEUE = "logout"
PAUSE = 30
"""Seconds between the first two attempts, doubled at each."""
PAUSE_LIMIT = 3600
PATIENCE = 86_400
"""Seconds after which a client that can't be told is given up."""

log = logging.getLogger(__name__)


def delivery(now: int, grant: Grant, subject: str) -> LogoutDelivery:
    """Return what tells the client of ``grant`` that its session has ended.

    ``subject`` is what the client calls the account. Its key is made of client and session: they
    are in the queue once.
    """
    sid = required(grant.sid)
    return LogoutDelivery(
        key=digest(f"logout {grant.client_id} {sid}"),
        queue=QUEUE,
        client_id=grant.client_id,
        subject=subject,
        sid=sid,
        due_at=now,
        expires_at=now + PATIENCE,
    )


@dataclass(slots=True)
class Delivered:
    """What became of the queue: how many were told, how many are left, when the next is due."""

    told: int = 0
    left: int = 0
    next_at: int | None = None


class BackchannelLogout:
    """Works off the queue."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        keys: SigningKeys,
        fetcher: Fetcher,
        clock: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._keys = keys
        self._fetcher = fetcher
        self._clock = clock

    def deliver(self) -> Delivered:
        """Try each delivery that is due, one after the other. Raises StorageError.

        A client that fails isn't asked again in this round: others wait behind it.
        """
        done, failed = Delivered(), set[str]()
        for stored in self._storage.walk(LogoutDelivery, queue=QUEUE):
            due = self._attempt(stored, failed)
            if due is None:
                done.told += 1
            elif due > self._clock():
                done.left += 1
                done.next_at = min(due, done.next_at or due)
        return done

    def work(self) -> float | None:
        """Deliver what is due; return the seconds until the next is, None when there is none.

        Raises StorageError.
        """
        due = self.deliver().next_at
        return None if due is None else float(min(max(due - self._clock(), 1), PERIOD))

    def token(self, client: Client, about: LogoutDelivery) -> str:
        """Return a logout token (section 2.4), signed as an ID token. Raises StorageError."""
        now = self._clock()
        claims = {
            "iss": self._settings.issuer,
            "sub": about.subject,
            "aud": about.client_id,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": mint_id(),
            "events": {EVENT: {}},
            "sid": about.sid,
        }
        alg = signed_responses.id_token_alg(self._settings, client)
        return self._keys.sign(claims, typ=TYPE, alg=alg)

    def _attempt(self, stored: Stored[LogoutDelivery], failed: set[str]) -> int | None:
        """Deliver if it is time; return when it is to be tried again, None when it needn't."""
        about, now = stored.record, self._clock()
        if stored.state(now) != "live":
            log.warning("client %s never learned of a logout", about.client_id)
            self._storage.commit(Remove(LogoutDelivery, about.key), now=now)
            return 0
        if about.due_at > now:
            return about.due_at
        client = self._storage.get(Client, about.client_id)
        if client is not None and client.record.backchannel_logout_uri is not None:
            later = now + min(PAUSE << min(about.attempts, 10), PAUSE_LIMIT)
            if not self._put_off(stored, later) or about.client_id in failed:
                return later
            if not self._post(client.record, about):
                failed.add(about.client_id)
                return later
        self._storage.commit(Remove(LogoutDelivery, about.key), now=now)
        return None

    def _put_off(self, stored: Stored[LogoutDelivery], later: int) -> bool:
        attempt = replace(stored.record, due_at=later, attempts=stored.record.attempts + 1)
        try:
            self._storage.commit(Replace(attempt, expecting=stored), now=self._clock())
        except Conflict:
            return False  # Another node is about to deliver it.
        return True

    def _post(self, client: Client, about: LogoutDelivery) -> bool:
        """Post a logout token (section 2.5); tell whether it was taken (section 2.8)."""
        uri, token = required(client.backchannel_logout_uri), self.token(client, about)
        try:
            status = self._fetcher.post(uri, {"logout_token": token})
        except FetchError as error:
            log.warning("client %s can't be told of a logout: %s", about.client_id, error)
            return False
        # Frameworks that see an empty body make 204 of 200.
        if status not in (200, 204):
            log.warning("client %s answered a logout with status %s", about.client_id, status)
            return False
        return True
