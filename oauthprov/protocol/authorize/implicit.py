"""ID tokens straight from the authorization endpoint (OpenID Connect Core section 3.2).

Off by default: ``oauthprov.openid.implicit`` is for certification. An access token that comes this
way passes through the browser's history, and nothing proves who takes it.
"""

from __future__ import annotations

from oauthlib.openid.connect.core.exceptions import LoginRequired

from oauthprov import credentials
from oauthprov.accounts import SignedIn
from oauthprov.protocol.request.authentication_request import AuthenticationRequest
from oauthprov.protocol.request.context import Context, required
from oauthprov.protocol.request.params import Pairs
from oauthprov.protocol.token import ended, id_tokens, tokens
from oauthprov.records import Grant
from oauthprov.storage.interface import Add, Change, Revoke


def issue(
    context: Context, asked: AuthenticationRequest, person: SignedIn, scopes: tuple[str, ...]
) -> Pairs:
    """Store a grant, and an access token if one is asked for; return the parameters.

    What the context collected is committed before them. Without an access token there is no
    UserInfo, so the claims of the scopes are in the ID token (section 5.4). Raises Conflict, and
    LoginRequired when the session has ended meanwhile.
    """
    grant = _grant(context, asked, person, scopes)
    changes: list[Change] = [*context.changes, Add(grant)]
    said: dict[str, object] = {}
    if "token" in asked.response_type:
        access, record = tokens.access_token(context, grant, scopes)
        changes.append(Add(record))
        said = tokens.response(access, record)
        said = id_tokens.with_id_token(context, grant, scopes, said, asked.nonce)
    else:
        said["id_token"] = id_tokens.signed(context, grant, nonce=asked.nonce, scopes=scopes)
    context.commit(*changes)
    # There is no code that could be judged later: so this looks once more, now that it is found.
    if ended.what_ended(context, grant) is not None:
        context.commit(Revoke(grant.grant_id))
        raise LoginRequired()
    return tuple((name, str(value)) for name, value in said.items())


def _grant(
    context: Context, asked: AuthenticationRequest, person: SignedIn, scopes: tuple[str, ...]
) -> Grant:
    client_id = required(context.client).client_id
    return Grant(
        grant_id=credentials.mint_id(),
        client_id=client_id,
        account_id=person.account_id,
        scopes=scopes,
        resources=context.resources,
        created_at=context.now,
        last_used_at=context.now,
        expires_at=ended.grant_ends_at(context, scopes, person.session_ends_at, refreshable=False),
        session_key=ended.session_key(person.account_id, person.sid) if person.sid else None,
        auth_time=person.auth_time,
        amr=person.amr,
        acr=person.acr,
        claims=asked.claims.dump(),
        sid=id_tokens.sid(person.sid, client_id) if person.sid else None,
        account_epoch=person.epoch,
        consent_epoch=context.consent_epoch,
    )
