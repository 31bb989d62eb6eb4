"""``oauthprov.secret`` was changed and the former one wasn't kept: no signing key opens."""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl, urlsplit

import pytest

from oauthprov.protocol.engine.client_endpoint import DESCRIPTIONS
from tests import site as sites
from tests.site import CALLBACK, OPENID, PHOTOS, SCOPES, App
from tests.web.openid import relying_party

OLD = "the-former-secret-of-this-server-long-enough"
NEW = "the-present-secret-of-this-server-long-enough"
REASON = {
    "error": "server_error",
    "error_description": "No signing key for RS256 can be decrypted with oauthprov.secret.",
}


@pytest.fixture
def server(tmp_path):
    """Start a server with these secrets; all have the same storage."""
    started = []

    def start(*secrets: str, **more: str):
        url = f"sqlite:///{tmp_path}/db.sqlite"
        given = {"scopes": OPENID, "secret": " ".join(secrets)} | more
        made = sites.standalone(sites.ini(url, development="true", **given))
        started.append(made)
        return made

    yield start
    for made in started:
        made.close()


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "oauthprov")
    return caplog


@pytest.fixture
def before(server):
    """The former server, which made the keys."""
    made = server(OLD)
    assert made.get("/oauth/jwks").json["keys"]
    return made


def moved(app: App, site) -> App:
    """The same application at the server that has taken over."""
    return App(site, app.client, app.secret, app.key)


@pytest.fixture
def code(before):
    """An application, and a code that it was given before the secret changed."""
    app = relying_party(before)
    params = before.browser().sign_up("alice").connect(app, scope="openid")
    return app, params["code"]


def test_the_token_endpoint_gives_server_error_and_keeps_the_code(server, code, lines):
    app, code = code
    answer = moved(app, server(NEW)).exchange(code)
    assert (answer.status_int, answer.json["error"]) == (500, "server_error")
    assert answer.json["error_description"] == DESCRIPTIONS["server_error"]
    assert "error=server_error reason=signing_key_sealed" in lines.text
    assert "storage" not in lines.text
    assert moved(app, server(NEW, OLD)).exchange(code).status_int == 200


def test_the_log_names_the_remedy(server, code, lines):
    app, code = code
    moved(app, server(NEW)).exchange(code)
    [what] = {
        r.getMessage()
        for r in lines.records
        if "oauthprov keys rotate" in r.getMessage()
        and r.name == "oauthprov.protocol.keys.signing_keys"
    }
    assert "append the former secret" in what


def test_oauth_without_openid_works(server, before):
    app = before.app()
    tokens = app.tokens(before.browser().sign_up("alice"))
    after = moved(app, server(NEW))
    assert after.refresh(tokens["refresh_token"]).status_int == 200
    assert after.me(tokens["access_token"]).status_int == 200


def test_an_id_token_without_a_code_is_a_server_error_at_the_client(server):
    implicit = {"openid.implicit": "true"}
    assert server(OLD, **implicit).get("/oauth/jwks").json["keys"]
    site = server(NEW, **implicit)
    app = relying_party(site, grant_types=("implicit",), response_types=("id_token",))
    asked = {"scope": "openid", "response_type": "id_token", "nonce": "n"}
    asked |= {"code_challenge": None, "code_challenge_method": None}
    browser = site.browser().sign_up("alice")
    answer = browser.decide(browser.authorize(app, **asked))
    told = dict(parse_qsl(urlsplit(answer.location).fragment))
    assert answer.location.startswith(CALLBACK)
    assert (told["error"], told["state"]) == ("server_error", "xyz")


def test_signed_userinfo_is_a_server_error(server, before):
    app = relying_party(before, userinfo_signed_response_alg="RS256")
    tokens = app.tokens(before.browser().sign_up("alice"), scope="openid")
    answer = moved(app, server(NEW)).userinfo(tokens["access_token"])
    assert (answer.status_int, answer.json["error"]) == (500, "server_error")
    assert "WWW-Authenticate" not in answer.headers


def test_readiness_gives_the_reason(server, before):
    answer = server(NEW).get("/readyz")
    assert (answer.status_int, answer.json) == (503, REASON)


def test_liveness_and_the_key_set_stay(server, before):
    after = server(NEW)
    assert after.get("/healthz").status_int == 200
    assert after.get("/oauth/jwks").json == before.get("/oauth/jwks").json


def test_the_server_is_ready_with_the_former_secret_behind_the_new_one(server, before):
    assert server(NEW, OLD).get("/readyz").status_int == 200


def test_the_server_is_ready_before_there_are_any_keys(server):
    site = server(OLD)
    assert site.get("/readyz").status_int == 200


def test_the_server_is_ready_where_nothing_is_signed(server, before):
    assert server(NEW, scopes=sites.SCOPES).get("/readyz").status_int == 200


def test_the_start_logs_that_keys_cannot_be_decrypted(server, before, lines):
    server(NEW, OLD)
    assert not [r for r in lines.records if r.levelno >= logging.ERROR]
    server(NEW)
    [line] = [r.getMessage() for r in lines.records if r.levelno >= logging.ERROR]
    assert line.startswith("no signing key for RS256 can be decrypted with oauthprov.secret")
    assert "append the former secret" in line


def test_a_machine_gets_no_jwt_and_an_opaque_token_all_the_same(server, lines):
    resources = f"{PHOTOS} | photos:read | Photos | jwt\nhttps://b.example | photos:read | Other"
    before = server(OLD, resources=resources, scopes=SCOPES)
    before.get("/oauth/jwks")
    app = before.app("machine", scopes=("photos:read",))
    machine = moved(app, server(NEW, resources=resources, scopes=SCOPES))
    form = {"grant_type": "client_credentials", "scope": "photos:read"}
    answer = machine.post("token", form | {"resource": PHOTOS})
    assert (answer.status_int, answer.json["error"]) == (500, "server_error")
    assert "no signing key for RS256 can be decrypted" in lines.text
    assert machine.post("token", form | {"resource": "https://b.example"}).status_int == 200
