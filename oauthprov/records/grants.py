"""Grants, and the codes and tokens that come before and under them."""

from __future__ import annotations

from oauthprov.records.shape import Record, record


@record("grant", key="grant_id", indexes=("account_id",))
class Grant(Record):
    """One authorization: the family that a replay revokes, and that no token outlives.

    ``acr`` and ``amr`` say how the person signed in, ``claims`` is what of the claims parameter
    was granted (OpenID Connect Core section 5.5), as JSON, ``sid`` how the client knows the
    session, ``session_key`` the key of the :class:`~oauthprov.records.EndedSession` that there is
    once it has ended. ``account_epoch`` and ``consent_epoch`` are those of the account and of the
    consent when it was authorized.
    """

    grant_id: str
    client_id: str
    account_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    created_at: int
    last_used_at: int
    expires_at: int
    session_key: str | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None
    claims: str | None = None
    sid: str | None = None
    account_epoch: int = 0
    consent_epoch: int = 0


@record("authorization_code", key="key", indexes=("account_id",), keep=600)
class AuthorizationCode(Record):
    """A code and what its grant will need; ``key`` is ``<grant id>.<digest>``.

    It precedes its grant, so it shares the slot without dying with it. ``nonce`` goes into the
    first ID token; ``code_challenge`` is empty where there was none. An account that is closed, or
    takes its consent back, finds it by the index. ``session_ends_at`` is when the session that it
    was issued in ends in any case, None where that isn't known; the rest is as in :class:`Grant`.
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
    session_key: str | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None
    claims: str | None = None
    nonce: str | None = None
    sid: str | None = None
    account_epoch: int = 0
    consent_epoch: int = 0
    session_ends_at: int | None = None


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
