"""Tokens bound to a certificate in an app elsewhere, behind a proxy of its own (RFC 8705 3)."""

import pytest

from oauthprov.failures import ConfigurationError
from oauthprov.settings.resource_server import ResourceServer
from tests.certificates import PROXY_SECRET, self_signed
from tests.proofs import Holder
from tests.resource_server.conftest import RESOURCE, Api, ini
from tests.resource_server.issuer import in_json
from tests.resource_server.test_access_jwts import jwt_ini

CERTIFICATE, OTHER, HOLDER = self_signed(), self_signed(), Holder()
CNF = {"x5t#S256": CERTIFICATE.thumbprint}
MTLS = {
    "mtls.format": "rfc9440",
    "mtls.header": "Client-Cert",
    "mtls.proxy_secret": PROXY_SECRET,
}
ELSEWHERE = {f"oauthprov.resource_server.{name}": value for name, value in MTLS.items()}


class Introspecting:
    """An app that introspects, and the token that its issuer knows."""

    def __init__(self, issuer, mtls):
        self.api = Api(ini(issuer.url) | mtls)
        self.issuer = issuer

    def issue(self, cnf=None):
        answer = self.issuer.live(self.api.clock()) | {"token_type": "Bearer"}
        self.issuer.reply = in_json(answer | {"cnf": CNF if cnf is None else cnf})
        return "opa_a.b"


class Verifying:
    """An app that verifies JWTs."""

    def __init__(self, issuer, mtls):
        self.api = Api(jwt_ini(issuer.url, RESOURCE) | mtls)
        self.issuer = issuer

    def issue(self, cnf=None):
        return self.issuer.sign(self.api.clock(), cnf=CNF if cnf is None else cnf)


@pytest.fixture(params=[Introspecting, Verifying])
def kind(request):
    return request.param


@pytest.fixture
def app(kind, issuer):
    return kind(issuer, ELSEWHERE)


def ask(app, token, certificate, secret=PROXY_SECRET, **more):
    headers = {"Oauthprov-Proxy-Secret": secret} | more
    if certificate is not None:
        headers["Client-Cert"] = certificate
    return app.api.get(token, **headers)


def refused(response):
    assert (response.status_int, response.json["error"]) == (401, "invalid_token"), response
    challenge = response.headers.getall("WWW-Authenticate")[0]
    assert challenge.startswith("Bearer ")
    assert 'error="invalid_token"' in challenge


def test_8705_3_a_token_is_accepted_with_its_certificate_any_number_of_times(app):
    token = app.issue()
    for _ in range(2):
        assert ask(app, token, CERTIFICATE.rfc9440).json["account"] == "alice-id"


@pytest.mark.parametrize(
    "certificate",
    [
        *(None, "", OTHER.rfc9440, CERTIFICATE.nginx, CERTIFICATE.rfc9440[:-1], "x"),
        f"{CERTIFICATE.rfc9440}, {CERTIFICATE.rfc9440}",
    ],
)
def test_8705_3_without_its_certificate_a_token_is_invalid(app, certificate):
    refused(ask(app, app.issue(), certificate))


@pytest.mark.parametrize("secret", ["", "x", f"{PROXY_SECRET}x"])
def test_a_certificate_without_the_secret_of_the_proxy_is_none(app, secret):
    refused(ask(app, app.issue(), CERTIFICATE.rfc9440, secret))


def test_a_proof_of_dpop_is_none_of_a_certificate(app):
    token = app.issue()
    proof = HOLDER.proof("GET", "https://photos.example/album", app.api.clock(), token=token)
    refused(ask(app, token, None, DPoP=proof))
    answer = app.api.get(Authorization=f"DPoP {token}", DPoP=proof)
    assert (answer.status_int, answer.json["error"]) == (401, "invalid_token")


def test_without_the_settings_a_bound_token_is_refused(kind, issuer):
    app = kind(issuer, {})
    refused(ask(app, app.issue(), CERTIFICATE.rfc9440))


def test_a_token_with_two_bindings_is_refused(app):
    refused(ask(app, app.issue(CNF | {"jkt": HOLDER.jkt}), CERTIFICATE.rfc9440))


def test_the_metadata_says_that_tokens_may_be_bound_to_certificates(app):
    document = app.api.get(path="/.well-known/oauth-protected-resource").json
    assert document["tls_client_certificate_bound_access_tokens"] is True


@pytest.mark.parametrize("left", MTLS)
def test_all_three_settings_or_none(issuer, left):
    given = {name: value for name, value in ELSEWHERE.items() if not name.endswith(left)}
    with pytest.raises(ConfigurationError) as stopped:
        ResourceServer.from_ini(ini(issuer.url) | given)
    said = str(stopped.value)
    assert "oauthprov.resource_server.mtls.format is" in said
    assert f"oauthprov.resource_server.{left}" in said
