"""Client authentication by certificates: RFC 8705 section 2, at every endpoint for clients."""

import ipaddress
import logging

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from oauthprov.protected_resource.client_certificates import NoCertificate
from tests.certificates import (
    CLIENT_AUTH,
    DAY,
    SERVER_AUTH,
    SUBJECT,
    SUBJECT_DN,
    Authority,
    name,
    self_signed,
)
from tests.protocol.certified import CertifiedWorld, key_set

CLIENTS = Authority()
ENDPOINTS = ("token", "introspect", "revoke", "par", "device_authorization")
FORMS = {
    "token": {"grant_type": "client_credentials"},
    "introspect": {"token": "x"},
    "revoke": {"token": "x"},
    "par": {
        "response_type": "code",
        "redirect_uri": "https://app.example/callback",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    },
    "device_authorization": {},
}


def short_key():
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - it must be refused


@pytest.fixture
def world(tmp_path):
    made = CertifiedWorld(CLIENTS.file(tmp_path / "ca.pem"))
    made.certified("worker", "machine", tls_client_auth_subject_dn=SUBJECT_DN)
    return made


def refused(answer):
    assert (answer.status, answer.body["error"]) == (401, "invalid_client"), answer
    assert "WWW-Authenticate" not in answer.headers
    assert answer.body["error_description"] == "Client authentication failed."


def ask(world, certificate, client_id="worker", **more):
    form = FORMS["token"] | {"client_id": client_id} | more
    return world.show("token", form, certificate)


def works(world, certificate, client_id="worker"):
    answer = ask(world, certificate, client_id)
    if answer.status != 200:
        refused(answer)
    return answer.status == 200


# Section 2: the client_id, and every endpoint


def app(world, method):
    """A client that may use every endpoint, and its certificate."""
    if method == "tls_client_auth":
        certificate, more = CLIENTS.issue(), {"tls_client_auth_subject_dn": SUBJECT_DN}
    else:
        certificate = self_signed()
        more = {"jwks": key_set(certificate)}
    grants = ("authorization_code", "urn:ietf:params:oauth:grant-type:device_code")
    world.certified("app", "web", method, grant_types=(*grants, "client_credentials"), **more)
    world.certified("job", "machine", method, **more)
    return certificate


@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_8705_2_every_endpoint_for_clients_takes_the_certificate(world, endpoint, method):
    certificate = app(world, method)
    client_id = "job" if endpoint == "token" else "app"
    form = FORMS[endpoint] | {"client_id": client_id}
    assert world.show(endpoint, form, certificate).status in (200, 201)
    for wrong in (None, self_signed(), Authority().issue(), NoCertificate("it is mangled")):
        answer = world.show(endpoint, form, wrong)
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")
        assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_8705_2_the_request_must_have_the_client_id(world, endpoint):
    answer = world.show(endpoint, FORMS[endpoint], CLIENTS.issue())
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    assert "WWW-Authenticate" not in answer.headers


def test_8705_2_a_certificate_beside_another_registered_method_is_no_second_method(world):
    world.client("keeper", "machine")
    answer = world.show("token", FORMS["token"], CLIENTS.issue(), headers=world.auth("keeper"))
    assert answer.status == 200


def test_8705_2_a_secret_proves_no_client_that_is_registered_for_a_certificate(world):
    refused(ask(world, CLIENTS.issue(), client_secret="x"))
    refused(ask(world, None, client_secret="x"))


def test_a_client_with_a_secret_is_not_proven_by_a_certificate(world):
    world.client("keeper", "machine", tls_client_auth_subject_dn=SUBJECT_DN)
    answer = ask(world, CLIENTS.issue(), "keeper")
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def test_an_unknown_client_is_refused_without_a_challenge_if_a_certificate_came(world):
    refused(ask(world, CLIENTS.issue(), "nobody"))
    assert "WWW-Authenticate" in ask(world, None, "nobody").headers


def test_the_log_says_why_and_the_response_does_not(world, caplog):
    with caplog.at_level(logging.INFO):
        assert not works(world, self_signed())
    [record] = [one for one in caplog.records if "certificate" in one.getMessage()]
    assert "no authority of ours vouches for it" in record.compared


# Section 2.1: the chain and the subject


def test_8705_2_1_a_certificate_of_the_authority_with_the_subject_proves_the_client(world):
    assert works(world, CLIENTS.issue())


def test_8705_2_1_an_absent_or_mangled_certificate_is_refused(world):
    assert not works(world, None)
    assert not works(world, NoCertificate("the proxy's header can't be read: it is too long"))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: self_signed(), id="self-signed"),
        pytest.param(lambda: Authority().issue(), id="another authority of the same name"),
        pytest.param(lambda: Authority("Others").issue(), id="another authority"),
        pytest.param(lambda: CLIENTS.issue(days=0, starts=-2), id="ends now"),
        pytest.param(lambda: CLIENTS.issue(days=-1, starts=-2), id="expired"),
        pytest.param(lambda: CLIENTS.issue(days=2, starts=1), id="not yet valid"),
        pytest.param(lambda: CLIENTS.issue(usages=(SERVER_AUTH,)), id="for servers"),
        pytest.param(lambda: CLIENTS.issue(key=short_key()), id="a short key"),
    ],
)
def test_8705_2_1_a_certificate_that_the_authority_does_not_vouch_for_is_refused(world, made):
    certificate = made()
    world.now += 1
    assert not works(world, certificate)


def test_8705_2_1_a_certificate_is_checked_anew_after_it_was_good(world):
    certificate = CLIENTS.issue(days=1)
    assert works(world, certificate)
    world.now += DAY
    assert works(world, certificate)
    world.now += 1
    assert not works(world, certificate)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
)
def test_8705_2_1_any_strong_key_will_do(world, key):
    assert works(world, CLIENTS.issue(key=key))


def test_8705_2_1_a_certificate_for_clients_may_be_for_servers_too(world):
    assert works(world, CLIENTS.issue(usages=(CLIENT_AUTH,)))
    assert works(world, CLIENTS.issue(usages=(SERVER_AUTH, CLIENT_AUTH)))


def test_8705_2_1_an_intermediate_authority_is_trusted_once_it_is_in_the_file(tmp_path):
    root = Authority("Root")
    between = Authority("Between", above=root)
    for file, good in (
        (root.file(tmp_path / "1"), False),
        (root.file(tmp_path / "2", between), True),
    ):
        world = CertifiedWorld(file)
        world.certified("worker", "machine", tls_client_auth_subject_dn=SUBJECT_DN)
        assert works(world, between.issue()) is good


def test_8705_2_1_an_issued_certificate_makes_no_other_certificates(world):
    """A leaf is no authority, whatever it signs."""
    leaf = CLIENTS.issue()
    forger = Authority("Clients")
    forger.key, forger.name = leaf.key, leaf.x509.subject
    assert not works(world, forger.issue())


OTHERS = [
    name((NameOID.COMMON_NAME, "client.example"), (NameOID.ORGANIZATION_NAME, "Example")),
    name((NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "Client.example")),
    name((NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "other.example")),
    name((NameOID.COMMON_NAME, "client.example")),
    name(
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.ORGANIZATION_NAME, "Example"),
        (NameOID.COMMON_NAME, "client.example"),
    ),
    name((NameOID.COMMON_NAME, SUBJECT_DN)),
    name((NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "client.example ")),
    x509.Name([]),
]


@pytest.mark.parametrize("other", OTHERS)
def test_8705_2_1_2_another_subject_is_refused(world, other):
    assert not works(world, CLIENTS.issue(other))


@pytest.mark.parametrize(
    "written",
    [
        "CN=client.example, O=Example",
        "cn=client.example,o=Example",
        "2.5.4.3=client.example,O=Example",
    ],
)
def test_8705_2_1_2_the_subject_may_be_written_in_any_way_of_rfc_4514(world, written):
    client_id = world.register("machine", tls_client_auth_subject_dn=written)
    stored = world.provider.client(client_id)
    assert stored.tls_client_auth_subject_dn == SUBJECT_DN
    assert works(world, CLIENTS.issue(), client_id)


def test_8705_2_1_2_the_string_type_makes_no_difference(world):
    printable = name(
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example", _type=_ASN1Type.PrintableString),
        x509.NameAttribute(NameOID.COMMON_NAME, "client.example", _type=_ASN1Type.PrintableString),
    )
    assert works(world, CLIENTS.issue(printable))


DNS = x509.DNSName
SANS = [
    ("dns", "Client.example", DNS("client.EXAMPLE"), DNS("other.example")),
    ("dns", "a.client.example", DNS("a.client.example"), DNS("*.client.example")),
    ("dns", "client.example", DNS("client.example"), DNS("client.example.org")),
    (
        "dns",
        "client.example",
        DNS("client.example"),
        x509.UniformResourceIdentifier("client.example"),
    ),
    ("dns", "192.0.2.7", DNS("192.0.2.7"), x509.IPAddress(ipaddress.ip_address("192.0.2.7"))),
    (
        *("uri", "spiffe://example/a"),
        x509.UniformResourceIdentifier("spiffe://example/a"),
        x509.UniformResourceIdentifier("spiffe://example/A"),
    ),
    (
        *("ip", "2001:0db8::0001"),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::2")),
    ),
    ("ip", "192.0.2.7", x509.IPAddress(ipaddress.ip_address("192.0.2.7")), DNS("192.0.2.7")),
    (
        *("email", "Alice@Example.org"),
        x509.RFC822Name("Alice@example.ORG"),
        x509.RFC822Name("alice@example.org"),
    ),
]


@pytest.mark.parametrize(("kind", "value", "right", "wrong"), SANS)
def test_8705_2_1_2_an_alternative_name_is_compared_by_type_and_value(
    world, kind, value, right, wrong
):
    client_id = world.register("machine", **{f"tls_client_auth_san_{kind}": value})
    assert works(world, CLIENTS.issue(SUBJECT, right), client_id)
    assert works(world, CLIENTS.issue(SUBJECT, wrong, right), client_id)
    assert not works(world, CLIENTS.issue(SUBJECT, wrong), client_id)
    assert not works(world, CLIENTS.issue(SUBJECT), client_id)
    in_subject = name((NameOID.COMMON_NAME, value))
    assert not works(world, CLIENTS.issue(in_subject), client_id)


# Section 2.1.2: registration


@pytest.mark.parametrize(
    "subjects",
    [
        {},
        {"tls_client_auth_subject_dn": ""},
        {"tls_client_auth_subject_dn": SUBJECT_DN, "tls_client_auth_san_dns": "client.example"},
        {"tls_client_auth_san_dns": "client.example", "tls_client_auth_san_ip": "192.0.2.7"},
    ],
)
def test_8705_2_1_2_a_client_registers_exactly_one_subject(world, subjects):
    assert "exactly one of tls_client_auth_subject_dn" in world.unregistered("machine", **subjects)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("subject_dn", one) for one in ("client.example", "CN=", "FOO=a", "CN=a,", "x" * 2000)),
        *(("san_dns", one) for one in ("*.example", "a b", "-a", "a..b", "a/b", "x" * 2000)),
        *(("san_uri", one) for one in ("client", "a b:c", ":", "http://a b", "http://ä")),
        *(("san_ip", one) for one in ("192.0.2", "192.0.2.0/24", "client", "1:2", "192.0.2.007")),
        *(("san_email", one) for one in ("alice", "@a", "a@", "a b@c.example", "a@b c", "a@*.b")),
    ],
)
def test_8705_2_1_2_a_subject_that_no_certificate_has_is_refused(world, kind, value):
    assert world.unregistered("machine", **{f"tls_client_auth_{kind}": value}).startswith("Give ")


# Section 2.2: self-signed


@pytest.fixture
def own(world):
    """The certificate of ``owner``."""
    made = self_signed()
    world.certified("owner", "machine", "self_signed_tls_client_auth", jwks=key_set(made))
    return made


def test_8705_2_2_the_registered_certificate_proves_the_client(world, own):
    assert works(world, own, "owner")


@pytest.mark.parametrize("kind", ["none", "other", "issued", "same key", "mangled"])
def test_8705_2_2_any_other_certificate_is_refused(world, own, kind):
    shown = {
        "none": None,
        "other": self_signed(),
        "issued": CLIENTS.issue(key=own.key),
        "same key": self_signed(key=own.key),
        "mangled": NoCertificate("it is mangled"),
    }
    assert not works(world, shown[kind], "owner")


@pytest.mark.parametrize(("days", "starts"), [(-1, -2), (2, 1)])
def test_8705_2_2_its_dates_count(world, days, starts):
    stale = self_signed(days=days, starts=starts)
    world.certified("stale", "machine", "self_signed_tls_client_auth", jwks=key_set(stale))
    assert not works(world, stale, "stale")


def test_8705_2_2_a_certificate_is_renewed_by_registering_both(world):
    old, new = self_signed(), self_signed()
    world.certified("both", "machine", "self_signed_tls_client_auth", jwks=key_set(old, new))
    assert works(world, old, "both")
    assert works(world, new, "both")


def test_7517_4_7_a_certificate_of_another_key_than_its_jwk_is_none(world):
    made, other = self_signed(), self_signed()
    forged = made.jwk() | {"x5c": other.jwk()["x5c"]}
    world.certified("forged", "machine", "self_signed_tls_client_auth", jwks=key_set(forged))
    assert not works(world, other, "forged")
    assert not works(world, made, "forged")


def test_7517_4_7_only_the_first_of_a_chain_is_the_client_s(world):
    made, other = self_signed(), self_signed()
    chain = made.jwk() | {"x5c": [*made.jwk()["x5c"], *other.jwk()["x5c"]]}
    world.certified("chain", "machine", "self_signed_tls_client_auth", jwks=key_set(chain))
    assert works(world, made, "chain")
    assert not works(world, other, "chain")


@pytest.mark.parametrize("x5c", ["MII", [], [1], ["x"], ["MII="], [""], None, [None], ["ä"]])
def test_8705_2_2_2_a_client_registers_a_key_with_its_certificate(world, x5c):
    document = key_set(self_signed().jwk() | {"x5c": x5c})
    said = world.unregistered("machine", "self_signed_tls_client_auth", jwks=document)
    assert "has a key with its certificate in x5c" in said
    assert "in x5c" in world.unregistered("machine", "self_signed_tls_client_auth")


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())]
)
def test_8705_2_2_keys_of_every_type_may_have_a_certificate(world, key):
    made = self_signed(key=key)
    client_id = world.register("machine", "self_signed_tls_client_auth", jwks=key_set(made))
    assert works(world, made, client_id)


# Off


def test_without_the_settings_nobody_registers_or_is_proven_by_a_certificate(world):
    off = CertifiedWorld(None)
    off.certified("worker", "machine", tls_client_auth_subject_dn=SUBJECT_DN)
    answer = ask(off, CLIENTS.issue())
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    said = off.unregistered("machine", "private_key_jwt", tls_client_auth_subject_dn=SUBJECT_DN)
    assert "takes no client certificates" in said
    assert "Choose one of" in off.unregistered("machine")
