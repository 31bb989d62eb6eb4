"""Client authentication: exactly one method, the registered one (RFC 6749 section 2.3)."""

from __future__ import annotations

import base64
import binascii
import re

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    TemporarilyUnavailableError,
)

from oauthprov import credentials
from oauthprov.errors import FetchBusy, JoseError
from oauthprov.events import Reason
from oauthprov.protocol.clients.types import KEY_METHOD, SECRET_METHODS, accepted_methods
from oauthprov.protocol.request import params
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.protocol.request.proofs import Proof
from oauthprov.protocol.token import client_assertions
from oauthprov.records import Client
from oauthprov.storage.interface import Add

Why = tuple[Reason, str | None]
"""Why a client isn't authenticated, and the values that were compared."""

_FAILED = "Client authentication failed."
_SEND = {
    "client_secret_basic": (
        "The client is registered for client_secret_basic: "
        "it must send its secret in the Authorization header."
    ),
    "client_secret_post": (
        "The client is registered for client_secret_post: "
        "it must send client_id and client_secret in the request body."
    ),
}
_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+=*)", re.IGNORECASE)


class WrongMethodError(InvalidClientError):
    """The client sent its secret by a method that it isn't registered for.

    Only who knows the secret gets this description, which names the registered method.
    """


def presented(
    authorization: str | None,
    client_id: str | None,
    secret: str | None,
    *,
    assertion_type: str | None = None,
    assertion: str | None = None,
) -> Presented:
    """Read the credentials of a request: the header, and the parameters of the form.

    Raises InvalidRequestError for more than one method or two client ids, InvalidClientError for
    missing credentials and for a header or an assertion that can't be read.
    """
    asserts = assertion is not None or assertion_type is not None
    if [authorization is not None, secret is not None, asserts].count(True) > 1:
        raise InvalidRequestError("More than one client authentication method.")
    if asserts:
        return _asserted(client_id, assertion_type, assertion)
    if authorization is not None:
        found = _basic(authorization)
        if client_id is not None and client_id != found.client_id:
            raise InvalidRequestError("The client_id isn't that of the authenticated client.")
        return found
    if client_id is None:
        raise InvalidClientError(_FAILED)
    if secret is None:
        return Presented("none", client_id)
    return Presented("client_secret_post", client_id, secret)


def presented_by(context: Context, request: Request) -> Presented:
    """Read the credentials of an oauthlib request, once; see :func:`presented`."""
    if context.presented is not None:
        return context.presented
    try:
        context.presented = presented(
            request.headers.get("authorization"),
            request.client_id,
            request.client_secret,
            assertion_type=getattr(request, "client_assertion_type", None),
            assertion=getattr(request, "client_assertion", None),
        )
    except InvalidClientError as refused:
        why = refused.__cause__
        if isinstance(why, JoseError):
            _note(context, (Reason.CLIENT_ASSERTION_REFUSED, why.reason), request.client_id)
        else:
            _note(context, (Reason.CLIENT_UNIDENTIFIED, None), request.client_id)
        raise
    return context.presented


def _asserted(
    client_id: str | None, assertion_type: str | None, assertion: str | None
) -> Presented:
    if assertion_type is None or assertion is None:
        raise InvalidRequestError(
            "client_assertion and client_assertion_type must be sent together."
        )
    try:
        if assertion_type != client_assertions.TYPE:
            raise JoseError("the client_assertion_type isn't supported")
        about = client_assertions.subject(assertion)
        if client_id is not None and client_id != about:
            raise JoseError("the client_assertion and client_id name different clients")
    except JoseError as wrong:
        raise InvalidClientError(_FAILED) from wrong
    return Presented(KEY_METHOD, about, assertion)


def _basic(authorization: str) -> Presented:
    match = _BASIC.fullmatch(authorization.strip())
    try:
        raw = base64.b64decode(match[1], validate=True) if match else b""
        user, colon, password = raw.partition(b":")
        # RFC 6749 section 2.3.1: both parts are form-encoded before Basic joins them.
        client_id, secret = params.decoded(user), params.decoded(password)
    except (binascii.Error, InvalidRequestError):
        colon = b""
    if not colon or not client_id:
        raise InvalidClientError(_FAILED)
    return Presented("client_secret_basic", client_id, secret)


def authenticate(context: Context, request: Request) -> Client | None:
    """Return the client that ``request`` authenticates, None when authentication fails.

    A public client proves nothing; it is returned if it is registered without a secret. After a
    failure the client is read again once, since another process may have changed its secret or its
    keys. An assertion authenticates the client only once it is used up: see :class:`Context`.
    Raises WrongMethodError.
    """
    if context.client is not None:
        return context.client
    found = presented_by(context, request)
    client = context.find_client(found.client_id)
    refused = _refused(context, client, found)
    if refused is not None:
        client = context.clients.reread(found.client_id)
        refused = refused if client is None else _refused(context, client, found)
    if client is None or refused is not None:
        _note(context, refused or (Reason.CLIENT_UNKNOWN, None), found.client_id)
        latest = client or context.find_client(found.client_id)
        if latest and latest.auth_method in _SEND and _has_right_secret(latest, found):
            raise WrongMethodError(_SEND[latest.auth_method])
        return None
    context.client = client
    return client


def _refused(context: Context, client: Client | None, found: Presented) -> Why | None:
    """Return why ``found`` doesn't authenticate the client, None when it does."""
    if client is None:
        return Reason.CLIENT_UNKNOWN, None
    if found.method not in accepted_methods(client):
        compared = f"authenticated by {found.method}, registered for {client.auth_method}"
        return Reason.CLIENT_METHOD_MISMATCH, compared
    if found.method == "none":
        return None
    if found.method == KEY_METHOD:
        return _assertion_refused(context, client, found.proof)
    return None if _has_right_secret(client, found) else (Reason.CLIENT_SECRET_WRONG, None)


def _has_right_secret(client: Client, found: Presented) -> bool:
    if found.method not in SECRET_METHODS:
        return False
    return any([credentials.matches(found.proof, secret) for secret in client.secrets])


def _assertion_refused(context: Context, client: Client, assertion: str) -> Why | None:
    """Return why ``assertion`` doesn't authenticate the client, None when it does.

    Raises TemporarilyUnavailableError when too many fetches are waiting to fetch the client's
    keys.
    """
    try:
        mark = client_assertions.verify(context, client, assertion)
    except FetchBusy as busy:
        _note(context, (Reason.CLIENT_KEYS_BUSY, str(busy)), client.client_id)
        raise TemporarilyUnavailableError("Please try again.", status_code=503) from busy
    except JoseError as wrong:
        return Reason.CLIENT_ASSERTION_REFUSED, wrong.reason
    used_up = Proof(Add(mark), _failed, Reason.CLIENT_ASSERTION_REPLAYED)
    context.proofs = (*context.proofs, used_up)
    return None


def _failed() -> InvalidClientError:
    return InvalidClientError(_FAILED)


def _note(context: Context, why: Why, client_id: str | None) -> None:
    reason, compared = why
    context.note(reason, client_id=client_id, compared=compared)
