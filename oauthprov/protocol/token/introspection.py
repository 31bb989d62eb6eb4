"""Token introspection: what a token is, told to those who may ask (RFC 7662)."""

from __future__ import annotations

from oauthprov.protocol.clients import sectors, subjects
from oauthprov.protocol.clients.types import is_confidential
from oauthprov.protocol.request import events
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.events import Reason
from oauthprov.protocol.token import tokens
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


def describe(context: Context, asker: Client, raw: str) -> dict[str, int | str | list[str]] | None:
    """Return the members of a live token, None for any other (section 2.2).

    None too, to a client that isn't confidential or may not know: it learns nothing.
    """
    if not is_confidential(asker):
        context.note(Reason.INTROSPECTION_NOT_ALLOWED)
        return None
    stored = tokens.find(context, raw)
    if stored is None or not tokens.is_live(context, stored):
        return None
    token = stored.record
    owner = context.find_client(token.client_id)
    if owner is None or not may_know(asker, owner, token):
        compared = events.issued_to(token.client_id)
        context.note(Reason.INTROSPECTION_NOT_ALLOWED, grant_id=token.grant_id, compared=compared)
        return None
    if isinstance(token, AccessToken):
        account_id = token.account_id
    else:
        account_id = stored.grant.record.account_id if stored.grant else None
    members: dict[str, int | str | list[str]] = {
        "scope": " ".join(token.scopes),
        "client_id": token.client_id,
        "iss": context.settings.issuer,
        "iat": token.issued_at,
        "exp": token.expires_at,
    }
    sub = _subject(context, asker, owner, account_id) if account_id else token.client_id
    if sub is not None:
        members["sub"] = sub
    if isinstance(token, AccessToken):
        members |= {"token_type": "Bearer"}
    if token.resources:
        members["aud"] = list(token.resources)
    return members


def _subject(context: Context, asker: Client, owner: Client, account_id: str) -> str | None:
    """Return what ``asker`` is told of the person behind a token, None for nothing.

    ``sub`` is optional (RFC 7662 section 2.2), and where one of the two clients is pairwise it
    could tell the asker what a person is called where the asker has no business (OpenID Connect
    Core section 8.1):

    * A client learns of its own tokens what their ID tokens say.
    * A ``first_party`` asker, a resource server of the operator, learns the pairwise subject that
      the owner knows, or what it itself calls the person where the owner is a public client.
    * Any other asker learns the pairwise subject of an owner whose sector it shares, if documents
      of that sector show so for both. That their redirect URIs have the same host shows nothing:
      anybody can register those of another site.
    * A pairwise asker learns no subject of its own by the token of a public client, whatever its
      document says. With the redirect URIs of another site, which its document lists, the asker
      is in the sector of that site, and would learn what people are called there.
    """
    if owner.subject_type == subjects.PAIRWISE:
        told = asker.client_id == owner.client_id or asker.first_party
        told = told or sectors.share_documented(asker, owner)
        return subjects.subject(context.settings, owner, account_id) if told else None
    if asker.subject_type == subjects.PAIRWISE and not asker.first_party:
        return None
    return subjects.subject(context.settings, asker, account_id)
