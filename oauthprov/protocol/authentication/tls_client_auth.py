"""Client authentication by ``tls_client_auth`` (RFC 8705 section 2.1).

The certificate must be issued by an authority of the settings, and name the subject that the
client has registered. The proxy proves that the client holds its key.
"""

from __future__ import annotations

from oauthprov.events import Reason
from oauthprov.failures import CertificateError
from oauthprov.protected_resource.client_certificates import ClientCertificate, NoCertificate
from oauthprov.protocol.authentication.method import Authentication, Why
from oauthprov.protocol.clients import methods
from oauthprov.protocol.keys import certificates, distinguished_names
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.records import Client

_METHOD = methods.METHODS["tls_client_auth"]
_SAN = "tls_client_auth_san_"


def of_request(context: Context) -> ClientCertificate:
    """Return the certificate of a request. Raises CertificateError if it has none."""
    found = context.certificate
    if isinstance(found, NoCertificate):
        raise CertificateError(found.why)
    if found is None:
        raise CertificateError("the request has no certificate")
    return found


def _refused(context: Context, client: Client, found: Presented) -> Why | None:
    try:
        der = of_request(context).der
        context.client_keys.check_issued(der, context.now)
        if not _names(der, client):
            raise CertificateError("it has another subject than the client's")
    except CertificateError as wrong:
        return Reason.CLIENT_CERTIFICATE_REFUSED, wrong.reason
    return None


def _names(der: bytes, client: Client) -> bool:
    """Tell whether a certificate names the subject that the client has registered.

    Raises CertificateError.
    """
    wanted = {field: getattr(client, field) for field in methods.SUBJECTS}
    wanted = {field: value for field, value in wanted.items() if value is not None}
    if len(wanted) != 1:  # registered by other rules
        return False
    [(field, value)] = wanted.items()
    if field.startswith(_SAN):
        return certificates.has_name(der, field.removeprefix(_SAN), value)
    try:
        return certificates.subject(der) == distinguished_names.parse(value)
    except ValueError:
        return False


ROW = Authentication(_METHOD, _refused)
