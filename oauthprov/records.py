"""What is stored: frozen values, one class a kind, and the key under which each is found.

Times are epoch seconds. Keys are printable ASCII, at most 255 bytes, and compared byte by byte; so
are the values of indexed fields. The part of a key before its first dot is the record's *slot*:
records of one slot change together, atomically, on every backend. Secrets stand here only as
digests. A new field needs a default, since older records lack it; an indexed field of a stored
record never changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NewType, TypeVar, dataclass_transform

Digest = NewType("Digest", str)
"""The SHA-256 of a secret, base64url without padding: all of a secret that storage ever sees."""

KEY_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Shape:
    """What a storage backend needs to know of a kind.

    ``name`` names its table or key prefix, ``key`` the field that identifies a record, ``indexes``
    the fields by which records are found, ``keep`` the seconds that a record outlives its
    ``expires_at`` so that *replayed* can still be told from *unknown*.
    """

    name: str
    key: str
    indexes: tuple[str, ...]
    keep: int
    fields: tuple[dataclasses.Field[Any], ...]

    @property
    def expires(self) -> bool:
        """Whether records of this kind carry ``expires_at``."""
        return any(field.name == "expires_at" for field in self.fields)

    @property
    def has_grant(self) -> bool:
        """Whether records of this kind may name the grant they die with, as ``grant_id``."""
        return self.name != "grant" and any(field.name == "grant_id" for field in self.fields)


class Record:
    """The base of every record kind; ``shape`` is set by :func:`record`."""

    __slots__ = ()
    shape: ClassVar[Shape]

    @property
    def storage_key(self) -> str:
        """The key under which storage holds this record."""
        return str(getattr(self, self.shape.key))


R = TypeVar("R", bound=Record)


@dataclass_transform(frozen_default=True)
def record(
    name: str, *, key: str, indexes: tuple[str, ...] = (), keep: int = 0
) -> Callable[[type[R]], type[R]]:
    """Declare a record kind: a frozen, slotted dataclass with its shape."""

    def declare(cls: type[R]) -> type[R]:
        made = dataclass(frozen=True, slots=True)(cls)
        fields = dataclasses.fields(made)  # type: ignore[arg-type]
        made.shape = Shape(name, key, indexes, keep, fields)
        return made

    return declare


def slot(key: str) -> str:
    """The part of ``key`` whose records change together: all before the first dot."""
    return key.partition(".")[0]


@record("account", key="account_id")
class Account(Record):
    """A person known to the built-in account source.

    ``claims`` is what they say of themselves, a JSON object by the names of OpenID Connect Core
    section 5.1.
    """

    account_id: str
    name: str
    created_at: int
    password_hash: str | None = None
    developer: bool = False
    disabled_at: int | None = None
    claims: str | None = None


@record("login", key="key")
class Login(Record):
    """A user name, taken: ``key`` is the digest of the normalised name."""

    key: Digest
    account_id: str


@record("client", key="client_id", indexes=("owner",))
class Client(Record):
    """A registered client (RFC 6749 section 2). ``client_id`` holds no dot.

    ``client_type`` is one of ``web``, ``browser``, ``native`` and ``machine``. ``secrets`` are
    digests, the newest first; two are live during a rotation. ``scopes`` are those it may ask for,
    ``default_scopes`` those it gets when it asks for none.
    """

    client_id: str
    name: str
    client_type: str
    created_at: int
    owner: str | None = None
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    auth_method: str = "none"
    secrets: tuple[Digest, ...] = ()
    secret_created_at: int | None = None
    scopes: tuple[str, ...] = ()
    default_scopes: tuple[str, ...] = ()
    homepage_uri: str | None = None
    first_party: bool = False
    disabled_at: int | None = None
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False


@record("consent", key="key", indexes=("account_id",))
class Consent(Record):
    """What an account has allowed a client; ``key`` is ``<account_id>.<client_id>``."""

    key: str
    account_id: str
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    created_at: int
    updated_at: int


@record("grant", key="grant_id", indexes=("account_id",))
class Grant(Record):
    """One authorization: the family that a replay revokes, and that no token outlives.

    ``acr`` and ``amr`` say how the person signed in, ``claims`` is what of the claims parameter
    was granted (OpenID Connect Core section 5.5), as JSON, ``sid`` how the client knows the
    session.
    """

    grant_id: str
    client_id: str
    account_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    created_at: int
    last_used_at: int
    expires_at: int
    session_key: Digest | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None
    claims: str | None = None
    sid: str | None = None


@record("authorization_code", key="key", indexes=("account_id",), keep=600)
class AuthorizationCode(Record):
    """A code and what its grant will need; ``key`` is ``<grant id>.<digest>``.

    It precedes its grant, so it shares the slot without dying with it. ``nonce`` goes into the
    first ID token; ``code_challenge`` is empty where there was none. An account that is closed, or
    takes its consent back, finds it by the index.
    """

    key: str
    client_id: str
    account_id: str
    redirect_uri: str
    code_challenge: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int
    session_key: Digest | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None
    claims: str | None = None
    nonce: str | None = None
    sid: str | None = None


@record("access_token", key="key")
class AccessToken(Record):
    """An opaque access token; client-credentials tokens have a random slot and no grant."""

    key: str
    grant_id: str | None
    client_id: str
    account_id: str | None
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int


@record("refresh_token", key="key")
class RefreshToken(Record):
    """A refresh token; ``scopes`` and ``resources`` are the original ones (RFC 6749 section 6)."""

    key: str
    grant_id: str
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int


@record("receipt", key="key")
class Receipt(Record):
    """The response of a rotation, sealed under the refresh token that was presented.

    ``key`` is that token's key, ``successor`` the key of the refresh token that replaced it.
    """

    key: str
    grant_id: str
    client_id: str
    successor: str
    sealed: str
    expires_at: int


@record("interaction", key="key")
class Interaction(Record):
    """A pending decision of a person: resolved parameters and the browser they came from.

    ``key`` is the digest of the id that pages carry; ``browser`` is None until the browser that
    began it has come back with its cookies. ``session_key`` and ``auth_time`` are those of who was
    signed in there when it began: signing in anew for this request shows in other ones.
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


@record("session", key="key", indexes=("account_id",))
class Session(Record):
    """One account signed in in one browser; ``key`` is the digest of the cookie's secret.

    ``expires_at`` is the earlier of the idle and the absolute limit. ``sid`` stays when the same
    person signs in again in its place: clients know the session by what is made of it.
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
class Seen(Record):
    """Something that may come only once until ``expires_at``; ``key`` is its digest."""

    key: Digest
    expires_at: int


KINDS: tuple[type[Record], ...] = (
    Account,
    Login,
    Client,
    Consent,
    Grant,
    AuthorizationCode,
    AccessToken,
    RefreshToken,
    Receipt,
    Interaction,
    Session,
    SigningKey,
    Seen,
    LogoutDelivery,
)
"""Every kind that a backend stores."""


def consent_key(account_id: str, client_id: str) -> str:
    """The key of the Consent of an account for a client."""
    return f"{account_id}.{client_id}"
