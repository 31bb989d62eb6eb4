"""What is stored: frozen values, one class a kind, and the key under which each is found.

Times are epoch seconds. Keys are printable ASCII, at most 255 bytes, and compared byte by byte; so
are the values of indexed fields. The part of a key before its first dot is the record's *slot*:
records of one slot change together, atomically, on every backend. Secrets stand here only as
digests. A new field needs a default, since older records lack it; an indexed field of a stored
record never changes.
"""

from __future__ import annotations

from typing import NewType

from oauthprov.records.shape import R as R
from oauthprov.records.shape import Record as Record
from oauthprov.records.shape import Shape as Shape
from oauthprov.records.shape import record as record

Digest = NewType("Digest", str)
"""The SHA-256 of a secret, base64url without padding: all of a secret that storage ever sees."""

KEY_LIMIT = 255


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
    ``default_scopes`` those it gets when it asks for none. Its public keys are at ``jwks_uri`` or
    are ``jwks``, a JWK Set as JSON. A client that registered itself (RFC 7591) has a
    ``registration_token``, and only then is ``last_used_at`` kept.
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
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    software_id: str | None = None
    software_version: str | None = None
    jwks_uri: str | None = None
    jwks: str | None = None
    registration_token: Digest | None = None
    last_used_at: int | None = None
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False


@record("initial_access_token", key="token_id")
class InitialAccessToken(Record):
    """Leave to register clients (RFC 7591 section 1.2); ``secret`` is the digest of the token.

    ``uses_left`` is how many it may still register, None when that isn't limited. ``note`` tells
    the operator whom it was given to.
    """

    token_id: str
    secret: Digest
    created_at: int
    expires_at: int
    uses_left: int | None = None
    note: str = ""


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
    InitialAccessToken,
    LogoutDelivery,
)
"""Every kind that a backend stores."""


def consent_key(account_id: str, client_id: str) -> str:
    """The key of the Consent of an account for a client."""
    return f"{account_id}.{client_id}"
