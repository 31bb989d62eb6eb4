"""Token introspection: the state of a token, for clients that may know it (RFC 7662)."""

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

    Its own tokens, always. Other clients' access tokens, if the operator marked the asker
    ``first_party`` (as for the operator's resource servers), or if the same user registered both
    clients. Other clients' refresh tokens, never: no resource server receives one.
    """
    if asker.client_id == owner.client_id:
        return True
    if isinstance(token, RefreshToken):
        return False
    return asker.first_party or (asker.owner is not None and asker.owner == owner.owner)


def describe(context: Context, asker: Client, raw: str) -> dict[str, int | str | list[str]] | None:
    """Return the members of a live token, None for any other (section 2.2).

    Also None for a client that isn't confidential or may not introspect the token: it learns
    nothing.
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
    """Return the ``sub`` of a token's user for ``asker``, None for none.

    ``sub`` is optional (RFC 7662 section 2.2), and if one of the two clients is pairwise it could
    reveal to the asker the user's identifier at an unrelated site (OpenID Connect Core section
    8.1):

    * For its own tokens a client gets the ``sub`` of their ID tokens.
    * A ``first_party`` asker, a resource server of the operator, gets the pairwise subject that
      the owner gets, or its own subject for the user if the owner's subjects are public.
    * Any other asker gets the pairwise subject of an owner whose sector it shares, if documents of
      that sector list both. Redirect URIs with the same host prove nothing: anybody can register
      those of another site.
    * A pairwise asker gets no subject for the token of a client with public subjects, whatever its
      document says. A client that registers another site's redirect URIs, which that site's
      document lists, is in that site's sector, and would learn the users' identifiers there.
    """
    if owner.subject_type == subjects.PAIRWISE:
        told = asker.client_id == owner.client_id or asker.first_party
        told = told or sectors.share_documented(asker, owner)
        return subjects.subject(context.settings, owner, account_id) if told else None
    if asker.subject_type == subjects.PAIRWISE and not asker.first_party:
        return None
    return subjects.subject(context.settings, asker, account_id)
