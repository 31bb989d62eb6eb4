"""The TLS proxy of ``make certify`` offers only what BCP 195 recommends (RFC 9325 section 4)."""

from __future__ import annotations

import datetime
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from examples.certification.tls import Proxy, make_certificate

PATIENCE = 30
RECOMMENDED = ("ECDHE-{key}-AES128-GCM-SHA256", "ECDHE-{key}-AES256-GCM-SHA384")
CBC = (
    "ECDHE-{key}-AES128-SHA",
    "ECDHE-{key}-AES128-SHA256",
    "ECDHE-{key}-AES256-SHA384",
)
RSA_KEY_EXCHANGE = ("AES128-GCM-SHA256", "AES256-SHA256")


def make_rsa_certificate(file):
    """Write an RSA key and its certificate: with one of those there are more suites to refuse."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


@pytest.fixture(scope="module")
def server():
    """What the proxy passes bytes on to: it takes connections, and nobody asks it anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="module", params=["ECDSA", "RSA"])
def key(request):
    """The kind of key that the proxy's certificate has."""
    return request.param


@pytest.fixture(scope="module")
def proxy(key, server, tmp_path_factory):
    file = tmp_path_factory.mktemp("proxy") / "tls.pem"
    if key == "ECDSA":
        make_certificate(file, "localhost")
    else:
        make_rsa_certificate(file)
    made = Proxy(file, "127.0.0.1", 0)
    made.start(server.getsockname()[1])
    yield made
    made.close()


def client(version, ciphers="ALL"):
    """A client that speaks this version of TLS and these cipher suites alone, however weak."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    return context


def handshake(proxy, context):
    """Shake hands; return the cipher suite that was agreed on."""
    with (
        socket.create_connection(("127.0.0.1", proxy.port), PATIENCE) as raw,
        context.wrap_socket(raw) as connection,
    ):
        return connection.cipher()[0]


def check_refused(proxy, context):
    """The handshake fails: by an alert, or the connection just ends."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(proxy, context)


@pytest.mark.parametrize("suite", RECOMMENDED)
def test_each_suite_that_bcp_195_recommends_is_offered(proxy, key, suite):
    wanted = suite.format(key=key)
    assert handshake(proxy, client(ssl.TLSVersion.TLSv1_2, wanted)) == wanted


@pytest.mark.parametrize("suite", CBC)
def test_a_cbc_suite_fails(proxy, key, suite):
    check_refused(proxy, client(ssl.TLSVersion.TLSv1_2, suite.format(key=key)))


@pytest.mark.parametrize("key", ["RSA"], indirect=True)
@pytest.mark.parametrize("suite", RSA_KEY_EXCHANGE)
def test_a_key_exchange_by_rsa_fails(proxy, suite):
    check_refused(proxy, client(ssl.TLSVersion.TLSv1_2, suite))


def test_tls_1_3_is_offered(proxy):
    assert handshake(proxy, client(ssl.TLSVersion.TLSv1_3)).startswith("TLS_")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_fail(proxy, version):
    check_refused(proxy, client(version))
