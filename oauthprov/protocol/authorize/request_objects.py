"""Signed authorization requests (RFC 9101, OpenID Connect Core section 6).

They are resolved before any other check of a request, which goes on as plain parameters. The same
rules serve both specifications:

* ``client_id`` must be outside the object, since the client's keys verify the object. No other
  parameter needs to be there (RFC 9101 section 5).
* ``client_id``, ``response_type`` and whether the scope ``openid`` is requested must be the same
  inside and outside, if they are in both (Core 6.1). They decide whose request this is, what is
  returned, and which specification applies, so a disagreement is an error.
* Any other parameter inside the object overrides the one outside, and one that is only outside
  counts as well (Core 6.1). For a client with ``require_signed_request_object`` only those inside
  count (RFC 9101 section 6.3).

Under FAPI 2.0 Message Signing (section 5.3.1) every client must sign, and an object names this
server, and when it begins and ceases to be valid, an hour apart at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    OAuth2Error,
    TemporarilyUnavailableError,
)
from oauthlib.openid.connect.core.exceptions import InvalidRequestObject

from oauthprov.errors import FetchBusy, JoseError
from oauthprov.events import Reason
from oauthprov.messages import N_
from oauthprov.protocol.authorize.checks import CARRIERS, PARAMETERS
from oauthprov.protocol.authorize.request_uris import RequestURIs
from oauthprov.protocol.clients.demands import must_sign_requests
from oauthprov.protocol.request import params
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.params import Pairs, Parsed
from oauthprov.records import Client
from oauthprov.settings import OPENID

TYPES = (None, "JWT", "oauth-authz-req+jwt")
_LIFETIME = 3600
"""Seconds from ``nbf`` to ``exp``, and from ``nbf`` to now, at most, under Message Signing."""
_INSIDE = PARAMETERS.difference(CARRIERS, {"client_id"})


def resolve(context: Context, uris: RequestURIs, parsed: Parsed) -> Parsed:
    """Return the effective parameters, without ``request`` and ``request_uri``.

    If the object can't be used, ``refused`` is the error, and the parameters are those for the
    error response: they include those inside the object once its signature is verified. Repeated
    parameters and unknown clients are left to the checks that follow.
    """
    client_id = parsed.get("client_id")
    if client_id is None or parsed.repeated:
        return parsed
    client = context.find_client(client_id)
    if client is None:
        return parsed
    outside = Parsed(tuple([pair for pair in parsed.pairs if pair[0] not in CARRIERS]))
    best = outside
    try:
        claims = _claims_unless_busy(context, uris, client, parsed)
        if claims is None:
            return parsed
        only = must_sign_requests(context.settings, client)
        best = Parsed(_merged(client, outside.pairs, tuple(_pairs(claims)), only=only))
        _check_claims(context.settings.issuer, client.client_id, claims)
        if context.settings.message_signing:
            _check_lifetime(claims, context.now)
        _check_agreement(outside, best)
    except OAuth2Error as refused:
        reason = str(refused.__cause__ or refused.description)
        context.note(Reason.REQUEST_OBJECT_REFUSED, client_id=client.client_id, compared=reason)
        return replace(best, refused=refused)
    return best


def _claims_unless_busy(
    context: Context, uris: RequestURIs, client: Client, parsed: Parsed
) -> Mapping[str, Any] | None:
    try:
        return _claims(context, uris, client, parsed)
    except FetchBusy as busy:
        raise TemporarilyUnavailableError(N_("Please try again."), status_code=503) from busy


def _claims(
    context: Context, uris: RequestURIs, client: Client, parsed: Parsed
) -> Mapping[str, Any] | None:
    """Return the parameters that the client has signed, None when there is no object."""
    token, request_uri = parsed.get("request"), parsed.get("request_uri")
    if token is None and request_uri is None:
        if must_sign_requests(context.settings, client):
            raise InvalidRequestError(N_("This client must send a signed request object."))
        return None
    if request_uri is not None:
        if token is not None:
            raise InvalidRequestError(N_("There may be a request or a request_uri, not both."))
        token = uris.get(client, request_uri)
    registered = client.request_object_signing_alg
    try:
        return context.client_keys.verify(
            client,
            token or "",
            algorithms=[a for a in context.settings.client_algorithms if registered in (None, a)],
            types=TYPES,
            now=context.now,
            required=(),
        ).claims
    except JoseError as error:
        raise InvalidRequestObject(N_("The request object can't be verified.")) from error


def _pairs(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the parameters as in a query, without empty values (RFC 9101 section 4)."""
    for name in sorted(_INSIDE.intersection(claims)):
        given = claims[name]
        for value in given if name == "resource" and isinstance(given, list) else [given]:
            text = _text(name, value)
            if text is None or "\0" in text or params.too_long(name, text):
                raise InvalidRequestObject(
                    N_("The ${name} in the request object can't be read.", name=name)
                )
            if text:
                yield name, text


def _text(name: str, value: object) -> str | None:
    if isinstance(value, str):
        return value
    if name == "max_age" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if name == "claims" and isinstance(value, dict):
        return json.dumps(value)
    return None


def _merged(client: Client, outside: Pairs, inside: Pairs, *, only: bool) -> Pairs:
    """Return the parameters inside an object, and those outside unless they count ``only``."""
    if only:
        return (*inside, ("client_id", client.client_id))
    signed = {name for name, _ in inside}
    return (*inside, *(pair for pair in outside if pair[0] not in signed))


def _check_claims(issuer: str, client_id: str, claims: Mapping[str, Any]) -> None:
    """Check the issuer and the audience, if they are given. Raises InvalidRequestObject."""
    if (
        claims.get("client_id", client_id) != client_id
        or claims.get("iss", client_id) != client_id
    ):
        raise InvalidRequestObject(N_("The request object is of another client."))
    audience = claims.get("aud", issuer)
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidRequestObject(N_("The request object is for another server."))
    # Otherwise a client assertion could pass as a request object, and an object as an assertion
    # (RFC 9101 section 10.8).
    if claims.get("sub") == client_id:
        raise InvalidRequestObject(N_("The sub of a request object may not be the client."))
    if not claims.keys().isdisjoint(CARRIERS):
        raise InvalidRequestObject(N_("A request object may not hold another one."))


def _check_lifetime(claims: Mapping[str, Any], now: int) -> None:
    """Check that the object is for this server and of short life. Raises InvalidRequestObject.

    Its times are numbers, and hold now.
    """
    for name in ("aud", "exp", "nbf"):
        if name not in claims:
            raise InvalidRequestObject(N_("The request object lacks ${name}.", name=name))
    if claims["nbf"] < now - _LIFETIME or claims["exp"] > claims["nbf"] + _LIFETIME:
        raise InvalidRequestObject(N_("The request object may be valid for an hour at most."))


def _check_agreement(outside: Parsed, merged: Parsed) -> None:
    """Check the parameters that must agree inside and outside. Raises InvalidRequestObject."""
    if outside.get("response_type") not in (None, merged.get("response_type")):
        raise InvalidRequestObject(N_("The response_type in the request object is another."))
    if outside.get("scope") is not None and _is_openid(outside) != _is_openid(merged):
        raise InvalidRequestObject(
            N_("The scope openid is only in the request object, or only outside of it.")
        )


def _is_openid(parsed: Parsed) -> bool:
    return OPENID in (parsed.get("scope") or "").split(" ")
