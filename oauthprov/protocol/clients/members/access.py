"""The members about what a client may do: its grants, scopes and authentication."""

from __future__ import annotations

from collections.abc import Sequence

from oauthprov.messages import N_
from oauthprov.protocol.clients.grant_types import GRANT_TYPES, response_types
from oauthprov.protocol.clients.members.member import (
    Datatype,
    Group,
    Member,
    SetBy,
    to_token_holders,
)
from oauthprov.protocol.clients.members.rule import as_given, distinct
from oauthprov.protocol.clients.methods import ANY_SECRET, CONFIDENTIAL, METHODS
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings

ALL_TOKENS = "*"
"""What a client introspects that may introspect the access tokens of every client."""
PKCE_REQUIRED, PKCE_OPTIONAL = "required", "optional"
PKCE_AND_NONCE_OPTIONAL = "optional-without-nonce"


def _grant_types(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    if not kind.gets_tokens:
        if given:
            raise ValueError(N_("An API gets no tokens, so it has no grant types and no scopes."))
        return ()
    known = kind.may_have(settings)
    alone = any(GRANT_TYPES[name].begins for name in known if name in given)
    if not alone or not set(given).issubset(known):
        raise ValueError(
            N_("A ${type} client has ${some}.", type=kind.name, some=" and perhaps ".join(known))
        )
    return tuple(name for name in known if name in given)


def _response_types(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    known = response_types(kind.may_have(settings))
    wanted = [" ".join(sorted(words.split())) for words in given]
    if not set(wanted).issubset(known):
        raise ValueError(
            N_(
                "A ${type} client may have ${some}.",
                type=kind.name,
                some=", ".join(known) or "none",
            )
        )
    return tuple(name for name in known if name in wanted)


def _scopes(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    chosen = set(given)
    if chosen and not kind.gets_tokens:
        raise ValueError(N_("An API gets no tokens, so it has no grant types and no scopes."))
    declared = [scope.name for scope in settings.scopes]
    unknown = chosen.difference(declared)
    if unknown:
        raise ValueError(
            N_("This server has no such scope: ${scope}.", scope=" ".join(sorted(unknown)))
        )
    if declared and not chosen and kind.has_users:
        raise ValueError(N_("Choose at least one scope."))
    return tuple(name for name in declared if name in chosen)


def _default_scopes(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


def _introspects(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    resources = distinct(given)
    if resources and not kind.confidential:
        raise ValueError(N_("Only a client that keeps a secret or a key may introspect tokens."))
    declared = {uri: settings.declared_resource(uri) for uri in resources if uri != ALL_TOKENS}
    unknown = [uri for uri, known in declared.items() if known is None]
    if unknown:
        raise ValueError(
            N_("This server has no such resource: ${resource}.", resource=" ".join(unknown))
        )
    if ALL_TOKENS in resources:
        return (ALL_TOKENS,)
    return distinct([uri for uri in declared.values() if uri is not None])


def _auth_method(given: str, kind: ClientType, settings: Settings) -> str:
    offered = kind.offered_methods(settings)
    if given not in offered:
        raise ValueError(N_("Choose one of ${some}.", some=", ".join(offered)))
    return given


def _pkce(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    if not given or given == PKCE_REQUIRED:
        return None
    if given not in (PKCE_OPTIONAL, PKCE_AND_NONCE_OPTIONAL):
        choices = PKCE_REQUIRED, PKCE_OPTIONAL, PKCE_AND_NONCE_OPTIONAL
        raise ValueError(N_("Choose one of ${some}.", some=", ".join(choices)))
    if not (kind.confidential and kind.redirects):
        raise ValueError(
            N_("Only a client that users sign in to and that has a secret may omit it.")
        )
    return given


def _dpop_bound(given: bool, kind: ClientType, settings: Settings) -> bool:
    if given and settings.dpop == "off":
        raise ValueError(N_("This server doesn't bind tokens to keys."))
    return given


def _to_provers(kind: ClientType, settings: Settings) -> bool:
    return kind.gets_tokens and settings.dpop != "off"


MEMBERS: Sequence[Member] = (
    Member(
        "scopes",
        Datatype.SCOPES,
        _scopes,
        "what it may request",
        wire="scope",
        trusted=True,
        label=N_("Scopes"),
        hint=N_("What the app may request."),
        offered=to_token_holders,
    ),
    Member(
        "default_scopes",
        Datatype.SCOPES,
        _default_scopes,
        "what it gets when it requests no scope; without any, a machine gets all its scopes",
        set_by=SetBy.OWNER,
        label=N_("Default scopes"),
        hint=N_(
            "What the app gets when it requests no scope. A machine gets all its scopes if none is"
            " chosen here."
        ),
        group=Group.TOKENS,
        offered=to_token_holders,
    ),
    Member(
        "grant_types",
        Datatype.TEXTS,
        _grant_types,
        "of those of its type",
        trusted=True,
        metavar="GRANT_TYPE",
    ),
    Member(
        "response_types",
        Datatype.TEXTS,
        _response_types,
        "of those that go with its grant types; without any, all of them",
        metavar="RESPONSE_TYPE",
    ),
    Member(
        "auth_method",
        Datatype.TEXT,
        _auth_method,
        f"how it authenticates: {ANY_SECRET} (in the header or in the form), which is the default,"
        f" or only one of {', '.join(name for name in CONFIDENTIAL if name != ANY_SECRET)}",
        wire="token_endpoint_auth_method",
        trusted=True,
        label=N_("Client authentication"),
        hint=N_("How the app proves who it is."),
        group=Group.AUTHENTICATION,
        choices=ClientType.offered_methods,
        words={name: METHODS[name].words for name in CONFIDENTIAL},
        metavar="METHOD",
    ),
    Member(
        "first_party",
        Datatype.FLAG,
        as_given,
        "it is ours: nobody is asked for consent; ends when others change it",
        set_by=SetBy.OPERATOR,
    ),
    Member(
        "introspects",
        Datatype.TEXTS,
        _introspects,
        "a resource whose tokens it may introspect, * for all; ends when others change the client",
        set_by=SetBy.OPERATOR,
        metavar="RESOURCE",
        verb=True,
    ),
    Member(
        "pkce",
        Datatype.TEXT,
        _pkce,
        "required, or for OpenID clients that can't send a challenge: optional, which needs a"
        f" nonce, or {PKCE_AND_NONCE_OPTIONAL}; both are less safe",
        set_by=SetBy.OPERATOR,
        openid=True,
        metavar="PKCE",
    ),
    Member(
        "dpop_bound_access_tokens",
        Datatype.FLAG,
        _dpop_bound,
        "it gets no token without a proof of its key (DPoP, RFC 9449)",
        label=N_("Bound tokens"),
        hint=N_(
            "The app always proves that it holds a key (DPoP): a stolen token is worth nothing."
        ),
        group=Group.TOKENS,
        offered=_to_provers,
    ),
    Member(
        "verified",
        Datatype.FLAG,
        as_given,
        "it is who it says it is; ends when its name, logo or addresses change",
        set_by=SetBy.OPERATOR,
    ),
)
