"""Access tokens that are JWTs (RFC 9068): those of resources that verify them themselves.

They are signed by the keys of ID tokens, and not stored. ``jti`` is ``<grant id>.<random>``, and
``<random>`` for the token of a machine, which has no grant: so one read finds the grant, which may
have ended, and the mark of a revoked token. This server and its introspection see both at once; a
resource that only checks the signature accepts the token until it expires.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthprov.credentials import mint_id, replay_key
from oauthprov.protected_resource import bindings
from oauthprov.protocol.clients import subjects
from oauthprov.protocol.keys import jose
from oauthprov.protocol.request.claims import GROUPS, selected
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.token import id_tokens
from oauthprov.records import AccessToken, Client, Grant, Record, ReplayMark, slot
from oauthprov.storage.interface import Add, Stored

TYPE = "at+jwt"

_REVOKED = "revoked"


def mint_jti(grant: Grant | None) -> str:
    """Return a new ``jti`` under a grant, or for a machine."""
    return mint_id() if grant is None else f"{grant.grant_id}.{mint_id()}"


def sign(context: Context, client: Client, token: AccessToken, grant: Grant | None) -> str:
    """Return ``token``, whose key is its ``jti`` and which has one resource, as a JWT.

    The claims are those of section 2.2; ``auth_time``, ``acr`` and ``amr`` are those of the
    authentication, however often the grant is refreshed. Of the account it has ``groups`` (section
    2.2.3.1), if the scope of that name applies at the resource; the account is read only then.
    Raises StorageError, SigningKeySealed.
    """
    [audience] = token.resources
    settings = context.settings
    alg = settings.jwt_resources[audience].alg or settings.keys_algorithms[0]
    claims: dict[str, object] = {
        "iss": settings.issuer,
        "aud": audience,
        "sub": client.client_id,
        "client_id": client.client_id,
        "iat": token.issued_at,
        "exp": token.expires_at,
        "jti": token.key,
        "scope": " ".join(token.scopes),
    }
    if token.confirmation is not None:
        claims["cnf"] = bindings.cnf(token.confirmation)
    if grant is not None:
        claims["sub"] = subjects.subject(settings, client, grant.account_id)
        claims |= id_tokens.authentication(grant)
        claims |= _groups(context, token, grant)
    return context.sign(claims, typ=TYPE, alg=alg)


def _groups(context: Context, token: AccessToken, grant: Grant) -> dict[str, object]:
    if context.openid is None or GROUPS not in token.scopes:
        return {}
    return selected(context.claims_of(grant.account_id), [GROUPS], {})


def expect(context: Context, raw: str) -> None:
    """Let what decides on the token ``raw`` be read in the same trip as its client."""
    claims = _claims(context, raw)
    if claims is not None:
        for kind, key in _needed(claims["jti"]):
            context.expect(kind, key)


def find(context: Context, raw: str) -> Stored[AccessToken] | None:
    """Return the token ``raw`` as if it were stored, dead or alive; None for anything else.

    Its key is its ``jti``, and it counts as claimed once it is revoked. One read, which also
    fetches its client.
    """
    claims = _claims(context, raw)
    if claims is None:
        return None
    expect(context, raw)
    context.find_client(claims["client_id"])
    mark, *grants = context.load_many(_needed(claims["jti"]))
    grant: Stored[Grant] | None = next(iter(grants), None)
    token = AccessToken(
        key=claims["jti"],
        grant_id=_grant_id(claims["jti"]),
        client_id=claims["client_id"],
        account_id=None if grant is None else grant.record.account_id,
        scopes=tuple(claims["scope"].split()),
        resources=(claims["aud"],),
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        confirmation=bindings.confirmed_by(claims.get("cnf")),
    )
    revoked = mark is not None and mark.state(context.now) == "live"
    claimed_at = context.now if revoked else None
    return Stored(token, version=0, claimed_at=claimed_at, grant=grant)


def revocation(token: AccessToken) -> Add:
    """Return the change that revokes a token of :func:`find`; it conflicts if that was done."""
    # Another node, whose clock is behind, might still accept the token.
    return Add(ReplayMark(_mark_key(token.key), token.expires_at + 2 * jose.LEEWAY))


def _claims(context: Context, raw: str) -> Mapping[str, Any] | None:
    """Return the claims of a token of ours, for a resource whose tokens are JWTs."""
    resources = context.settings.jwt_resources
    claims = context.verified(raw, TYPE) if resources else None
    if claims is None or claims["aud"] not in resources:
        return None
    return claims if bindings.is_supported(claims.get("cnf")) else None


def _grant_id(jti: str) -> str | None:
    return slot(jti) if "." in jti else None


def _needed(jti: str) -> list[tuple[type[Record], str]]:
    needed: list[tuple[type[Record], str]] = [(ReplayMark, _mark_key(jti))]
    grant_id = _grant_id(jti)
    return needed if grant_id is None else [*needed, (Grant, grant_id)]


def _mark_key(jti: str) -> str:
    """Return the key of the mark of a revoked token, in the slot of its grant."""
    key, grant_id = replay_key(_REVOKED, jti), _grant_id(jti)
    return key if grant_id is None else f"{grant_id}.{key}"
