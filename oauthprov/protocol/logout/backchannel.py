"""Notifying clients that a session has ended (OpenID Connect Back-Channel Logout 1.0).

A queue in storage holds the deliveries: it survives a restart, and any node may process it. Before
an attempt a node postpones the delivery, in a commit that only one node wins. So no other node
attempts it meanwhile, and it is retried if that node dies. A client may be notified twice.

A few threads deliver, only one of them to a given client. Clients that failed before come last and
have a shorter time limit, so that responsive clients don't wait for the others.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from oauthprov import logs
from oauthprov.background import PERIOD, Lanes
from oauthprov.credentials import digest, mint_id
from oauthprov.errors import FetchBusy, FetchError, SigningKeySealed
from oauthprov.events import LogoutDelivered, LogoutGivenUp, Stream, on_commit, worker, working
from oauthprov.fetch import Fetcher
from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.records import Client, Grant, LogoutDelivery
from oauthprov.settings import Settings
from oauthprov.storage.interface import Conflict, Remove, Replace, Storage, Stored

TYPE = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = 120
"""Seconds that a logout token is valid, at most as many as section 4 recommends."""
QUEUE = "logout"
THREADS = 4
SHORT = 2.0
"""Time limit in seconds for a client that failed before; a fetch's at each fourth attempt."""
MEMORY = 1024
"""Clients whose failures are remembered, besides those in the queue."""
PAUSE = 30
"""Seconds between the first two attempts, doubled at each."""
PAUSE_LIMIT = 3600
PATIENCE = 86_400
"""Seconds after which a delivery is given up."""
SHARE = 5
"""After a round comes a rest: a process reads the queue for at most a fifth of its time."""

log = logs.logger(__name__)


def delivery(now: int, grant: Grant, sid: str, subject: str) -> LogoutDelivery:
    """Return the delivery that tells the client of ``grant`` that its session ``sid`` has ended.

    ``subject`` is the account's ``sub`` for the client. The key is made of client and session, so
    the queue holds each pair once.
    """
    return LogoutDelivery(
        key=digest(f"logout {grant.client_id} {sid}"),
        queue=QUEUE,
        client_id=grant.client_id,
        subject=subject,
        sid=sid,
        due_at=now,
        expires_at=now + PATIENCE,
        account_id=grant.account_id,
    )


@dataclass(slots=True)
class Delivered:
    """The result of a round: deliveries notified, deliveries left, and when the next is due."""

    notified: int = 0
    left: int = 0
    next_at: int | None = None


class _Round:
    """One pass over the queue: its result so far, and the clients that have failed."""

    def __init__(self, failing: Collection[str]) -> None:
        self.delivered = Delivered()
        self.failing = frozenset(failing)
        self.failed = set[str]()
        self._lock = threading.Lock()

    def comes_last(self, about: LogoutDelivery) -> bool:
        """Tell whether a delivery comes after those to clients that never failed."""
        return about.attempts > 0 or about.client_id in self.failing

    def time_limit(self, about: LogoutDelivery) -> float | None:
        """Return the seconds in which a client must respond, None for the limit of a fetch.

        A slow client that failed once gets the full limit again at each fourth attempt.
        """
        return SHORT if self.comes_last(about) and about.attempts % 4 != 3 else None

    def notified(self) -> None:
        """Count a finished delivery."""
        with self._lock:
            self.delivered.notified += 1

    def left(self, due: int) -> None:
        """Count a delivery that is due later."""
        with self._lock:
            done = self.delivered
            done.left += 1
            done.next_at = min(due, done.next_at or due)


class BackchannelLogout:
    """Delivers the logout tokens in the queue.

    ``stopwatch`` returns the seconds of processor time that the thread has used. ``actor`` is that
    of the events.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        keys: SigningKeys,
        fetcher: Fetcher,
        clock: Callable[[], int],
        events: Stream | None = None,
        stopwatch: Callable[[], float] = time.thread_time,
        actor: str = worker(QUEUE),
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._stopwatch = stopwatch
        self._rested_at = self._rest = 0
        self._events = events or Stream(clock)
        self._actor = actor
        self._keys = keys
        self._fetcher = fetcher
        self._clock = clock
        self._failing: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def deliver(self) -> Delivered:
        """Try each delivery that is due. Raises StorageError.

        A client that fails isn't tried again in this round, since others are waiting.
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
        """Deliver what is due; return the seconds until the next delivery, None if there is none.

        A round reads all that waits. If that is so much that it takes seconds, a call soon after
        it does nothing but return the rest of the pause. Raises StorageError.
        """
        rested = self._clock() - self._rested_at
        if 0 <= rested < self._rest:
            return float(self._rest - rested)
        began = self._stopwatch()
        due = self.deliver().next_at
        self._rested_at = now = self._clock()
        self._rest = int((SHARE - 1) * (self._stopwatch() - began))
        return None if due is None else float(max(min(max(due - now, 1), PERIOD), self._rest))

    def token(self, client: Client, about: LogoutDelivery) -> str:
        """Return a logout token (section 2.4), signed like an ID token. Raises StorageError."""
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
        """Start the due deliveries that come last, or the others; tell if due ones are left."""
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
        """Count a delivery that isn't due; remove one that is given up."""
        about = stored.record
        if stored.state(now) == "live":
            this.left(about.due_at)
            return
        with working(self._events, self._actor):
            on_commit(LogoutGivenUp(account_id=about.account_id, client_id=about.client_id))
            self._storage.commit(Remove(LogoutDelivery, about.key), now=now)

    def _attempt(self, this: _Round, stored: Stored[LogoutDelivery]) -> None:
        with working(self._events, self._actor):
            self._attempted(this, stored)

    def _attempted(self, this: _Round, stored: Stored[LogoutDelivery]) -> None:
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
            except FetchBusy as busy:  # it isn't the client's fault
                log.warning("client %s gets a logout token later: %s", about.client_id, busy)
                this.left(later)
                return
            self._remember(about.client_id, took)
            if not took:
                this.failed.add(about.client_id)
                this.left(later)
                return
        if uri is not None:
            on_commit(LogoutDelivered(account_id=about.account_id, client_id=about.client_id))
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
        """Post a logout token (section 2.5); tell whether the client accepted it (section 2.8).

        Raises FetchBusy.
        """
        try:
            token = self.token(client, about)
            status = self._fetcher.post(uri, {"logout_token": token}, seconds)
        except FetchBusy:
            raise
        except (FetchError, SigningKeySealed) as error:
            why = error.problem if isinstance(error, SigningKeySealed) else error
            log.warning("client %s can't be sent a logout token: %s", about.client_id, why)
            return False
        # Some frameworks turn 200 with an empty body into 204.
        if status not in (200, 204):
            log.warning(
                "client %s answered a logout token with status %s", about.client_id, status
            )
            return False
        return True
