"""Client authentication by ``self_signed_tls_client_auth`` (RFC 8705 section 2.2).

The certificate is that of one of the client's keys (``x5c``), which it registers or publishes. No
authority vouches for it.
"""

from __future__ import annotations

from oauthlib.oauth2.rfc6749.errors import TemporarilyUnavailableError

from oauthprov.errors import FetchBusy, JoseError
from oauthprov.events import Reason
from oauthprov.failures import CertificateError
from oauthprov.protocol.authentication.method import Authentication, Why
from oauthprov.protocol.authentication.tls_client_auth import of_request
from oauthprov.protocol.clients import methods
from oauthprov.protocol.keys import certificates
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.records import Client

_METHOD = methods.METHODS["self_signed_tls_client_auth"]


def _refused(context: Context, client: Client, found: Presented) -> Why | None:
    try:
        der = of_request(context).der
        certificates.check_dates(der, context.now)
        certificates.check_strength(der)
        if not context.client_keys.has_certificate(client, der):
            raise CertificateError("it isn't one of the client's")
    except FetchBusy as busy:
        context.note(Reason.CLIENT_KEYS_BUSY, client_id=client.client_id, compared=str(busy))
        raise TemporarilyUnavailableError("Please try again.", status_code=503) from busy
    except (CertificateError, JoseError) as wrong:
        return Reason.CLIENT_CERTIFICATE_REFUSED, wrong.reason
    return None


ROW = Authentication(_METHOD, _refused)
