"""Client authentication: exactly one method, the registered one (RFC 6749 section 2.3)."""

from __future__ import annotations

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from oauthprov.errors import JoseError
from oauthprov.events import Reason
from oauthprov.protocol.authentication import client_secret
from oauthprov.protocol.authentication.method import FAILED, Why
from oauthprov.protocol.authentication.methods import AUTHENTICATIONS, presented
from oauthprov.protocol.clients import methods
from oauthprov.protocol.request import client_documents, params
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.records import Client

_NEW_REQUESTS = ("par", "device_authorization")
"""The endpoints where clients begin: the document of one is fetched there if it is due."""


class WrongMethodError(InvalidClientError):
    """The client sent its secret by a method that it isn't registered for.

    Only who knows the secret gets this description, which names the registered method.
    """


class UncertifiedError(InvalidClientError):
    """The client is registered for a certificate, and hasn't shown it: no password would do."""


def presented_by(context: Context, request: Request) -> Presented:
    """Read the credentials of an oauthlib request, once; see :func:`presented`.

    Where a client begins, what it says about itself at its URL is looked up before it is judged.
    """
    if context.presented is not None:
        return context.presented
    try:
        context.presented = presented(
            request.headers.get("authorization"),
            {name: getattr(request, name, None) for name in params.CREDENTIALS},
        )
    except InvalidClientError as refused:
        why = refused.__cause__
        if isinstance(why, JoseError):
            _note(context, (Reason.CLIENT_ASSERTION_REFUSED, why.reason), request.client_id)
        else:
            _note(context, (Reason.CLIENT_UNIDENTIFIED, None), request.client_id)
        raise
    if context.endpoint in _NEW_REQUESTS:
        client_documents.renew(context, context.presented.client_id)
    return context.presented


def authenticate(context: Context, request: Request) -> Client | None:
    """Return the client that ``request`` authenticates, None when authentication fails.

    A public client proves nothing; it is returned if it is registered without a secret. After a
    failure the client is read again once, since another process may have changed its secret or its
    keys. An assertion authenticates the client only once it is used up: see :class:`Context`.
    Raises WrongMethodError, UncertifiedError.
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
        correction = _correction(latest, found) if latest else ""
        if correction:
            raise WrongMethodError(correction)
        if latest is not None and methods.has_certificate(latest):
            raise UncertifiedError(FAILED)
        return None
    context.client = client
    return client


def is_anonymous(request: Request) -> bool:
    """Tell whether an oauthlib request has no secret and no assertion, at most a client id."""
    shown = request.headers.get("authorization"), request.client_secret
    assertion = getattr(request, "client_assertion", None)
    return not any(value is not None for value in (*shown, assertion))


def _refused(context: Context, client: Client | None, found: Presented) -> Why | None:
    """Return why ``found`` doesn't authenticate the client, None when it does."""
    if client is None:
        return Reason.CLIENT_UNKNOWN, context.clients.why_unusable(found.client_id) or None
    if client.auth_method in AUTHENTICATIONS:  # a newer version of the server may know others
        row = AUTHENTICATIONS[client.auth_method]
        if found.method in row.method.presented_as and row.method.is_on(context.settings):
            return row.refused(context, client, found)
    compared = f"authenticated by {found.method}, registered for {client.auth_method}"
    return Reason.CLIENT_METHOD_MISMATCH, compared


def _correction(client: Client, found: Presented) -> str:
    """Return how to send the secret that was sent by another method, empty for any other error."""
    row = AUTHENTICATIONS.get(client.auth_method)
    if row is None or not row.correction or found.method in row.method.presented_as:
        return ""
    return row.correction if client_secret.is_right(client, found) else ""


def _note(context: Context, why: Why, client_id: str | None) -> None:
    reason, compared = why
    context.note(reason, client_id=client_id, compared=compared)
