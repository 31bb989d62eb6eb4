"""What the server keeps: pending questions, keys, what came once, who is to be told."""

from __future__ import annotations

from dataclasses import replace

from oauthprov.records.keys import Digest
from oauthprov.records.shape import Record, record

SWEEP_QUEUE = "sweeps"
SWEEP_LEASE = 15
"""Seconds that a process has for a sweep before another takes over."""
SWEEP_PATIENCE = 366 * 86_400
"""Seconds after which what is left of a sweep has expired by itself."""


@record("interaction", key="key")
class Interaction(Record):
    """A pending decision of a person: resolved parameters and the browser they came from.

    ``key`` is the digest of the id that pages carry; ``browser`` is None until the browser that
    began it has come back with its cookies. ``session_key`` and ``auth_time`` are those of who was
    signed in there when it began: signing in anew for this request shows in other ones.
    ``chosen`` is the session that the person picked for it among those of the browser.
    """

    key: Digest
    purpose: str
    client_id: str
    browser: Digest | None
    params: tuple[tuple[str, str], ...]
    created_at: int
    expires_at: int
    session_key: Digest | None = None
    auth_time: int | None = None
    chosen: Digest | None = None


@record("signing_key", key="key")
class SigningKey(Record):
    """A key that signs tokens; ``key`` is ``<alg>.<serial>``: those of an algorithm share a slot.

    ``public`` is the public JWK as JSON, ``sealed`` the private one, sealed with the server's
    secret. It is published as soon as it is stored, signs from ``signs_from`` until ``retires_at``
    (None: there is no successor yet), and stays published until ``published_until``, when the last
    token that it signed has expired.
    """

    key: str
    kid: str
    alg: str
    public: str
    sealed: str
    created_at: int
    signs_from: int
    retires_at: int | None = None
    published_until: int | None = None


@record("logout_delivery", key="key", indexes=("queue",))
class LogoutDelivery(Record):
    """A client that is to learn that a session has ended; it is removed once the client has.

    ``queue`` is the same for all, so that they are found. Whoever attempts it first puts off
    ``due_at``, the time of the next attempt. It is given up at ``expires_at``.
    """

    key: str
    queue: str
    client_id: str
    subject: str
    sid: str
    due_at: int
    expires_at: int
    attempts: int = 0


@record("seen", key="key")
class ReplayMark(Record):
    """Something that may come only once until ``expires_at``; ``key`` is its digest."""

    key: Digest
    expires_at: int


@record("ended_session", key="key")
class EndedSession(Record):
    """A session that was ended; ``key`` is ``<account_id>.<digest of account and sid>``.

    It refuses what an authorization that ran at that moment would bring to life afterwards.
    """

    key: str
    expires_at: int


@record("sweep", key="key", indexes=("queue",))
class Sweep(Record):
    """What is still to be removed and revoked of something that has ended; it goes when that is.

    Of the account, that is what was authorized under an epoch before ``epoch``, under one of
    ``session_keys``, or for the client ``client_id``, whichever is set. With an empty
    ``account_id`` it is all that was authorized for the client. ``everything`` takes grants too
    that outlive a session. ``queue`` is the same for all, so that they are found. Whoever works at
    it has put off ``due_at``, after which another process may take over.
    """

    key: str
    queue: str
    account_id: str
    created_at: int
    due_at: int
    expires_at: int
    epoch: int | None = None
    session_keys: tuple[str, ...] = ()
    client_id: str | None = None
    everything: bool = False

    @classmethod
    def of_client(cls, client_id: str, name: str, now: int) -> Sweep:
        """Return the sweep of a client that was removed, of every account."""
        begun = cls.begin("", name, now, client_id=client_id)
        return replace(begun, key=f"{client_id}.{name}")

    @classmethod
    def begin(
        cls,
        account_id: str,
        name: str,
        now: int,
        *,
        epoch: int | None = None,
        session_keys: tuple[str, ...] = (),
        client_id: str | None = None,
        everything: bool = False,
    ) -> Sweep:
        """Return a sweep that begins ``now``; ``name`` tells it from others of the account."""
        return cls(
            key=f"{account_id}.{name}",
            queue=SWEEP_QUEUE,
            account_id=account_id,
            created_at=now,
            due_at=now + SWEEP_LEASE,
            expires_at=now + SWEEP_PATIENCE,
            epoch=epoch,
            session_keys=session_keys,
            client_id=client_id,
            everything=everything,
        )
