"""Public clients, which prove nothing and send their ``client_id`` alone (RFC 6749 section 3.2.1).

A request without other credentials is read here.
"""

from __future__ import annotations

from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from oauthprov.protocol.authentication.method import FAILED, Authentication, Sent, Why
from oauthprov.protocol.clients import methods
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.records import Client


def _read(sent: Sent) -> Presented:
    client_id = sent["client_id"]
    if client_id is None:
        raise InvalidClientError(FAILED)
    return Presented(methods.NONE, client_id)


def _refused(context: Context, client: Client, found: Presented) -> Why | None:
    return None


ROW = Authentication(methods.METHODS[methods.NONE], _refused, reads=_read)
