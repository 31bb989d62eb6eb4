"""The keys of a client, its signature algorithms, and which of its requests count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from oauthprov.errors import JoseError
from oauthprov.messages import N_
from oauthprov.protocol.clients.members.member import Datatype, Group, Member, to_confidential
from oauthprov.protocol.clients.members.rule import as_given, fetchable, stripped
from oauthprov.protocol.clients.types import ClientType
from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.settings import Settings

REQUEST_URIS_LIMIT = 50
REQUEST_URI_LENGTH = 512
"""Characters of a ``request_uri``, at most (OpenID Connect Core section 6.2)."""


def _jwks_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = stripped(given)
    return None if uri is None else fetchable(uri)


def _jwks(
    given: Mapping[str, Any] | str | None, kind: ClientType, settings: Settings
) -> str | None:
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    made = given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))
    try:
        keys = parse_key_set(made).keys
    except JoseError as wrong:
        raise ValueError(N_("It can't be used: ${reason}.", reason=wrong.reason)) from None
    document = json.loads(made)
    if any("k" in key for key in document["keys"]):
        # It would be stored and shown; in a fetched set a secret key is only ignored.
        raise ValueError(N_("It can't be used: the key set shows a secret key."))
    usable = settings.client_algorithms
    if keys and all(set(key.algorithms).isdisjoint(usable) for key in keys):
        reason = f"no key of the set is for one of {', '.join(usable)}"
        raise ValueError(N_("It can't be used: ${reason}.", reason=reason))
    return json.dumps(document, separators=(",", ":"))


def _algorithm(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    if not given:
        return None
    if given not in settings.client_algorithms:
        raise ValueError(N_("Choose one of ${some}.", some=", ".join(settings.client_algorithms)))
    return given


def _request_uris(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    uris = tuple(dict.fromkeys(given))
    if uris and not kind.redirects:
        raise ValueError(N_("Such a client sends nobody here, so it has no request objects."))
    if len(uris) > REQUEST_URIS_LIMIT:
        raise ValueError(N_("Give at most ${n} request URIs.", n=REQUEST_URIS_LIMIT))
    for uri in uris:
        if len(uri) > REQUEST_URI_LENGTH:
            raise ValueError(
                N_("A request URI has at most ${n} characters.", n=REQUEST_URI_LENGTH)
            )
        fetchable(uri)
    return uris


def _must_push(given: bool, kind: ClientType, settings: Settings) -> bool:
    if given and not kind.redirects:
        raise ValueError(N_("Such a client sends nobody here, so it has no requests to push."))
    if given and settings.par == "off":
        raise ValueError(N_("This server accepts no pushed requests."))
    return given


def _to_pushing(kind: ClientType, settings: Settings) -> bool:
    return kind.redirects and settings.par != "off"


MEMBERS: Sequence[Member] = (
    Member(
        "jwks_uri",
        Datatype.URI,
        _jwks_uri,
        "where it publishes its public keys",
        trusted=True,
        label=N_("Address of its public keys"),
        hint=N_("Where the app publishes its public keys, so that it can change them."),
        group=Group.AUTHENTICATION,
        example="https://photos.example/jwks.json",
        offered=to_confidential,
    ),
    Member(
        "jwks",
        Datatype.KEY_SET,
        _jwks,
        "its public keys themselves, a JWK Set",
        trusted=True,
        label=N_("Its public keys"),
        hint=N_("Or the keys themselves, as a JWK Set. Never paste a private key."),
        group=Group.AUTHENTICATION,
        example='{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "..."}]}',
        offered=to_confidential,
    ),
    Member(
        "token_endpoint_auth_signing_alg",
        Datatype.TEXT,
        _algorithm,
        "the only algorithm with which it signs its client assertions",
        metavar="ALG",
    ),
    Member(
        "request_uris",
        Datatype.URIS,
        _request_uris,
        "where its request objects are (RFC 9101)",
    ),
    Member(
        "request_object_signing_alg",
        Datatype.TEXT,
        _algorithm,
        "the only algorithm with which it signs request objects",
        metavar="ALG",
    ),
    Member(
        "require_signed_request_object",
        Datatype.FLAG,
        as_given,
        "authorization requests count only if they are signed (RFC 9101)",
    ),
    Member(
        "require_pushed_authorization_requests",
        Datatype.FLAG,
        _must_push,
        "authorization requests count only if they were pushed (RFC 9126)",
        label=N_("Pushed requests only"),
        hint=N_("The app sends its authorization requests from its server, and no others count."),
        group=Group.AUTHENTICATION,
        offered=_to_pushing,
    ),
)
