"""Grants, the authorization codes they begin with, and the tokens issued under them."""

from __future__ import annotations

from oauthprov.records.shape import Record, record


@record("grant", key="grant_id", indexes=("account_id",))
class Grant(Record):
    """One authorization: a replay revokes it with all its tokens, and no token outlives it.

    ``acr`` and ``amr`` describe the sign-in. ``claims`` is the granted part of the claims
    parameter (OpenID Connect Core section 5.5), as JSON. ``sid`` names the session to the client;
    ``session_key`` is the key of the :class:`~oauthprov.records.EndedSession` stored when that
    session ends. ``account_epoch`` and ``consent_epoch`` are the epochs of the account and of the
    consent at the time of the authorization.
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
    """A code, with the values its grant will have; ``key`` is ``<grant id>.<digest>``.

    It is stored before its grant: it shares the grant's slot, but doesn't depend on the grant.
    ``nonce`` goes into the first ID token; ``code_challenge`` is empty if the request had none.
    The index finds the codes of an account that is disabled or withdraws its consent.
    ``session_ends_at`` is the latest end of the session that the code was issued in, None when
    unknown; ``confirmation`` is as in :class:`AccessToken`, the other fields as in :class:`Grant`.
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
    confirmation: str | None = None


@record("pushed_request", key="key", keep=600)
class PushedRequest(Record):
    """A pushed authorization request (RFC 9126); ``key`` is ``<grant id>.<digest>``.

    The grant id is that of the code it leads to. ``params`` are its parameters, resolved and
    proven. The first visit with its ``request_uri`` must come until ``usable_until``; a sign-in
    that has begun may use the request up until ``expires_at``.
    """

    key: str
    client_id: str
    params: tuple[tuple[str, str], ...]
    created_at: int
    usable_until: int
    expires_at: int


@record("access_token", key="key")
class AccessToken(Record):
    """An opaque access token; a client credentials token has a random slot and no grant.

    ``confirmation`` is what it is bound to, ``<member of cnf>:<value>``, such as ``jkt:...`` for
    the thumbprint of a key (RFC 7800 section 3.1, RFC 9449 section 6); None for a bearer token.
    """

    key: str
    grant_id: str | None
    client_id: str
    account_id: str | None
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int
    confirmation: str | None = None


@record("refresh_token", key="key")
class RefreshToken(Record):
    """A refresh token, with the originally granted scopes and resources (RFC 6749 section 6).

    ``confirmation`` is as in :class:`AccessToken`; only those of public clients are bound.
    """

    key: str
    grant_id: str
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int
    confirmation: str | None = None


@record("receipt", key="key")
class Receipt(Record):
    """The token response of a rotation, sealed with the refresh token that was presented.

    The confirmation of the tokens is part of the key that opens it.
    ``key`` is the key of that token, ``successor`` the key of the refresh token that replaced it.
    """

    key: str
    grant_id: str
    client_id: str
    successor: str
    sealed: str
    expires_at: int
