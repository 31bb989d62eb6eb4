"""Telling clients that a session has ended (OpenID Connect Back-Channel Logout 1.0).

A queue in storage holds who must be told: it survives a restart, and any node may work it off.
Whoever attempts a delivery first puts it off, in a commit that only one node wins; so it is tried
again if that node dies, and by nobody else meanwhile. A client may be told twice.

A few threads deliver, one of them to a client at a time. Clients that failed before come last and
have less time, so that those that answer don't wait for those that don't.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from oauthprov import logs
from oauthprov.background import PERIOD, Lanes
from oauthprov.credentials import digest, mint_id
from oauthprov.errors import FetchBusy, FetchError, SigningKeySealed
from oauthprov.fetch import Fetcher
from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.records import Client, Grant, LogoutDelivery
from oauthprov.settings import Settings
from oauthprov.storage.interface import Conflict, Remove, Replace, Storage, Stored

TYPE = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = 120
"""Seconds that a logout token is good for, as section 4 recommends at most."""
QUEUE = "logout"
THREADS = 4
SHORT = 2.0
"""Seconds that a client has which failed before; each fourth attempt has the time of a fetch."""
MEMORY = 1024
"""Clients of which it is known that they failed, beside what the queue says."""
PAUSE = 30
"""Seconds between the first two attempts, doubled at each."""
PAUSE_LIMIT = 3600
PATIENCE = 86_400
"""Seconds after which a client that can't be told is given up."""

log = logs.logger(__name__)


def delivery(now: int, grant: Grant, sid: str, subject: str) -> LogoutDelivery:
    """Return what tells the client of ``grant`` that its session, ``sid``, has ended.

    ``subject`` is what the client calls the account. Its key is made of client and session: they
    are in the queue once.
    """
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
    """Of the queue: how many were notified, how many are left, when the next is due."""

    notified: int = 0
    left: int = 0
    next_at: int | None = None


class _Round:
    """One look at the queue: what became of it so far, and who has failed or failed before."""

    def __init__(self, failing: Collection[str]) -> None:
        self.delivered = Delivered()
        self.failing = frozenset(failing)
        self.failed = set[str]()
        self._lock = threading.Lock()

    def comes_last(self, about: LogoutDelivery) -> bool:
        """Tell whether a delivery comes after those to clients that never failed."""
        return about.attempts > 0 or about.client_id in self.failing

    def time_limit(self, about: LogoutDelivery) -> float | None:
        """Return the seconds that a client has to answer, None for those of a fetch.

        A client that is slower than others, and failed once, has them again now and then.
        """
        return SHORT if self.comes_last(about) and about.attempts % 4 != 3 else None

    def notified(self) -> None:
        """Count a delivery that is over."""
        with self._lock:
            self.delivered.notified += 1

    def left(self, due: int) -> None:
        """Count a delivery that is due later."""
        with self._lock:
            done = self.delivered
            done.left += 1
            done.next_at = min(due, done.next_at or due)


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
        self._failing: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def deliver(self) -> Delivered:
        """Try each delivery that is due. Raises StorageError.

        A client that fails isn't asked again in this round: others wait behind it.
        """
        with self._lock:
            this = _Round(self._failing)
        lanes = Lanes[Stored[LogoutDelivery]](partial(self._attempt, this), THREADS)
        try:
            if self._begin(lanes, this, last=False):
                self._begin(lanes, this, last=True)
        finally:
            lanes.join()
        return this.delivered

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

    def _begin(self, lanes: Lanes[Stored[LogoutDelivery]], this: _Round, *, last: bool) -> bool:
        """Begin what is due of those that come last, or of the others; tell if there are more."""
        rest = False
        for stored in self._storage.walk(LogoutDelivery, queue=QUEUE):
            about, now = stored.record, self._clock()
            if stored.state(now) == "live" and about.due_at <= now:
                if this.comes_last(about) == last:
                    lanes.put(about.client_id, stored)
                else:
                    rest = True
            elif not last:
                self._passed_over(this, stored, now)
        return rest

    def _passed_over(self, this: _Round, stored: Stored[LogoutDelivery], now: int) -> None:
        """Leave what isn't due; drop what is given up."""
        about = stored.record
        if stored.state(now) == "live":
            this.left(about.due_at)
            return
        log.warning("client %s never learned of a logout", about.client_id)
        self._storage.commit(Remove(LogoutDelivery, about.key), now=now)

    def _attempt(self, this: _Round, stored: Stored[LogoutDelivery]) -> None:
        about, now = stored.record, self._clock()
        client = self._storage.get(Client, about.client_id)
        uri = client.record.backchannel_logout_uri if client is not None else None
        if client is not None and uri is not None:
            later = now + min(PAUSE << min(about.attempts, 10), PAUSE_LIMIT)
            if not self._put_off(stored, later) or about.client_id in this.failed:
                this.left(later)
                return
            try:
                took = self._post(client.record, uri, about, this.time_limit(about))
            except FetchBusy as busy:  # it says nothing about the client
                log.warning("client %s is told of a logout later: %s", about.client_id, busy)
                this.left(later)
                return
            self._remember(about.client_id, took)
            if not took:
                this.failed.add(about.client_id)
                this.left(later)
                return
        self._storage.commit(Remove(LogoutDelivery, about.key), now=now)
        this.notified()

    def _remember(self, client_id: str, took: bool) -> None:
        with self._lock:
            self._failing.pop(client_id, None)
            if not took:
                self._failing[client_id] = None
                if len(self._failing) > MEMORY:
                    self._failing.popitem(last=False)

    def _put_off(self, stored: Stored[LogoutDelivery], later: int) -> bool:
        attempt = replace(stored.record, due_at=later, attempts=stored.record.attempts + 1)
        try:
            self._storage.commit(Replace(attempt, expecting=stored), now=self._clock())
        except Conflict:
            return False  # Another node is about to deliver it.
        return True

    def _post(
        self, client: Client, uri: str, about: LogoutDelivery, seconds: float | None
    ) -> bool:
        """Post a logout token (section 2.5); tell whether it was taken (section 2.8).

        Raises FetchBusy.
        """
        try:
            token = self.token(client, about)
            status = self._fetcher.post(uri, {"logout_token": token}, seconds)
        except FetchBusy:
            raise
        except (FetchError, SigningKeySealed) as error:
            why = error.problem if isinstance(error, SigningKeySealed) else error
            log.warning("client %s can't be told of a logout: %s", about.client_id, why)
            return False
        # Frameworks that see an empty body make 204 of 200.
        if status not in (200, 204):
            log.warning("client %s answered a logout with status %s", about.client_id, status)
            return False
        return True
