"""Bound access tokens at UserInfo and in a host's views (RFC 9449 section 7)."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator

from oauthprov.records import ReplayMark
from tests import site as sites
from tests.proofs import Holder
from tests.site import PHOTOS
from tests.web import test_resource
from tests.web.openid import openid_site

HOLDER, OTHER = Holder(), Holder()
ISSUER = "https://id.example/auth"
USERINFO = f"{ISSUER}/oauth/userinfo"
VIEW = "https://id.example/photos"


@pytest.fixture
def site():
    made = test_resource.host()
    yield made
    made.close()


@pytest.fixture
def app(site):
    return site.app()


def bound(app, holder=HOLDER, **asked):
    """An access token that is bound to a key."""
    site = app.site
    url = site.issuer + "/oauth/token"
    browser = site.browser().sign_up("alice")
    code = browser.connect(app, **asked)["code"]
    answer = app.exchange(code, {"DPoP": holder.proof("POST", url, site.clock())})
    assert answer.json["token_type"] == "DPoP", answer
    return answer.json["access_token"]


def ask(site, token, proof=None, url=VIEW, scheme="DPoP", **headers):
    given = {"Authorization": f"{scheme} {token}"}
    if proof is not None:
        given["DPoP"] = proof
    return site.get(url, headers=given | headers)


def good(site, token, holder=HOLDER, url=VIEW, method="GET", **claims):
    return holder.proof(method, url, site.clock(), token=token, **claims)


def refused(answer, error, status=401, scheme="DPoP"):
    assert (answer.status_int, answer.json["error"]) == (status, error), answer
    challenges = answer.headers.getall("WWW-Authenticate")
    names = [one.split(" ")[0] for one in challenges]
    assert names == (["DPoP", "Bearer"] if error == "use_dpop_nonce" else ["Bearer", "DPoP"])
    said = [name for name, one in zip(names, challenges, strict=True) if "error=" in one]
    assert said == [scheme]
    assert f'error="{error}"' in challenges[names.index(scheme)]


def test_a_view_takes_a_bound_token_with_its_proof_without_a_line_changed(site, app):
    token = bound(app, scope="photos:read")
    answer = ask(site, token, good(site, token))
    assert (answer.status_int, list(answer.json)) == (200, ["photos_of"])


def test_a_proof_may_name_the_host_of_the_resource_that_a_view_names(site, app):
    token = bound(app, scope="photos:read", resource=PHOTOS)
    url = PHOTOS.rstrip("/") + "/photos"
    proof = good(site, token, url=url)
    assert ask(site, token, proof).status_int == 200
    refused(ask(site, token, proof), "invalid_dpop_proof")


def test_a_bound_token_is_no_bearer_token(site, app):
    token = bound(app, scope="photos:read")
    refused(ask(site, token, scheme="Bearer"), "invalid_token", scheme="Bearer")
    refused(ask(site, token, good(site, token), scheme="Bearer"), "invalid_token", scheme="Bearer")


def test_a_bearer_token_is_no_bound_token(site, app):
    token = test_resource.tokens_of(app, scope="photos:read")
    refused(ask(site, token, good(site, token)), "invalid_token")
    assert ask(site, token, good(site, token), scheme="Bearer").status_int == 200


def test_a_bound_token_needs_a_proof_of_its_key_for_this_request(site, app):
    token = bound(app, scope="photos:read")
    now = site.clock()
    proofs = [
        None,
        "",
        "a.b.c",
        good(site, token, OTHER),
        good(site, token, method="POST"),
        good(site, token, url="https://evil.example/photos"),
        good(site, token, url=USERINFO),
        good(site, token + "x"),
        HOLDER.proof("GET", VIEW, now),
        HOLDER.proof("GET", VIEW, now - 301, token=token),
        HOLDER.proof("GET", VIEW, now + 31, token=token),
        f"{good(site, token)}, {good(site, token)}",
    ]
    for proof in proofs:
        refused(ask(site, token, proof), "invalid_dpop_proof")
    assert ask(site, token, good(site, token)).status_int == 200


def test_the_host_header_proves_nothing(site, app):
    token = bound(app, scope="photos:read")
    forged = good(site, token, url="https://evil.example/photos")
    answer = ask(site, token, forged, Host="evil.example")
    assert answer.status_int == 401
    assert ask(site, token, good(site, token), Host="evil.example").status_int == 200


def test_a_proof_is_good_for_one_request(site, app):
    token = bound(app, scope="photos:read")
    proof = good(site, token)
    assert ask(site, token, proof).status_int == 200
    refused(ask(site, token, proof), "invalid_dpop_proof")


def test_a_request_that_is_refused_uses_up_no_proof(site, app):
    token = bound(app, scope="profile:read")
    before = len(list(site.storage.walk(ReplayMark)))
    refused(ask(site, token, good(site, token)), "insufficient_scope", 403)
    assert len(list(site.storage.walk(ReplayMark))) == before


def test_two_tokens_at_once_are_malformed(site, app):
    token = bound(app, scope="photos:read")
    answer = ask(site, f"{token}, Bearer {token}", good(site, token))
    refused(answer, "invalid_request", 400)
    answer = ask(site, f"{token}, DPoP {token}", good(site, token), scheme="Bearer")
    refused(answer, "invalid_request", 400, scheme="Bearer")


def test_a_resource_costs_one_read_and_one_write(site, app):
    token = bound(app, scope="photos:read")
    ask(site, token, good(site, token))
    proof = good(site, token)
    assert site.storage.trips(lambda: ask(site, token, proof)) == (1, 1)


def test_a_security_policy_uses_a_proof_up_once():
    def configure(config: Configurator) -> None:
        config.set_security_policy(test_resource.OAuthSecurityPolicy())
        config.add_view(
            test_resource.whoami, route_name="whoami", renderer="json", permission="photos:read"
        )

    site = test_resource.host(configure)
    token = bound(site.app(), scope="photos:read")
    url = "https://id.example/whoami"
    proof = good(site, token, url=url)
    assert ask(site, token, proof, url).status_int == 200
    assert ask(site, token, proof, url).status_int == 403
    site.close()


def test_a_resource_that_accepts_only_bound_tokens_refuses_others():
    resources = "https://id.example/api | profile:read | Your profile | bound"
    site = sites.standalone(sites.ini("sqlite://", resources=resources))
    app, url = site.app(), "https://id.example/api/me"
    browser = site.browser().sign_up("alice")
    unbound = app.tokens(browser, scope="profile:read")["access_token"]
    answer = ask(site, unbound, url=url, scheme="Bearer")
    refused(answer, "invalid_token", scheme="Bearer")
    assert "bound to a key" in answer.json["error_description"]
    code = browser.connect(app, scope="profile:read")["code"]
    proof = HOLDER.proof("POST", site.issuer + "/oauth/token", site.clock())
    token = app.exchange(code, {"DPoP": proof}).json["access_token"]
    assert ask(site, token, good(site, token, url=url), url).status_int == 200
    site.close()


def test_where_binding_is_off_no_challenge_speaks_of_it():
    site = sites.standalone(sites.ini("sqlite://", dpop="off"))
    [challenge] = site.get("/api/me").headers.getall("WWW-Authenticate")
    assert challenge.startswith("Bearer ")
    refusal = site.get("/api/me", headers={"Authorization": "DPoP abc"})
    assert 'error="invalid_token"' in refusal.headers["WWW-Authenticate"]
    site.close()


@pytest.fixture
def openid():
    made = openid_site()
    yield made
    made.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_takes_a_bound_token_with_its_proof(openid, method):
    app = openid.app(scopes=("openid",))
    url = openid.issuer + "/oauth/userinfo"
    token = bound(app, scope="openid")
    proof = good(openid, token, url=url, method=method)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    first = openid.send(method, "/oauth/userinfo", **headers)
    assert (first.status_int, list(first.json)) == (200, ["sub"])
    refused(openid.send(method, "/oauth/userinfo", **headers), "invalid_dpop_proof")


def test_a_bound_token_in_a_form_is_refused(openid):
    app = openid.app(scopes=("openid",))
    token = bound(app, scope="openid")
    url = openid.issuer + "/oauth/userinfo"
    headers = {"DPoP": good(openid, token, url=url, method="POST")}
    answer = openid.post("/oauth/userinfo", {"access_token": token}, headers=headers)
    refused(answer, "invalid_token", scheme="Bearer")
    headers["Authorization"] = f"DPoP {token}"
    both = openid.post("/oauth/userinfo", {"access_token": token}, headers=headers)
    refused(both, "invalid_request", 400)


@pytest.fixture
def nonces():
    made = openid_site(**{"dpop.nonce": "true"})
    yield made
    made.close()


def bound_with_nonce(site, app):
    url = site.issuer + "/oauth/token"
    code = site.browser().sign_up("alice").connect(app, scope="openid profile:read")["code"]
    first = app.exchange(code, {"DPoP": HOLDER.proof("POST", url, site.clock())})
    assert first.json["error"] == "use_dpop_nonce"
    nonce = first.headers["DPoP-Nonce"]
    made = HOLDER.proof("POST", url, site.clock(), nonce=nonce)
    return app.exchange(code, {"DPoP": made}).json["access_token"], nonce


@pytest.mark.parametrize("path", ["/oauth/userinfo", "/api/me"])
def test_a_resource_gives_the_nonces_of_the_token_endpoint(nonces, path):
    app = nonces.app(scopes=("openid", "profile:read"))
    token, of_token_endpoint = bound_with_nonce(nonces, app)
    url = nonces.issuer + path
    for nonce in (None, "guessed"):
        more = {} if nonce is None else {"nonce": nonce}
        answer = ask(nonces, token, good(nonces, token, url=url, **more), url)
        refused(answer, "use_dpop_nonce")
    nonce = answer.headers["DPoP-Nonce"]
    assert nonce == of_token_endpoint
    for _ in range(2):
        answer = ask(nonces, token, good(nonces, token, url=url, nonce=nonce), url)
        assert answer.status_int == 200
        assert answer.headers.getall("DPoP-Nonce") == [nonce]
    nonces.clock.pass_by(360)
    refused(ask(nonces, token, good(nonces, token, url=url, nonce=nonce), url), "use_dpop_nonce")


def test_browser_apps_may_send_proofs_and_read_nonces(nonces):
    app = nonces.app("browser", scopes=("openid",))
    origin = {"Origin": app.client.redirect_uris[0].rpartition("/")[0]}
    preflight = nonces.send("OPTIONS", "/oauth/token", **origin)
    assert "dpop" in preflight.headers["Access-Control-Allow-Headers"].split(", ")
    form = {"grant_type": "authorization_code", "code": "x"}
    proof = {"DPoP": HOLDER.proof("POST", nonces.issuer + "/oauth/token", nonces.clock())}
    answer = app.post("token", form, proof | origin)
    assert answer.json["error"] == "use_dpop_nonce"
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"DPoP-Nonce", "WWW-Authenticate"} <= set(exposed)


def test_the_documents_say_what_is_offered_and_required():
    algorithms = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
    document, resource = "/.well-known/oauth-authorization-server", "oauth-protected-resource/api"
    for dpop, offered, required in (
        ("off", None, None),
        ("offered", algorithms, None),
        ("required", algorithms, True),
    ):
        site = sites.standalone(sites.ini("sqlite://", dpop=dpop))
        server, api = site.get(document).json, site.get(f"/.well-known/{resource}").json
        assert server.get("dpop_signing_alg_values_supported") == offered
        assert api.get("dpop_signing_alg_values_supported") == offered
        assert api.get("dpop_bound_access_tokens_required") is required
        site.close()
