"""Client authentication by a secret, in the header or in the form (RFC 6749 section 2.3.1)."""

from __future__ import annotations

import base64
import binascii
import re

from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from oauthprov import credentials
from oauthprov.events import Reason
from oauthprov.protocol.authentication.method import FAILED, Authentication, Sent, Why
from oauthprov.protocol.clients import methods
from oauthprov.protocol.request import params
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.records import Client

_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+=*)", re.IGNORECASE)


def is_right(client: Client, found: Presented) -> bool:
    """Tell whether a secret was presented that is one of the client's."""
    if found.method not in (methods.BASIC, methods.POST):
        return False
    return any([credentials.matches(found.proof, secret) for secret in client.secrets])


def _refused(context: Context, client: Client, found: Presented) -> Why | None:
    return None if is_right(client, found) else (Reason.CLIENT_SECRET_WRONG, None)


def _read_header(sent: Sent) -> Presented:
    match = _BASIC.fullmatch((sent["authorization"] or "").strip())
    try:
        raw = base64.b64decode(match[1], validate=True) if match else b""
        user, colon, password = raw.partition(b":")
        # RFC 6749 section 2.3.1: both parts are form-encoded before Basic joins them.
        client_id, secret = params.decoded(user), params.decoded(password)
    except (binascii.Error, InvalidRequestError):
        colon = b""
    if not colon or not client_id:
        raise InvalidClientError(FAILED)
    if sent["client_id"] is not None and sent["client_id"] != client_id:
        raise InvalidRequestError("The client_id isn't that of the authenticated client.")
    return Presented(methods.BASIC, client_id, secret)


def _read_form(sent: Sent) -> Presented:
    client_id, secret = sent["client_id"], sent["client_secret"]
    if client_id is None or secret is None:
        raise InvalidClientError(FAILED)
    return Presented(methods.POST, client_id, secret)


ROWS = (
    Authentication(methods.METHODS[methods.ANY_SECRET], _refused),
    Authentication(
        methods.METHODS[methods.BASIC],
        _refused,
        shown_by=("authorization",),
        reads=_read_header,
        correction=(
            "The client is registered for client_secret_basic: "
            "it must send its secret in the Authorization header."
        ),
    ),
    Authentication(
        methods.METHODS[methods.POST],
        _refused,
        shown_by=("client_secret",),
        reads=_read_form,
        correction=(
            "The client is registered for client_secret_post: "
            "it must send client_id and client_secret in the request body."
        ),
    ),
)
