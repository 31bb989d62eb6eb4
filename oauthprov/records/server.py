"""Records of the server itself: interactions, signing keys, replay marks, queued work."""

from __future__ import annotations

from dataclasses import replace

from oauthprov.records.keys import Digest
from oauthprov.records.shape import Record, record

SWEEP_QUEUE = "sweeps"
SWEEP_LEASE = 15
"""Seconds that a process has for a sweep before another one may take over."""
TRANSFER = "transfer"
SWEEP_PATIENCE = 366 * 86_400
"""Seconds after which everything that a sweep would still remove has expired."""


@record("interaction", key="key")
class Interaction(Record):
    """A request that waits for a user's decision, with its parameters and its browser.

    ``key`` is the digest of the id that pages carry; ``browser`` is None until the browser that
    began the interaction has come back with its cookies. ``session_key`` and ``auth_time`` are
    those of the session that was active there at the beginning: a new sign-in for this request
    is recognised by other values. ``chosen`` is the session that the user picked for the request.
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
    """A key that signs tokens; ``key`` is ``<alg>.<serial>``: keys of one algorithm share a slot.

    ``public`` is the public JWK as JSON, ``sealed`` the private JWK, sealed with the server's
    secret. The key is published as soon as it is stored, signs from ``signs_from`` until
    ``retires_at`` (None: it has no successor yet), and stays published until ``published_until``,
    when the last token that it signed has expired.
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
    """A back-channel logout to be delivered to a client; removed once it is delivered.

    ``queue`` has the same value in all, so that an index finds them. ``due_at`` is the time of the
    next attempt; a process postpones it before it attempts the delivery. After ``expires_at`` no
    further attempt is made. ``account_id`` is whose session has ended, for the event; None in a
    record of the version before.
    """

    key: str
    queue: str
    client_id: str
    subject: str
    sid: str
    due_at: int
    expires_at: int
    attempts: int = 0
    account_id: str | None = None


@record("seen", key="key")
class ReplayMark(Record):
    """Marks a value that isn't accepted again until ``expires_at``; ``key`` is its digest.

    The mark of a revoked JWT access token is in the slot of its grant: ``<grant id>.<digest>``;
    that of a passkey's challenge in the slot of its account.
    """

    key: str
    expires_at: int


@record("ended_session", key="key")
class EndedSession(Record):
    """Marks an ended session; ``key`` is ``<account_id>.<digest of account and sid>``.

    It makes an authorization fail that was running when the session ended.
    """

    key: str
    expires_at: int


@record("sweep", key="key", indexes=("queue",))
class Sweep(Record):
    """Queued work: grants and codes to end after a session, consent, account or client ended.

    It covers the authorizations of the account from epochs before ``epoch``, from one of
    ``session_keys``, or for the client ``client_id``, whichever is set; with an empty
    ``account_id``, all authorizations of the client. ``everything`` includes grants that outlive
    their session. ``queue`` has the same value in all, so that an index finds them. A process
    that works on a sweep postpones ``due_at``, after which another process may take over. The
    record is removed when the work is done.
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
        """Return the sweep for a removed client: it covers every account."""
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
        """Return a sweep that begins ``now``; ``name`` makes its key unique within the account."""
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


@record("transfer", key="key")
class Transfer(Record):
    """Marks a storage that a transfer fills, until it is complete; ``key`` is always TRANSFER.

    ``source`` names the storage that it comes from, without a user or a password. ``copied_at`` is
    the time at which a run last reached the end of the source.
    """

    key: str
    source: str
    began_at: int
    copied_at: int | None = None
