"""A resource server elsewhere and the real provider, over real HTTP."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from webtest import TestApp

from oauthprov.failures import ConfigurationError
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.resource import OAuthSecurityPolicy, challenge
from oauthprov.settings.values import ALGORITHMS
from tests import site as sites
from tests.fetch.server import JSON, Authority, answer
from tests.fetch.server import Server as TlsServer
from tests.resource_server.conftest import PHOTOS, Api, ini
from tests.site import bearing


@pytest.fixture
def make(provider, client):
    """Makes the app, with settings that a test chooses."""

    def made(configure=lambda config: None, **more):
        own = {"client_id": client.client.client_id, "client_secret": client.secret}
        return Api(ini(provider.issuer, **own | more), configure)

    return made


@pytest.fixture
def api(make):
    return make()


def token_of(provider, browser, **asked):
    return provider.app().tokens(browser, **asked)["access_token"]


@pytest.mark.parametrize("asked", [{}, {"resource": PHOTOS}])
def test_a_token_with_the_scope_gets_in(provider, api, alice, asked):
    token = token_of(provider, alice, scope="photos:read", **asked)
    response = api.get(token)
    assert response.status_int == 200
    assert response.json["account"] == alice.account_id()
    assert response.json["scopes"] == ["photos:read"]


def test_the_challenges_are_those_of_rfc_6750_and_9728(provider, api, alice):
    document = "https://photos.example/.well-known/oauth-protected-resource"
    realm = f'realm="{provider.issuer}"'
    few = token_of(provider, alice, scope="photos:write")
    said = {
        None: (401, {}, 'scope="photos:read", '),
        "unknown": (401, "invalid_token", ""),
        "a b": (400, "invalid_request", ""),
        few: (403, "insufficient_scope", 'scope="photos:read", '),
    }
    for token, (status, error, scope) in said.items():
        response = api.get(token)
        header = response.headers.getall("WWW-Authenticate")[0]
        assert (response.status_int, response.json.get("error", {})) == (status, error)
        assert header.startswith(f"Bearer {realm}")
        assert header.endswith(f'{scope}resource_metadata="{document}"')
        assert ("error=" in header) is bool(error)
        assert response.headers["Cache-Control"] == "no-store"


def test_the_challenges_are_the_same_in_the_provider_s_own_app(provider, api, alice):
    """But for the resource: ``/api/me`` requires another scope, at another address."""
    own = (f"{provider.issuer}/.well-known/oauth-protected-resource/api", "profile:read")
    theirs = ("https://photos.example/.well-known/oauth-protected-resource", "photos:read")
    few = token_of(provider, alice, scope="photos:write")
    for token in (None, "unknown", "a b", few):
        headers = bearing(token) if token else {}
        there = provider.get("/api/me", headers=headers)
        here = api.get(token)
        expected = there.headers.getall("WWW-Authenticate")[0]
        for before, after in zip(own, theirs, strict=True):
            expected = expected.replace(before, after)
        assert (here.status_int, here.body) == (there.status_int, there.body)
        assert here.headers.getall("WWW-Authenticate")[0] == expected


def test_the_metadata_leads_to_the_issuer(provider, api):
    path = "/.well-known/oauth-protected-resource"
    response = api.get(path=path)
    assert response.json == {
        "resource": PHOTOS,
        "authorization_servers": [provider.issuer],
        "scopes_supported": ["photos:read", "photos:write"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Your photos",
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
    }
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert int(response.headers["Content-Length"]) == len(response.body)
    assert api.get(path=f"{path}?x=1").status_int == 404
    assert api.get(path=f"{path}/elsewhere").status_int == 404


def test_each_resource_has_its_document_and_its_tokens(provider, client, make, alice):
    uri = f"{provider.issuer}/api"
    declared = f"{PHOTOS} | photos:read | Photos\n{uri} | profile:read | You"
    api = make(resources=declared)
    path = "/.well-known/oauth-protected-resource/api"
    assert api.get(path=path).json["resource"] == uri
    token = token_of(provider, alice, scope="profile:read", resource=uri)
    assert api.get(token).json["error"] == "invalid_token"
    provider.registrar.edit(client.client.client_id, introspects=["*"])
    response = make(resources=declared).get(token)
    assert response.json["error_description"] == "The access token is not valid for this resource."


@pytest.mark.parametrize("seconds", [0, 5])
def test_a_revocation_is_seen_when_the_answer_is_too_old(provider, make, alice, seconds):
    api, app = make(cache=str(seconds)), provider.app()
    token = app.tokens(alice, scope="photos:read")["access_token"]
    assert api.get(token).status_int == 200
    assert app.post("/oauth/revoke", {"token": token}).status_int == 200
    if seconds:
        api.clock.pass_by(seconds - 1)
        assert api.get(token).status_int == 200
        api.clock.pass_by(1)
    assert api.get(token).json["error"] == "invalid_token"


def test_an_api_without_the_right_admits_nobody(provider, client, api, alice):
    provider.registrar.edit(client.client.client_id, introspects=[])
    token = token_of(provider, alice, scope="photos:read")
    assert api.get(token).json["error"] == "invalid_token"


def test_an_api_with_a_wrong_secret_is_503(provider, make, alice):
    api = make(client_secret="wrong")
    assert api.get(token_of(provider, alice, scope="photos:read")).status_int == 503


def test_an_api_may_send_its_secret_in_the_form(provider, make, alice):
    app = provider.app("api", introspects=(PHOTOS,), auth_method="client_secret_post")
    token = token_of(provider, alice, scope="photos:read")
    own = {"client_id": app.client.client_id, "client_secret": app.secret}
    assert make(**own).get(token).status_int == 503  # its client registered the other method
    posting = make(**own, client_auth_method="client_secret_post")
    assert posting.get(token).json["account"] == alice.account_id()


@pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519"])
def test_an_api_may_sign_instead_of_having_a_secret(provider, make, alice, alg):
    """RFC 7523 section 2.2: a new assertion for each question."""
    key = PrivateKey.generate(alg)
    jwks = {"keys": [key.public()]}
    app = provider.app("api", introspects=(PHOTOS,), auth_method="private_key_jwt", jwks=jwks)
    api = make(
        client_id=app.client.client_id,
        client_secret="",
        client_auth_method="private_key_jwt",
        client_key=key.dump().decode(),
        cache="0",
    )
    token = token_of(provider, alice, scope="photos:read")
    for _ in range(2):
        assert api.get(token).json["account"] == alice.account_id()
    other = make(
        client_id=app.client.client_id,
        client_secret="",
        client_auth_method="private_key_jwt",
        client_key=PrivateKey.generate(alg).dump().decode(),
    )
    assert other.get(token).status_int == 503


@pytest.mark.parametrize("key", ["nonsense", '{"kty": "oct", "k": "AAAA"}', '{"kty": "EC"}'])
def test_a_key_that_cannot_sign_stops_the_start_without_showing_it(make, key):
    with pytest.raises(ConfigurationError, match="client_key must be a private key") as wrong:
        make(client_secret="", client_auth_method="private_key_jwt", client_key=key)
    assert key not in str(wrong.value)


def test_a_refresh_token_is_no_access_token(provider, make, alice):
    """A client may introspect its own refresh tokens: the API must not take one of them."""
    app = provider.app(introspects=("*",))
    api = make(client_id=app.client.client_id, client_secret=app.secret)
    tokens = app.tokens(alice, scope="photos:read")
    assert api.get(tokens["access_token"]).status_int == 200
    assert api.get(tokens["refresh_token"]).json["error"] == "invalid_token"


def test_the_token_of_a_machine_has_no_account(provider, api):
    form = {"grant_type": "client_credentials", "scope": "photos:read"}
    machine = provider.app("machine")
    response = api.get(machine.post("token", form).json["access_token"])
    assert (response.json["account"], response.json["client"]) == (
        None,
        machine.client.client_id,
    )


def test_the_policy_takes_scopes_for_permissions(provider, make, alice):
    def with_policy(config):
        config.set_security_policy(OAuthSecurityPolicy())
        config.add_route("album", "/own")
        config.add_view(
            lambda request: {"userid": request.authenticated_userid},
            route_name="album",
            renderer="json",
            permission="photos:write",
        )
        config.add_forbidden_view(lambda request: challenge(request, ("photos:write",)))

    api = make(with_policy)
    token = token_of(provider, alice, scope="photos:write")
    assert api.get(token, "/own").json == {"userid": alice.account_id()}
    few = token_of(provider, alice, scope="photos:read")
    assert api.get(few, "/own").json["error"] == "insufficient_scope"
    assert api.get(path="/own").status_int == 401


def test_an_issuer_over_https_must_have_a_certificate_that_is_trusted(tmp_path):
    """At any address and port: the operator has named it."""
    authority = Authority(tmp_path)
    server = TlsServer(authority.context("localhost"))
    try:
        issuer = f"https://localhost:{server.port}"
        document = {"issuer": issuer, "introspection_endpoint": f"{issuer}/oauth/introspect"}
        server.reply = answer(json.dumps(document).encode(), JSON)
        settings = ini(issuer, ca_file=authority.file)
        assert Api(settings).get("unknown").status_int == 503  # the same document again: no answer
        assert [request.split()[0] for request in server.asked] == [b"GET", b"POST"]
        assert Api(ini(issuer)).get("unknown").status_int == 503
        assert len(server.asked) == 2
    finally:
        server.close()


@pytest.mark.parametrize(
    "options",
    [
        {"oauth_scopes": ("photos:raed",)},
        {"oauth_scopes": "photos:read"},
        {"oauth_scopes": ("photos:read",), "oauth_resource": "https://elsewhere.example/"},
        {"oauth_resource": PHOTOS},
        {"oauth_scopes": ("photos:read",), "oauth_cors": "bearer"},
    ],
)
def test_a_wrong_view_option_stops_the_start(make, options):
    def configure(config):
        config.add_view(lambda request: {}, name="x", renderer="json", **options)

    with pytest.raises(Exception, match="oauth_"):
        make(configure)


def test_the_hosts_other_views_are_untouched(api):
    response = api.get(path="/untouched")
    assert response.status_int == 200
    assert not {"WWW-Authenticate", "Cache-Control", "Vary"} & set(response.headers)


def test_it_loads_neither_storage_nor_protocol_nor_oauthlib():
    script = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from pyramid.config import Configurator\n"
        f"config = Configurator(settings={ini('https://id.example')!r})\n"
        "config.include('oauthprov.resource_server'); config.make_wsgi_app()\n"
        "roots = ('oauthlib', 'sqlalchemy', 'redis', 'joserfc', 'oauthprov.storage',"
        " 'oauthprov.protocol', 'oauthprov.web', 'oauthprov.accounts')\n"
        "print(sorted(name for name in sys.modules if name.startswith(roots)))"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_one_app_is_the_provider_or_a_resource_server_elsewhere():
    settings = sites.ini("sqlite://") | ini("https://id.example")
    with pytest.raises(ConfigurationError, match="issuer is not a setting"):
        sites.standalone(settings)


def test_the_app_of_the_guide_works(provider, client, alice, tmp_path, monkeypatch):
    guide = Path(__file__).parents[2] / "docs" / "resource-servers.md"
    app, *_ = re.findall(
        r"^```python\n(.+?)^```$", guide.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (tmp_path / "app_of_the_guide.py").write_text(app, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    own = {"client_id": client.client.client_id, "client_secret": client.secret}
    main = importlib.import_module("app_of_the_guide").main
    album = TestApp(main({}, **ini(provider.issuer, **own)))
    token = token_of(provider, alice, scope="photos:read")
    response = album.get("https://photos.example/album", headers=bearing(token))
    assert response.json == {"photos_of": alice.account_id()}
