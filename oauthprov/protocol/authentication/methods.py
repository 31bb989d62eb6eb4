"""The table of client authentication methods, and the credentials of a request read by it."""

from __future__ import annotations

from collections.abc import Mapping

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from oauthprov.protocol.authentication import (
    client_secret,
    none,
    private_key_jwt,
    self_signed_tls_client_auth,
    tls_client_auth,
)
from oauthprov.protocol.authentication.method import Authentication
from oauthprov.protocol.request import params
from oauthprov.protocol.request.context import Presented

AUTHENTICATIONS: Mapping[str, Authentication] = {
    row.method.name: row
    for row in (
        *client_secret.ROWS,
        private_key_jwt.ROW,
        tls_client_auth.ROW,
        self_signed_tls_client_auth.ROW,
        none.ROW,
    )
}
"""The rows by the name of their method, which the record of a client has."""

_SHOWN = tuple((name, row) for row in AUTHENTICATIONS.values() for name in row.shown_by)


def presented(authorization: str | None, form: Mapping[str, str | None]) -> Presented:
    """Read the credentials of a request: the header, and those of its form by their names.

    Raises InvalidRequestError for more than one method or two client ids, InvalidClientError for
    missing credentials and for a header or an assertion that can't be read.
    """
    sent = {name: form.get(name) for name in params.CREDENTIALS}
    sent["authorization"] = authorization
    shown = None
    for name, row in _SHOWN:
        if sent[name] is None or row is shown:
            continue
        if shown is not None:
            raise InvalidRequestError("More than one client authentication method.")
        shown = row
    return (shown or none.ROW).reads(sent)
