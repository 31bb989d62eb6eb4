"""Tokens: issued here, as records for storage and as the response that the client gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oauthlib.common import Request

from oauthprov import credentials
from oauthprov.credentials import Bearer
from oauthprov.events import GrantRevoked, Reason, TokensIssued
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.protocol.clients import subjects
from oauthprov.protocol.clients.grant_types import CLIENT_CREDENTIALS
from oauthprov.protocol.request import refusals, resources
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.operations import ForItself
from oauthprov.protocol.token import access_jwts, id_tokens, last_use, possession
from oauthprov.records import AccessToken, Client, Grant, Record, RefreshToken
from oauthprov.storage.interface import Add, Change, Claim, Revoke, Stored

Response = dict[str, object]
"""A token response (RFC 6749 section 5.1)."""
Presents = Mapping[str, Mapping[str, type[Record]]]
"""The parameters that may carry a token or a code: by its prefix, the kind of its record."""
PRESENTED: Presents = {
    "token": {credentials.ACCESS_TOKEN: AccessToken, credentials.REFRESH_TOKEN: RefreshToken}
}
"""Those of the endpoints that are asked about a token."""


@dataclass(frozen=True, slots=True)
class Issued:
    """Issued tokens: the response, the changes that store them, and the event of their commit.

    ``refresh_token`` is the record of the refresh token, if there is one.
    """

    response: Response = field(repr=False)
    changes: tuple[Change, ...]
    event: TokensIssued
    refresh_token: RefreshToken | None = None


def issue(
    context: Context,
    client: Client,
    grant: Grant | None,
    how: str,
    scopes: tuple[str, ...],
    targets: tuple[str, ...],
    *,
    refreshable: bool = False,
    nonce: str | None = None,
) -> Issued:
    """Make the tokens of a response under a grant, or for a machine, by the grant type ``how``.

    The access token is for the resources ``targets``. With ``refreshable`` there is a refresh
    token too, and with the scope ``openid`` an ID token with the ``nonce``. The tokens are bound
    to the key that the request proves to hold. Raises StorageError, SigningKeySealed, and
    InvalidDPoPProofError if a proof is required and missing.
    """
    raw, token, changes = _access_token(context, client, grant, scopes, targets)
    response: Response = {
        "access_token": raw,
        "token_type": bindings.token_type(token.confirmation),
        "expires_in": token.expires_at - token.issued_at,
        "scope": " ".join(token.scopes),
    }
    event = issued(client, grant, how, scopes)
    if grant is None:
        return Issued(response, changes, event)
    refresh_token = None
    if refreshable:
        bearer, refresh_token = _refresh_token(context, client, grant)
        response["refresh_token"] = bearer.raw
        changes = (Add(refresh_token), *changes)
    response = id_tokens.with_id_token(context, client, grant, scopes, response, nonce)
    return Issued(response, changes, event, refresh_token)


def issued(client: Client, grant: Grant | None, how: str, scopes: tuple[str, ...]) -> TokensIssued:
    """Return the event that tokens were issued, under a grant or to a machine."""
    return TokensIssued(
        account_id=grant.account_id if grant else None,
        client_id=client.client_id,
        grant_id=grant.grant_id if grant else None,
        how=how,
        scope=scopes,
    )


def _access_token(
    context: Context,
    client: Client,
    grant: Grant | None,
    scopes: tuple[str, ...],
    targets: tuple[str, ...],
) -> tuple[str, AccessToken, tuple[Change, ...]]:
    """Return an access token, its data, and the changes that store it.

    It is a JWT if the resource has such tokens, else opaque; only an opaque one is stored.
    """
    bearer, confirmation = None, possession.bind(context, client, targets)
    if not resources.has_jwts(context.settings, targets):
        slot = credentials.mint_id() if grant is None else grant.grant_id
        bearer = Bearer.mint(credentials.ACCESS_TOKEN, slot)
    ends_at = context.now + resources.token_lifetime(context.settings, targets)
    token = AccessToken(
        key=access_jwts.mint_jti(grant) if bearer is None else bearer.key,
        grant_id=None if grant is None else grant.grant_id,
        client_id=client.client_id,
        account_id=None if grant is None else grant.account_id,
        scopes=resources.scopes_for(context.settings, scopes, targets),
        resources=targets,
        issued_at=context.now,
        expires_at=ends_at if grant is None else min(ends_at, grant.expires_at),
        confirmation=confirmation,
    )
    if bearer is None:
        return access_jwts.sign(context, client, token, grant), token, ()
    return bearer.raw, token, (Add(token),)


def _refresh_token(context: Context, client: Client, grant: Grant) -> tuple[Bearer, RefreshToken]:
    """Mint a refresh token for everything that the grant allows (RFC 6749 section 6)."""
    bearer = Bearer.mint(credentials.REFRESH_TOKEN, grant.grant_id)
    lifetime = context.settings.refresh_token_lifetime
    return bearer, RefreshToken(
        key=bearer.key,
        grant_id=grant.grant_id,
        client_id=grant.client_id,
        scopes=grant.scopes,
        resources=grant.resources,
        issued_at=context.now,
        expires_at=min(context.now + lifetime, grant.expires_at),
        confirmation=possession.of_refresh_token(context, client),
    )


def for_client(context: Context, client: Client, request: Request) -> Response:
    """Issue a client credentials access token (RFC 6749 section 4.4); return the response."""
    targets, scopes = context.doing(ForItself).resources, tuple(request.scopes or ())
    made = issue(context, client, None, CLIENT_CREDENTIALS, scopes, targets)
    last_use.commit(context, client.client_id, *made.changes, event=made.event)
    return made.response


def find(context: Context, raw: str) -> Stored[AccessToken] | Stored[RefreshToken] | None:
    """Return the token ``raw``, dead or alive; its form tells the kind."""
    bearer = context.bearer(raw)
    stored: Stored[AccessToken] | Stored[RefreshToken] | None = None
    if bearer is None:
        stored = access_jwts.find(context, raw)
    elif bearer.kind == credentials.REFRESH_TOKEN:
        stored = context.load(RefreshToken, bearer.key)
    elif bearer.kind == credentials.ACCESS_TOKEN:
        stored = context.load(AccessToken, bearer.key)
    if stored is None:
        context.note(Reason.TOKEN_UNKNOWN, grant_id=bearer.slot if bearer else None)
    return stored


def expect(context: Context, pairs: Iterable[tuple[str, str]], presents: Presents) -> None:
    """Let the tokens and codes of a request be read in the same trip as its client."""
    for name, value in pairs:
        bearer = context.bearer(value) if name in presents else None
        if bearer is not None and bearer.kind in presents[name]:
            context.expect(presents[name][bearer.kind], bearer.key)
        elif bearer is None and name == "token":
            access_jwts.expect(context, value)


def revocation(context: Context, raw: str, token: AccessToken) -> Change:
    """Return the change that revokes an access token alone; it conflicts if it was revoked."""
    if context.bearer(raw) is None:
        return access_jwts.revocation(token)
    return Claim(AccessToken, token.key)


def is_live(context: Context, stored: Stored[AccessToken] | Stored[RefreshToken]) -> bool:
    """Tell whether a token is valid now, and so are its grant and its client."""
    token, state = stored.record, stored.state(context.now)
    reason, compared = Reason.TOKEN_REVOKED, None
    if token.confirmation is not None and not bindings.is_known(token.confirmation):
        reason = Reason.TOKEN_UNKNOWN
    elif state == "live":
        if context.find_client(token.client_id) is not None:
            return True
        reason = Reason.CLIENT_UNKNOWN
        compared = context.clients.why_unusable(token.client_id) or None
    elif state == "expired":
        reason, compared = Reason.TOKEN_EXPIRED, refusals.expired(token.expires_at, context.now)
    _note(context, reason, token, compared)
    return False


def token_info(context: Context, raw: str) -> TokenInfo | None:
    """Return the data of a live access token; None for anything else."""
    stored = find(context, raw)
    if stored is None:
        return None
    if not isinstance(stored.record, AccessToken):
        _note(context, Reason.TOKEN_UNKNOWN, stored.record)
        return None
    client = context.find_client(stored.record.client_id)
    if not is_live(context, stored) or client is None:
        return None
    token, account_id = stored.record, stored.record.account_id
    grant = None if stored.grant is None else stored.grant.record
    return TokenInfo(
        account_id=account_id,
        client_id=token.client_id,
        scopes=token.scopes,
        resources=token.resources,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        grant_id=token.grant_id,
        claims=grant.claims if grant else None,
        subject=account_id and subjects.subject(context.settings, client, account_id),
        confirmation=token.confirmation,
        auth_time=grant.auth_time if grant else None,
        acr=grant.acr if grant else None,
    )


def revoke_replayed(
    context: Context, grant_id: str, reason: Reason, compared: str | None = None
) -> None:
    """Revoke a grant whose code or token was used twice (RFC 9700 section 4.14.2), and note it.

    This is a separate commit, so that it survives the error that reports the replay.
    """
    # On a cluster a commit that lost may have used a proof up already, and this commit would stop
    # there.
    revoked = GrantRevoked(
        account_id=context.account_id,
        client_id=context.known_client.client_id,
        grant_id=grant_id,
        how="replay",
    )
    context.commit(Revoke(grant_id), before_proofs=True, event=revoked)
    context.note(reason, grant_id=grant_id, compared=compared)


def _note(
    context: Context,
    reason: Reason,
    token: AccessToken | RefreshToken,
    compared: str | None = None,
) -> None:
    # At a resource no client is authenticated: the log names the one the token was issued to.
    client_id = None if context.client else token.client_id
    context.note(reason, client_id=client_id, grant_id=token.grant_id, compared=compared)
