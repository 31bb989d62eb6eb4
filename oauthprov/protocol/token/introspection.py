"""Token introspection: the state of a token, for clients that may know it (RFC 7662)."""

from __future__ import annotations

from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauthprov.events import Reason
from oauthprov.protected_resource import bindings
from oauthprov.protocol.clients import sectors, subjects
from oauthprov.protocol.clients.members.access import ALL_TOKENS
from oauthprov.protocol.clients.methods import is_confidential
from oauthprov.protocol.request import refusals, resources
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.token import tokens
from oauthprov.records import AccessToken, Client, Grant, RefreshToken
from oauthprov.settings import Settings
from oauthprov.storage.interface import Stored

Described = dict[str, int | str | list[str] | dict[str, str]]
"""The members of an introspection response."""


def may_know(
    settings: Settings, asker: Client, owner: Client, token: AccessToken | RefreshToken
) -> tuple[str, ...] | None:
    """Return the scopes of a token that ``asker`` may know, None if it may not introspect it.

    ``owner`` is the client that the token was issued to (section 4):

    * Its own tokens, always.
    * Other clients' refresh tokens, never: no resource server receives one.
    * Other clients' access tokens, if the same user registered both clients.
    * Access tokens that the operator lets it introspect: see :func:`entitled`.
    """
    if asker.client_id == owner.client_id:
        return token.scopes
    if isinstance(token, RefreshToken):
        return None
    if asker.owner is not None and asker.owner == owner.owner:
        return token.scopes
    return entitled(settings, asker, token)


def entitled(settings: Settings, asker: Client, token: AccessToken) -> tuple[str, ...] | None:
    """Return the scopes that the operator lets ``asker`` know of a token, None for no right.

    ``introspects`` has the resources of a resource server. It may know a token for one of them,
    and learns the scopes that apply there and no others (section 2.2). A token for no resource is
    valid at every one: it may know such a token as if that had been issued for its resources. An
    unbound token isn't valid at a resource that accepts only bound ones.
    """
    if ALL_TOKENS in asker.introspects:
        return token.scopes
    named = {settings.declared_resource(uri) for uri in asker.introspects}
    if token.confirmation is None:
        named -= settings.bound_resources
    theirs = tuple(uri for uri in named if uri and (not token.resources or uri in token.resources))
    if not theirs:
        return None
    try:
        return resources.scopes_for(settings, token.scopes, theirs)
    except InvalidScopeError:
        return None


def describe(context: Context, asker: Client, raw: str) -> Described | None:
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
    scopes = None if owner is None else may_know(context.settings, asker, owner, token)
    if owner is None or scopes is None:
        compared = refusals.issued_to(token.client_id)
        context.note(Reason.INTROSPECTION_NOT_ALLOWED, grant_id=token.grant_id, compared=compared)
        return None
    account_id = stored.grant.record.account_id if stored.grant else None
    members: Described = {
        "scope": " ".join(scopes),
        "client_id": token.client_id,
        "iss": context.settings.issuer,
        "iat": token.issued_at,
        "exp": token.expires_at,
    }
    sub = _subject(context, asker, owner, token, account_id) if account_id else token.client_id
    if sub is not None:
        members["sub"] = sub
    if isinstance(token, AccessToken):
        members["token_type"] = bindings.token_type(token.confirmation)
        members |= _authentication(stored.grant)
    if token.confirmation is not None:
        members["cnf"] = bindings.cnf(token.confirmation)
    if token.resources:
        members["aud"] = list(token.resources)
    return members


def _authentication(grant: Stored[Grant] | None) -> Described:
    """Return ``acr`` and ``auth_time`` of the user's sign-in (RFC 9470 section 6.2).

    A refresh doesn't change them.
    """
    if grant is None:
        return {}
    known = {"acr": grant.record.acr, "auth_time": grant.record.auth_time}
    return {name: value for name, value in known.items() if value is not None}


def _subject(
    context: Context,
    asker: Client,
    owner: Client,
    token: AccessToken | RefreshToken,
    account_id: str,
) -> str | None:
    """Return the ``sub`` of a token's user for ``asker``, None for none.

    ``sub`` is optional (RFC 7662 section 2.2), and if one of the two clients is pairwise it could
    reveal to the asker the user's identifier at an unrelated site (OpenID Connect Core section
    8.1):

    * For its own tokens a client gets the ``sub`` of their ID tokens.
    * A resource server that the operator lets introspect the token gets the pairwise subject that
      the owner gets, or its own subject for the user if the owner's subjects are public.
    * Any other asker gets the pairwise subject of an owner whose sector it shares, if documents of
      that sector list both. Redirect URIs with the same host prove nothing: anybody can register
      those of another site.
    * A pairwise asker gets no subject for the token of a client with public subjects, whatever its
      document says. A client that registers another site's redirect URIs, which that site's
      document lists, is in that site's sector, and would learn the users' identifiers there.
    """
    trusted = asker.client_id == owner.client_id or (
        isinstance(token, AccessToken) and entitled(context.settings, asker, token) is not None
    )
    if owner.subject_type == subjects.PAIRWISE:
        told = trusted or sectors.share_documented(asker, owner)
        return subjects.subject(context.settings, owner, account_id) if told else None
    if asker.subject_type == subjects.PAIRWISE and not trusted:
        return None
    return subjects.subject(context.settings, asker, account_id)
