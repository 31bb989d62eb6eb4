"""Certificates in the headers of proxies (RFC 8705, RFC 9440; as nginx and Envoy write them)."""

import base64
import logging
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oauthprov.protected_resource.client_certificates import (
    FORMATS,
    LIMIT,
    ClientCertificate,
    NoCertificate,
    Proxy,
    read,
)
from tests.certificates import PROXY_SECRET, Authority, self_signed

CERTIFICATE, OTHER = Authority().issue(), self_signed()
HEADERS = {name: getattr(CERTIFICATE, name) for name in FORMATS}
# The parts that Envoy sends with SANITIZE_SET and all of set_current_client_cert_details.
ENVOY = (
    "By=spiffe://cluster.local/ns/default/sa/gateway;"
    "Hash=8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4;"
    'Cert="{0}";Chain="{0}";Subject="CN=client.example,O=Example\\, Inc.";'
    "URI=spiffe://cluster.local/ns/default/sa/client;DNS=client.example;DNS=client.test"
)


@pytest.mark.parametrize("written_as", FORMATS)
def test_the_certificate_of_each_format_is_read(written_as):
    found = read(HEADERS[written_as], written_as)
    assert isinstance(found, ClientCertificate)
    assert found == ClientCertificate(CERTIFICATE.der, CERTIFICATE.thumbprint)


def test_8705_3_1_the_thumbprint_is_the_digest_of_the_certificate_without_padding():
    assert read(HEADERS["nginx"], "nginx").thumbprint == CERTIFICATE.thumbprint
    assert len(CERTIFICATE.thumbprint) == 43


def test_the_certificate_is_read_beside_everything_else_that_envoy_says():
    found = read(ENVOY.format(quote(CERTIFICATE.pem, safe="-_.~")), "envoy")
    assert isinstance(found, ClientCertificate)
    assert found.der == CERTIFICATE.der


def test_the_pluses_of_base64_are_no_blanks():
    many = [self_signed() for _ in range(3)]
    assert any("+" in one.pem for one in many)
    for one in many:
        assert read(one.nginx, "nginx").der == one.der
        unescaped = one.nginx.replace("%2B", "+")
        if unescaped != one.nginx:
            assert isinstance(read(unescaped, "nginx"), NoCertificate)


@pytest.mark.parametrize("written_as", FORMATS)
def test_a_header_that_was_sent_twice_is_refused(written_as):
    """Servers join them by a comma, with a blank or without."""
    for second in (HEADERS[written_as], getattr(OTHER, written_as), "", "x"):
        for comma in (",", ", "):
            for header in (
                f"{HEADERS[written_as]}{comma}{second}",
                f"{second}{comma}{HEADERS[written_as]}",
            ):
                assert isinstance(read(header, written_as), NoCertificate), header


def mangled():
    nginx, rfc9440, envoy = (HEADERS[name] for name in ("nginx", "rfc9440", "envoy"))
    pem = CERTIFICATE.pem
    twice = quote(pem + OTHER.pem, safe="-_.~")
    yield from (
        ("nginx", nginx[:-30]),
        ("nginx", nginx[30:]),
        ("nginx", nginx.replace("%0A", "", 1)),
        ("nginx", nginx.replace("%0A", "%0", 1)),
        ("nginx", nginx.replace("%0A", "%ZZ", 1)),
        ("nginx", nginx.replace("%0A", "%250A")),
        ("nginx", nginx.replace("%0A", "%00%0A", 1)),
        ("nginx", nginx.replace("%", "%25")),
        ("nginx", pem),
        ("nginx", pem.replace("\n", " ")),
        ("nginx", twice),
        ("nginx", quote(f"x\n{pem}", safe="-_.~")),
        ("nginx", quote(f"{pem}x", safe="-_.~")),
        ("nginx", quote(pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), safe="-_.~")),
        ("nginx", quote("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", safe="-_.~")),
        ("nginx", "%2D" * LIMIT),
        ("nginx", rfc9440),
        ("nginx", envoy),
        ("rfc9440", rfc9440[:-1]),
        ("rfc9440", rfc9440[1:]),
        ("rfc9440", rfc9440[:-9] + ":"),
        ("rfc9440", rfc9440.replace("MII", "MI", 1)),
        ("rfc9440", rfc9440.replace("MII", "MI-", 1)),
        ("rfc9440", f"{rfc9440};a=1"),
        ("rfc9440", f" {rfc9440}"),
        ("rfc9440", "::"),
        ("rfc9440", f":{base64.b64encode(CERTIFICATE.der + b'x').decode()}:"),
        ("rfc9440", f":{base64.b64encode(CERTIFICATE.der[:-1]).decode()}:"),
        ("rfc9440", f":{base64.b64encode(b'no certificate').decode()}:"),
        ("rfc9440", nginx),
        ("envoy", envoy.replace("Cert=", "Chain=")),
        ("envoy", f"{envoy};{envoy}"),
        ("envoy", f'{envoy};cert="{OTHER.nginx}"'),
        ("envoy", envoy.replace('Cert="', "Cert=").replace('";Subject', ";Subject")),
        ("envoy", envoy.replace('Cert="', 'Cert=\\"', 1)),
        ("envoy", envoy[:100]),
        ("envoy", f"{envoy};"),
        ("envoy", f";{envoy}"),
        ("envoy", 'Hash=1;Subject="CN=a";URI='),
        ("envoy", f'By=a,Cert="{CERTIFICATE.nginx}"'),
        ("envoy", 'Subject="Cert=\\"x\\"";URI='),
        ("envoy", nginx),
    )


MANGLED = list(mangled())


# Certificates are made anew for each run, so what is in the headers names no test.
@pytest.mark.parametrize(("written_as", "header"), MANGLED, ids=range(len(MANGLED)))
def test_a_mangled_header_is_refused_and_never_repaired(written_as, header):
    assert isinstance(read(header, written_as), NoCertificate)


def test_a_certificate_in_the_subject_of_an_envoy_element_is_text():
    forged = f'Subject="CN=a;Cert=\\"{OTHER.nginx}\\"";{CERTIFICATE.envoy}'
    assert read(forged, "envoy").der == CERTIFICATE.der


def canonical(header, written_as):
    """The base64 in a header, without what may be written in several ways."""
    if written_as == "rfc9440":
        return header[1:-1]
    if written_as == "envoy":
        header = header.split('Cert="', 1)[1].split('"', 1)[0]
    return "".join(unquote(header).replace("\r", "").split("\n")[1:]).split("-----END")[0]


cuts = st.tuples(st.integers(0, 2000), st.integers(0, 40), st.text(max_size=8))


@pytest.mark.parametrize("written_as", FORMATS)
@settings(deadline=None)
@given(cut=cuts)
def test_whatever_is_cut_out_or_put_in_no_other_certificate_is_read(written_as, cut):
    at, length, put = cut
    header = HEADERS[written_as]
    changed = header[:at] + put + header[at + length :]
    found = read(changed, written_as)
    if isinstance(found, ClientCertificate):
        assert base64.b64encode(found.der).decode() in canonical(changed, written_as)


@pytest.mark.parametrize("written_as", FORMATS)
@given(header=st.one_of(st.text(), st.from_regex(r'(\w{1,5}="?[^"]*"?[;,]?){1,4}')))
@example(header='Cert="')
@example(header='Cert="%"')
@example(header=":" + "A" * 64 + ":")
@settings(deadline=None)
def test_any_text_is_a_certificate_or_refused(written_as, header):
    assert isinstance(read(header, written_as), NoCertificate)


# The proof of the proxy


def environ(certificate=CERTIFICATE, secret=PROXY_SECRET, **more):
    made = {"HTTP_X_SSL_CLIENT_CERT": certificate.nginx, "HTTP_OAUTHPROV_PROXY_SECRET": secret}
    return {name: value for name, value in (made | more).items() if value is not None}


@pytest.fixture
def proxy():
    return Proxy("X-SSL-Client-Cert", "nginx", PROXY_SECRET)


def test_a_certificate_counts_beside_the_secret_of_the_proxy(proxy):
    assert proxy.certificate(environ()).der == CERTIFICATE.der


@pytest.mark.parametrize(
    "secret",
    [
        None,
        "",
        "x",
        PROXY_SECRET[:-1],
        f"{PROXY_SECRET}x",
        f"{PROXY_SECRET}, {PROXY_SECRET}",
        "\xe9",
    ],
)
def test_without_the_secret_there_is_no_certificate_and_the_log_says_so_once(
    proxy, secret, caplog
):
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert proxy.certificate(environ(secret=secret)) is None
    [record] = caplog.records
    assert "X-SSL-Client-Cert came without the secret" in record.getMessage()
    assert PROXY_SECRET not in record.getMessage()


def test_an_absent_or_empty_header_is_no_certificate(proxy, caplog):
    assert proxy.certificate({}) is None
    assert proxy.certificate(environ(HTTP_X_SSL_CLIENT_CERT=None)) is None
    assert proxy.certificate(environ(HTTP_X_SSL_CLIENT_CERT="")) is None
    assert not caplog.records
