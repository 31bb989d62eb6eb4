"""``make certify PROFILE=...``: what it writes is what a client of the suite needs, over TLS."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import time
from itertools import product
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests

from examples.certification.fapi import PREFIX, PROFILES
from examples.certification.nginx import HEADER
from examples.certification.service import Options, serving
from oauthprov.credentials import mint_id
from oauthprov.protocol.authentication.private_key_jwt import TYPE
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import parse_private_key
from tests.conformance.browser import Arrival, Browser, trusting
from tests.oauth import challenge
from tests.proofs import Holder
from tests.site import VERIFIER

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=PROFILES)
def options(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fapi")
    return Options(
        folder=folder,
        storage=f"sqlite:///{folder}/certification.sqlite",
        host="localhost",
        port=0,
        suite="suite.example:8443",
        profile=request.param,
    )


@pytest.fixture(scope="module")
def served(options):
    with serving(options) as made:
        yield made


class Client:
    """A client of a plan, as the suite has it, over https."""

    def __init__(self, options, plan, name, variant="private_key_jwt-dpop"):
        self.http = trusting(str(options.certificate))
        self.auth, self.binding = variant.split("-")[:2]
        if "mtls" in (self.auth, self.binding):
            self.http.cert = files(options.folder, plan[name.replace("client", "mtls")])
        self.signed = options.profile == "fapi2-message-signing"
        self.plan, self.known = plan, plan[name]
        self.key = parse_private_key(json.dumps(self.known["jwks"]["keys"][0]))
        self.holder = Holder()
        self.server = self.http.get(plan["server"]["discoveryUrl"], timeout=30).json()
        if self.http.cert:
            self.server |= self.server["mtls_endpoint_aliases"]
        self.callback = f"{options.suite_url}/callback"
        self.browser = Browser(str(options.certificate), options.suite_url)

    def claims(self, **more):
        now = int(time.time())
        issuer = self.server["issuer"]
        times = {"iat": now, "nbf": now, "exp": now + 60, "aud": issuer, "jti": mint_id()}
        return {"iss": self.known["client_id"], **times, **more}

    def post(self, endpoint, form):
        url, client_id = self.server[endpoint], self.known["client_id"]
        if self.auth == "mtls":
            form = form | {"client_id": client_id}
        else:
            assertion = jose.sign(self.claims(sub=client_id), self.key, typ=None)
            form = form | {"client_assertion_type": TYPE, "client_assertion": assertion}
        proof = {"DPoP": self.holder.proof("POST", url, int(time.time()))}
        headers = proof if self.binding == "dpop" else {}
        return self.http.post(url, form, headers=headers, timeout=30)

    def url(self, query=""):
        """The authorization URL of a request that is pushed for it."""
        asked = {
            "response_type": "code",
            "client_id": self.known["client_id"],
            "redirect_uri": self.callback + query,
            "scope": self.known["scope"],
            "state": "a state",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        if self.signed:
            asked["response_mode"] = "jwt"
            request = jose.sign(self.claims(**asked), self.key, typ="oauth-authz-req+jwt")
            asked = {"request": request}
        answer = self.post("pushed_authorization_request_endpoint", asked)
        assert answer.status_code == 201, answer.text
        uri = answer.json()["request_uri"]
        endpoint = self.server["authorization_endpoint"]
        return f"{endpoint}?client_id={self.known['client_id']}&request_uri={uri}"

    def parameters(self, url, entries):
        arrival = self.browser.visit(url, entries)
        assert isinstance(arrival, Arrival), arrival
        given = dict(parse_qsl(urlsplit(arrival.url).query))
        return jose.unverified_claims(given["response"]) if self.signed else given

    def redeem(self, code, query=""):
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        answer = self.post("token_endpoint", form | {"redirect_uri": self.callback + query})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def resource(self, token):
        url = self.plan["resource"]["resourceUrl"]
        headers = {"Authorization": f"Bearer {token}"}
        if self.binding == "dpop":
            proof = self.holder.proof("GET", url, int(time.time()), token=token)
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        return self.http.get(url, headers=headers, timeout=30)


def files(folder, certificate):
    """Write a certificate and its key; return the paths."""
    places = folder / "client.crt", folder / "client.key"
    for place, text in zip(places, (certificate["cert"], certificate["key"]), strict=True):
        place.write_text(text, "ascii")
    return tuple(map(str, places))


VARIANTS = [
    "-".join(words)
    for words in product(
        ("private_key_jwt", "mtls"), ("dpop", "mtls"), ("openid_connect", "plain_oauth")
    )
]


@pytest.mark.parametrize("name", ["client", "client2"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_client_of_a_plan_gets_what_it_asks_for(options, served, variant, name):
    plan, openid = served.plans[variant], variant.rpartition("-")[2]
    client = Client(options, plan, name, variant)
    query = "?dummy1=lorem&dummy2=ipsum" if name == "client2" else ""
    given = client.parameters(client.url(query), plan["browser"])
    tokens = client.redeem(given["code"], query)
    assert ("id_token" in tokens) is (openid == "openid_connect")
    assert client.resource(tokens["access_token"]).status_code == 200


def test_alice_rejects_the_authentication_in_the_module_about_that(options, served):
    own = served.plan["override"][f"{PREFIX}user-rejects-authentication"]
    for name in ("client", "client2"):
        client = Client(options, served.plan | own, name)
        assert client.parameters(client.url(), own["browser"])["error"] == "access_denied"


def test_alice_looks_first_in_the_module_about_reused_request_uris(options, served):
    client = Client(options, served.plan, "client")
    module = "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds"
    looking, signing_in = served.plan["override"][PREFIX + module]["browser"]
    assert looking["match-limit"] == 1
    url = client.url()
    assert client.browser.visit(url, [looking]).element("sign-in")
    assert "code" in client.parameters(url, [signing_in])


def test_there_is_a_plan_for_each_variant(served):
    assert list(served.plans) == VARIANTS
    assert served.plan is served.plans[VARIANTS[0]]


def test_a_certificate_that_a_client_writes_itself_never_arrives(options, served):
    certificate = served.plans["mtls-mtls-plain_oauth"]["mtls"]
    client = Client(options, served.plans["mtls-mtls-plain_oauth"], "client")
    client.auth = "mtls"
    secret = (options.folder / "proxy.secret").read_text("ascii").strip()
    written = {HEADER: quote(certificate["cert"]), "Oauthprov-Proxy-Secret": secret}
    client.http.headers.update(written)
    answer = client.post("token_endpoint", {"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_nginx_has_the_versions_and_suites_of_bcp_195(options, served, version):
    context = ssl.create_default_context(cafile=str(options.certificate))
    context.minimum_version = context.maximum_version = version
    adapter = requests.adapters.HTTPAdapter()
    adapter.init_poolmanager(1, 1, ssl_context=context)
    with requests.Session() as http:
        http.trust_env = False
        http.mount("https://", adapter)
        assert http.get(f"{served.issuer}/healthz", timeout=30).status_code == 200


def test_make_passes_the_profile_on_and_gives_each_a_folder():
    make = [shutil.which("make"), "--dry-run", "certify", "PROFILE=fapi2"]
    done = subprocess.run(  # noqa: S603 - nothing is run: make shows what it would do
        make, cwd=ROOT, capture_output=True, text=True, check=True
    )
    said = done.stdout.replace("\\\n", " ")
    assert '--profile "fapi2"' in said
    assert re.search(r'--folder "var/certification-fapi2"', said)
