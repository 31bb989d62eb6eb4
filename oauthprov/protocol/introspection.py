"""Token introspection: what a token is, told to those who may ask (RFC 7662)."""

from __future__ import annotations

from oauthprov.protocol import subjects, tokens
from oauthprov.protocol.client_types import is_confidential
from oauthprov.protocol.context import Context
from oauthprov.records import AccessToken, Client, RefreshToken


def may_know(asker: Client, owner: Client, token: AccessToken | RefreshToken) -> bool:
    """Tell whether ``asker`` may introspect a token that ``owner`` was issued (section 4).

    Its own tokens, always. Access tokens of others, when the operator marked the asker
    ``first_party`` (how the resource servers of the operator ask), or when both clients were
    registered by the same person. Refresh tokens of others, never: no resource is shown one.
    """
    if asker.client_id == owner.client_id:
        return True
    if isinstance(token, RefreshToken):
        return False
    return asker.first_party or (asker.owner is not None and asker.owner == owner.owner)


def describe(context: Context, raw: str) -> dict[str, int | str | list[str]] | None:
    """Return the members of a live token, None for any other (section 2.2).

    None too, to a client that isn't confidential or may not know: it learns nothing.
    """
    asker = context.client
    if asker is None or not is_confidential(asker):
        return None
    stored = tokens.find(context, raw)
    if stored is None or not tokens.is_live(context, stored):
        return None
    token = stored.record
    owner = context.find_client(token.client_id)
    if owner is None or not may_know(asker, owner, token):
        return None
    if isinstance(token, AccessToken):
        account_id = token.account_id
    else:
        account_id = stored.grant.record.account_id if stored.grant else None
    members: dict[str, int | str | list[str]] = {
        "scope": " ".join(token.scopes),
        "client_id": token.client_id,
        "sub": _subject(context, asker, owner, account_id) if account_id else token.client_id,
        "iss": context.settings.issuer,
        "iat": token.issued_at,
        "exp": token.expires_at,
    }
    if isinstance(token, AccessToken):
        members |= {"token_type": "Bearer"}
    if token.resources:
        members["aud"] = list(token.resources)
    return members


def _subject(context: Context, asker: Client, owner: Client, account_id: str) -> str:
    """Return what a token says of a person to ``asker``: what ``owner`` calls them, if pairwise.

    A resource server that is shown tokens of several sectors so can't tell that they are of one
    person; nor can a developer by asking with a public client of theirs. To join them in-process
    is up to the operator, who has the account itself. An asker that is pairwise alone gets a
    subject of its own, not the one that all public clients know.
    """
    named_to = owner if owner.subject_type == subjects.PAIRWISE else asker
    return subjects.subject(context.settings, named_to, account_id)
