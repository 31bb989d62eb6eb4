"""Tokens bound to a certificate at UserInfo and in a host's views (RFC 8705 section 3)."""

import pytest
from pyramid.config import Configurator

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.resource import bearer
from tests import site as sites
from tests.certificates import PROXY_SECRET, Authority, self_signed
from tests.proofs import Holder
from tests.protocol import certified

CERTIFICATE, OTHER, HOLDER = self_signed(), self_signed(), Holder()
ISSUER = "https://id.example/auth"
USERINFO = f"{ISSUER}/oauth/userinfo"
VIEW = "https://id.example/photos"
FLAG = {"tls_client_certificate_bound_access_tokens": True}
SCOPES = ("photos:read", "openid")
WANTED = {
    "response_type": "code",
    "redirect_uri": sites.CALLBACK,
    "code_challenge": sites.challenge(sites.VERIFIER),
    "code_challenge_method": "S256",
}


def photos(request):
    return {"photos_of": bearer(request).account_id}


@pytest.fixture
def site(tmp_path):
    mtls = certified.settings(Authority().file(tmp_path / "ca.pem"))
    mtls["mtls.base_url"] = "https://mtls.id.example/auth"
    settings = sites.ini(
        "sqlite://", issuer=ISSUER, development="true", scopes=sites.OPENID, device="true", **mtls
    )
    with Configurator(settings=settings) as config:
        config.include("oauthprov", route_prefix="/auth")
        config.add_route("photos", "/photos")
        config.add_view(
            photos, route_name="photos", renderer="json", oauth_scopes=("photos:read",)
        )
        made = sites.assembled(config, ISSUER)
    yield made
    made.close()


@pytest.fixture(params=["web", "native"])
def app(site, request):
    return site.app(request.param, scopes=SCOPES, **FLAG)


def shown(certificate, secret=PROXY_SECRET):
    return {"X-SSL-Client-Cert": certificate.nginx, "Oauthprov-Proxy-Secret": secret}


def bound(app):
    """An access token that is bound to the certificate."""
    code = app.site.browser().sign_up("alice").connect(app, scope=" ".join(SCOPES))["code"]
    answer = app.exchange(code, shown(CERTIFICATE))
    assert answer.json["token_type"] == "Bearer", answer
    return answer.json["access_token"]


def ask(site, token, url=VIEW, **headers):
    return site.get(url, headers={"Authorization": f"Bearer {token}"} | headers)


def refused(answer):
    assert (answer.status_int, answer.json["error"]) == (401, "invalid_token"), answer
    challenges = answer.headers.getall("WWW-Authenticate")
    assert challenges[0].startswith("Bearer ")
    assert 'error="invalid_token"' in challenges[0]


@pytest.mark.parametrize("url", [VIEW, USERINFO])
def test_8705_3_a_bound_token_is_accepted_with_its_certificate_alone(site, app, url):
    token = bound(app)
    for _ in range(2):
        assert ask(site, token, url, **shown(CERTIFICATE)).status_int == 200
    refused(ask(site, token, url))
    refused(ask(site, token, url, **shown(OTHER)))
    refused(ask(site, token, url, **shown(CERTIFICATE, secret="x" * 40)))
    mangled = shown(CERTIFICATE) | {"X-SSL-Client-Cert": CERTIFICATE.nginx[:-9]}
    refused(ask(site, token, url, **mangled))


def test_8705_3_a_bound_token_in_a_form_needs_the_certificate_too(site, app):
    token = bound(app)
    form = {"access_token": token}
    assert site.post(USERINFO, form, headers=shown(CERTIFICATE)).status_int == 200
    refused(site.post(USERINFO, form))


def test_a_token_that_is_bound_to_a_certificate_is_none_of_dpop(site, app):
    token = bound(app)
    proof = HOLDER.proof("GET", VIEW, site.clock(), token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    answer = site.get(VIEW, headers=headers | shown(CERTIFICATE))
    assert (answer.status_int, answer.json["error"]) == (401, "invalid_token")


def test_an_unbound_token_needs_no_certificate_and_takes_any(site):
    app = site.app(scopes=("photos:read",))
    token = app.tokens(site.browser().sign_up("alice"), scope="photos:read")["access_token"]
    assert ask(site, token).status_int == 200
    assert ask(site, token, **shown(OTHER)).status_int == 200


def test_a_bound_token_costs_a_resource_one_read(site, app):
    token = bound(app)
    ask(site, token, **shown(CERTIFICATE))
    before = site.storage.reads, site.storage.writes
    assert ask(site, token, **shown(CERTIFICATE)).status_int == 200
    assert (site.storage.reads - before[0], site.storage.writes - before[1]) == (1, 0)


@pytest.mark.parametrize("host", ["https://id.example", "https://mtls.id.example"])
def test_8705_5_a_proof_of_dpop_may_name_the_alias(site, host):
    app = site.app(scopes=SCOPES)
    code = site.browser().sign_up("alice").connect(app, scope=" ".join(SCOPES))["code"]
    now = site.clock()
    proof = HOLDER.proof("POST", f"{host}/auth/oauth/token", now)
    token = app.exchange(code, {"DPoP": proof}).json["access_token"]
    for path, url in (("/auth/oauth/userinfo", USERINFO), ("/photos", VIEW)):
        made = HOLDER.proof("GET", f"{host}{path}", now, token=token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": made}
        assert site.get(url, headers=headers).status_int == 200


@pytest.mark.parametrize("host", ["https://id.example", "https://mtls.id.example"])
def test_8705_5_a_proof_of_a_push_may_name_the_alias_too(site, host):
    app = site.app("native")
    proof = HOLDER.proof("POST", f"{host}/auth/oauth/par", site.clock())
    form = WANTED | {"client_id": app.client.client_id}
    assert site.post("/oauth/par", form, headers={"DPoP": proof}).status_int == 201
    elsewhere = HOLDER.proof("POST", "https://evil.example/auth/oauth/par", site.clock())
    answer = site.post("/oauth/par", form, headers={"DPoP": elsewhere})
    assert (answer.status_int, answer.json["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("host", ["https://id.example", "https://mtls.id.example"])
def test_8705_5_an_assertion_may_name_the_alias(site, host):
    app = site.signer("machine")
    form = {"grant_type": "client_credentials", "token": "x"}
    for path in ("token", "introspect"):
        proof = app.proof(f"{host}/auth/oauth/{path}")
        assert site.post(f"/oauth/{path}", form | proof).status_int == 200
    web = site.signer(grant_types=("authorization_code", DEVICE_CODE))
    for path, members in (("par", WANTED), ("device_authorization", {})):
        proof = web.proof(f"{host}/auth/oauth/{path}")
        assert site.post(f"/oauth/{path}", members | proof).status_int in (200, 201)
    other = app.proof("https://evil.example/auth/oauth/token")
    assert site.post("/oauth/token", form | other).status_int == 401
