"""Accounts, their user names and e-mail addresses, sessions and consents."""

from __future__ import annotations

from oauthprov.records.keys import Digest
from oauthprov.records.shape import Record, record

REMOVAL_QUEUE = "removals"


@record("account", key="account_id")
class Account(Record):
    """An account of the built-in account source.

    ``claims`` is the profile that the user entered, a JSON object of the claims of OpenID Connect
    Core section 5.1. ``epoch`` grows whenever all sessions of the account are ended at once, for
    example by a new password: a session of an earlier epoch is no longer valid. ``factors`` are
    the kinds of second factor that are set up, by the names of :mod:`oauthprov.factors`: a commit
    that adds or removes the record of a factor changes them too. ``groups`` are set by the
    operator. From the user's request to delete the account until ``remove_at`` the user can take
    the request back; then the account is removed. An ``admin`` may open the pages below
    ``/admin``; only the command gives and takes this role.
    """

    account_id: str
    name: str
    created_at: int
    password_hash: str | None = None
    developer: bool = False
    disabled_at: int | None = None
    claims: str | None = None
    epoch: int = 0
    factors: tuple[str, ...] = ()
    remove_at: int | None = None
    groups: tuple[str, ...] = ()
    admin: bool = False

    @property
    def closed(self) -> bool:
        """Whether nobody can use the account: it is disabled or its deletion was requested."""
        return self.disabled_at is not None or self.remove_at is not None

    @property
    def being_removed(self) -> bool:
        """Whether its removal has begun, which can't be taken back: the password is gone."""
        return self.disabled_at is not None and self.password_hash is None


@record("account_removal", key="account_id", indexes=("queue",))
class AccountRemoval(Record):
    """Leads to an account that its user has deleted; its ``remove_at`` decides whether it is due.

    ``queue`` has the same value in all, so that an index finds them. ``due_at`` is the
    ``remove_at`` of the account: one that isn't due needn't be read.
    """

    account_id: str
    queue: str
    due_at: int


@record("email_verification", key="key", indexes=("account_id",))
class EmailVerification(Record):
    """An e-mail address to be verified; ``key`` is ``<account_id>.<digest of the token>``.

    It shares the slot of the account, so that one commit uses the token and changes the account.
    """

    key: str
    account_id: str
    email: str
    created_at: int
    expires_at: int


@record("confirmed_address", key="key", indexes=("address",))
class ConfirmedAddress(Record):
    """Leads from a confirmed e-mail address to an account that has it; several may have one.

    ``key`` is ``<account_id>.<address>``: it shares the slot of the account, so that one commit
    changes both on every backend. ``address`` is the digest of the normalised address. The claims
    of the account decide whether it still has the address.
    """

    key: str
    account_id: str
    address: Digest


@record("password_reset", key="key")
class PasswordReset(Record):
    """A mailed link for a new password; ``key`` is ``<account_id>.<digest of the token>``.

    It shares the slot of the account, so that one commit uses the link and sets the password. It
    works while the account has the ``epoch`` and the confirmed address ``email``.
    """

    key: str
    account_id: str
    email: str
    epoch: int
    created_at: int
    expires_at: int


@record("login", key="key")
class Login(Record):
    """The user name of an account; ``key`` is the digest of the normalised name."""

    key: Digest
    account_id: str


@record("session", key="key", indexes=("account_id",))
class Session(Record):
    """A session of one account in one browser; ``key`` is the digest of the cookie's secret.

    ``expires_at`` is the earlier of the idle and the absolute limit. When the same person signs
    in again, the new session keeps the ``sid``: the session identifiers that clients receive are
    derived from it. ``epoch`` is the epoch of the account when its password was verified; the
    session is valid as long as the two are equal.
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


@record("consent", key="key", indexes=("account_id", "client_id"))
class Consent(Record):
    """The consent of an account for a client; ``key`` is ``<account_id>.<client_id>``.

    A consent with ``withdrawn_at`` allows nothing. Its record stays, since ``epoch`` counts the
    withdrawals: a grant of an earlier epoch is no longer valid.
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
