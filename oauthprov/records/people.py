"""People, their sessions, and what they have allowed."""

from __future__ import annotations

from oauthprov.records.keys import Digest
from oauthprov.records.shape import Record, record


@record("account", key="account_id")
class Account(Record):
    """A person known to the built-in account source.

    ``claims`` is what they say of themselves, a JSON object by the names of OpenID Connect Core
    section 5.1. ``epoch`` counts how often everything was ended at once, by a new password, say:
    a session that was begun under an earlier epoch is over.
    """

    account_id: str
    name: str
    created_at: int
    password_hash: str | None = None
    developer: bool = False
    disabled_at: int | None = None
    claims: str | None = None
    epoch: int = 0


@record("email_verification", key="key", indexes=("account_id",))
class EmailVerification(Record):
    """An address that somebody is to prove theirs; ``key`` is the digest of the token mailed."""

    key: Digest
    account_id: str
    email: str
    created_at: int
    expires_at: int


@record("login", key="key")
class Login(Record):
    """A user name, taken: ``key`` is the digest of the normalised name."""

    key: Digest
    account_id: str


@record("session", key="key", indexes=("account_id",))
class Session(Record):
    """One account signed in in one browser; ``key`` is the digest of the cookie's secret.

    ``expires_at`` is the earlier of the idle and the absolute limit. ``sid`` stays when the same
    person signs in again in its place: clients know the session by what is made of it. ``epoch``
    is that of the account when its password was verified; the session is good while they agree.
    """

    key: Digest
    account_id: str
    created_at: int
    last_seen_at: int
    auth_time: int
    expires_at: int
    amr: tuple[str, ...] = ()
    address: str = ""
    user_agent: str = ""
    sid: str | None = None
    epoch: int = 0


@record("consent", key="key", indexes=("account_id",))
class Consent(Record):
    """What an account has allowed a client; ``key`` is ``<account_id>.<client_id>``.

    One that was taken back, at ``withdrawn_at``, allows nothing. It stays, since ``epoch`` counts
    how often that happened: what was granted under an earlier epoch is over.
    """

    key: str
    account_id: str
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    created_at: int
    updated_at: int
    epoch: int = 0
    withdrawn_at: int | None = None
