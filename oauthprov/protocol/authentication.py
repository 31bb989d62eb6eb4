"""Client authentication: one method a request, and the registered one (RFC 6749 section 2.3)."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from dataclasses import dataclass, field
from typing import Literal

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from oauthprov import credentials
from oauthprov.protocol import params
from oauthprov.protocol.context import Context
from oauthprov.records import Client

log = logging.getLogger(__name__)

Method = Literal["client_secret_basic", "client_secret_post", "none"]
METHODS: tuple[Method, ...] = ("client_secret_basic", "client_secret_post", "none")
CONFIDENTIAL: tuple[Method, ...] = ("client_secret_basic", "client_secret_post")

_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Presented:
    """Who a client says it is, and how it proves that."""

    method: Method
    client_id: str
    secret: str = field(default="", repr=False)


def presented(authorization: str | None, client_id: str | None, secret: str | None) -> Presented:
    """Read the credentials of a request: the header, and the two parameters of the form.

    Raises InvalidRequestError for more than one method or two client ids, InvalidClientError for
    a header that can't be read and for none at all.
    """
    if authorization is None:
        if client_id is None:
            raise InvalidClientError("Client authentication failed.")
        if secret is None:
            return Presented("none", client_id)
        return Presented("client_secret_post", client_id, secret)
    if secret is not None:
        raise InvalidRequestError("More than one client authentication method.")
    found = _basic(authorization)
    if client_id is not None and client_id != found.client_id:
        raise InvalidRequestError("The client_id differs from the authenticated one.")
    return found


def presented_by(request: Request) -> Presented:
    """Read the credentials of a request of oauthlib's; see :func:`presented`."""
    return presented(
        request.headers.get("authorization"), request.client_id, request.client_secret
    )


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
        raise InvalidClientError("Client authentication failed.")
    return Presented("client_secret_basic", client_id, secret)


def authenticate(context: Context, request: Request) -> Client | None:
    """Return the client that ``request`` proves, None when it fails.

    A public client proves nothing; it is returned when it may come without a secret. A failure
    reads the client afresh once, since another process may have rotated its secret.
    """
    if context.client is not None:
        return context.client
    found = presented_by(request)
    client = context.find_client(found.client_id)
    if client is None or not _proves(client, found):
        client = context.clients.reread(found.client_id)
        if client is None or not _proves(client, found):
            log.info("client %.80r failed to authenticate by %s", found.client_id, found.method)
            return None
    context.client = client
    return client


def is_confidential(client: Client) -> bool:
    """Tell whether the client can keep a secret (RFC 6749 section 2.1)."""
    return client.auth_method in CONFIDENTIAL


def _proves(client: Client, found: Presented) -> bool:
    if client.auth_method != found.method:
        return False
    if found.method == "none":
        return True
    return any([credentials.matches(found.secret, secret) for secret in client.secrets])
