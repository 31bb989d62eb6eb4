"""Clients with certificates through a real nginx, configured as docs/mtls.md says (RFC 8705)."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from oauthprov.doctor import Live, Report, examine_server
from oauthprov.fetch.asking import Asker
from oauthprov.records import AccessToken
from tests.certificates import PROXY_SECRET, SUBJECT_DN, Authority, self_signed
from tests.clients import javascript
from tests.clients.behind_nginx import HEADER, documented, served
from tests.clients.conversation import converse
from tests.clients.person import Person
from tests.servers.programs import missing, program
from tests.site import CALLBACK, PASSWORD

ENGINES = ["sqlite", "postgresql", "redis"]
FLAG = {"tls_client_certificate_bound_access_tokens": True}


class Place:
    """A provider behind nginx, with two clients, and somebody who is signed up."""

    def __init__(self, site, front, authority, folder):
        now = int(time.time())
        self.site, self.front, self.ca = site, front, front.authority.file
        self.issued, self.own = authority.issue(), self_signed(now=now)
        self.machine = site.app(
            *("machine",),
            auth_method="tls_client_auth",
            tls_client_auth_subject_dn=SUBJECT_DN,
            **FLAG,
        )
        self.web = site.app(
            auth_method="self_signed_tls_client_auth",
            jwks={"keys": [self.own.jwk()]},
            scopes=("openid", "profile:read"),
            **FLAG,
        )
        self.files = {
            "machine": self.issued.files(folder, "machine"),
            "web": self.own.files(folder, "web"),
            "other": self_signed(now=now).files(folder, "other"),
            "expired": authority.issue(days=-1, starts=-2).files(folder, "expired"),
            "own, expired": self_signed(now=now, days=-1, starts=-2).files(folder, "own_expired"),
        }

    def token(self, certificate=None, base=None, **headers):
        """Ask for a token of the machine, with a certificate of ``files`` or none."""
        return requests.post(
            f"{base or self.front.alias}/oauth/token",
            {"grant_type": "client_credentials", "client_id": self.machine.client.client_id},
            cert=self.files[certificate] if certificate else None,
            verify=self.ca,
            headers=headers,
            timeout=30,
        )

    def person(self):
        made = Person(self.front.issuer)
        made.browser.verify, made.browser.trust_env = self.ca, False
        made.submit(made.visit(f"{self.front.issuer}/signup"), name="alice", password=PASSWORD)
        return made

    def examine(self):
        """What the doctor finds about certificates."""
        report = Report()
        settings = self.site.wsgi.registry["oauthprov"].settings
        live = Live(settings, self.front.issuer, Asker(self.ca), patience=0.1)
        examine_server(report, live)
        return [finding for finding in report.findings if "certificate" in finding.row.name], [
            one.row.name for one in report.skipped
        ]


@pytest.fixture(scope="module")
def authority():
    return Authority(now=int(time.time()))


@pytest.fixture(scope="module", params=ENGINES)
def place(request, engines, authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    ca_file = authority.file(folder / "clients.pem")
    with served(engines[request.param], folder, ca_file) as (site, front):
        yield Place(site, front, authority, folder)


@pytest.fixture
def own_place(authority, tmp_path):
    """A place of one test, whose nginx has other lines than the document's."""
    with_lines = []

    def make(**lines):
        made = served("sqlite://", tmp_path, authority.file(tmp_path / "clients.pem"), **lines)
        with_lines.append(made)
        return Place(*made.__enter__(), authority, tmp_path)

    yield make
    for made in with_lines:
        made.__exit__(None, None, None)


def test_a_client_with_a_certificate_gets_and_uses_a_bound_token(place):
    """oauth4webapi and openid-client, by the aliases of the metadata."""
    alice = place.person()
    given = {
        name: {"certificate": certificate, "key": key}
        for name, (certificate, key) in place.files.items()
    }
    given["machine"]["client_id"] = place.machine.client.client_id
    given["web"]["client_id"] = place.web.client.client_id
    given |= {"redirectUri": CALLBACK, "ca": place.ca}
    command = [javascript.node(), "mutual_tls.js", place.front.issuer, json.dumps(given)]
    found = converse(command, lambda asked: alice.allow(asked["visit"]), javascript.HOME)
    alice.browser.close()
    assert found["machine"] == {
        "type": "bearer",
        "cnf": {"x5t#S256": place.issued.thumbprint},
        "refused": 401,
    }
    assert found["web"]["statuses"] == [200, 401, 401]
    assert found["web"]["sub"]
    assert found["openid"] == {"type": "bearer", "sub": found["web"]["sub"]}
    bound = {one.record.confirmation for one in place.site.storage.walk(AccessToken)}
    assert f"x5t#S256:{place.own.thumbprint}" in bound


def test_curl_gets_a_token_by_its_certificate(place):
    curl = program("curl")
    if curl is None:
        missing("no curl", __name__)
    certificate, key = place.files["machine"]
    form = {"grant_type": "client_credentials", "client_id": place.machine.client.client_id}
    sent = [part for name, value in form.items() for part in ("-d", f"{name}={value}")]
    url = f"{place.front.alias}/oauth/token"
    command = [curl, "-s", "--cacert", place.ca, "--cert", certificate, "--key", key, *sent, url]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)  # noqa: S603
    assert json.loads(done.stdout)["token_type"] == "Bearer"


def test_authlib_gets_a_token_as_the_console_shows_it(place):
    client = OAuth2Session(place.machine.client.client_id, token_endpoint_auth_method="none")
    client.cert, client.verify, client.trust_env = place.files["machine"], place.ca, False
    url = f"{place.front.alias}/oauth/token"
    tokens = client.fetch_token(url, grant_type="client_credentials")
    assert tokens["token_type"] == "Bearer"
    client.close()


def test_no_other_certificate_or_none_proves_the_client(place):
    assert place.token("machine").status_code == 200
    for wrong in ("web", "other", None):
        answer = place.token(wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("certificate", ["expired", "own, expired"])
def test_nginx_itself_refuses_an_expired_certificate(place, certificate):
    answer = place.token(certificate)
    assert answer.status_code == 400
    assert "The SSL certificate error" in answer.text


def test_a_stranger_s_header_proves_nobody_at_either_host(place):
    forged = place.issued.nginx
    for base in (place.front.issuer, place.front.alias):
        for name in (HEADER, HEADER.lower(), HEADER.replace("-", "_"), "Client-Cert"):
            assert place.token(None, base, **{name: forged}).status_code == 401
            assert place.token("other", base, **{name: forged}).status_code == 401
    assert place.token("machine", **{HEADER: "forged"}).status_code == 200


def test_the_issuer_s_own_host_asks_for_no_certificate(place):
    assert place.token("machine", place.front.issuer).status_code == 401


def test_pages_are_not_served_where_certificates_are_asked_for(place):
    for path in ("/", "/login", "/oauth/authorize", "/clients"):
        url = place.front.alias + path
        assert requests.get(url, verify=place.ca, timeout=30).status_code == 404


def test_the_doctor_finds_nothing_about_the_documented_nginx(place):
    findings, skipped = place.examine()
    assert findings == []
    assert not {"live.forged_certificate", "live.certificate"} & set(skipped)


@pytest.mark.parametrize("fault", ["passed on at the issuer", "passed on at the alias"])
def test_the_doctor_finds_a_proxy_that_passes_on_what_a_stranger_writes(own_place, fault):
    server, removed = documented()
    if fault == "passed on at the issuer":
        [secret] = [line for line in server.splitlines() if "Proxy-Secret" in line]
        removed = secret.strip().replace("PROXY_SECRET", PROXY_SECRET)
    else:
        server = server.replace(
            f"{HEADER} $ssl_client_escaped_cert", f"{HEADER} $http_x_ssl_client_cert"
        )
    place = own_place(server=server, removed=removed)
    forged = place.token(
        None, place.front.issuer if "issuer" in fault else None, **{HEADER: place.issued.nginx}
    )
    assert forged.status_code == 200, "the proxy of this test must be open to it"
    findings, _ = place.examine()
    assert "live.forged_certificate" in [finding.row.name for finding in findings]
    port = place.front.ports[0 if "issuer" in fault else 1]
    assert any(f"localhost:{port}: {HEADER} of a stranger" in one.found for one in findings)


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("    ssl_verify_client optional_no_ca;\n", ""),
        (f"{HEADER} $ssl_client_escaped_cert;", f'{HEADER} "";'),
        ('Oauthprov-Proxy-Secret "PROXY_SECRET"', 'Oauthprov-Proxy-Secret "another"'),
    ],
)
def test_the_doctor_finds_a_proxy_that_hands_no_certificate_on(own_place, line, instead):
    server, _ = documented()
    assert line in server
    place = own_place(server=server.replace(line, instead))
    assert place.token("machine").status_code == 401
    findings, _ = place.examine()
    assert [finding.row.name for finding in findings] == ["live.certificate"]
