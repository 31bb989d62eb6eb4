"""A host's own views, protected by scopes; and the security policy for an API."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

from oauthprov import credentials
from oauthprov.resource import OAuthSecurityPolicy, bearer, challenge
from tests import site as sites
from tests.site import PHOTOS, bearing

HOST = "https://id.example"


def photos(request):
    return {"photos_of": bearer(request, PHOTOS).account_id}


def shared(request):
    return {"client": bearer(request).client_id}


def whoami(request):
    return {"userid": request.authenticated_userid, "scopes": request.identity.scopes}


def forbidden(request):
    request.response.headers["X-Host"] = "yes"
    return challenge(request, ("photos:write",)) or request.response


def host(configure=lambda config: None, storage_url="sqlite://"):
    """A host with views of its own beside the provider, which is below ``/auth``."""
    settings = sites.ini(storage_url, issuer="https://id.example/auth", development="true")
    with Configurator(settings=settings) as config:
        config.include("oauthprov", route_prefix="/auth")
        for name in ("photos", "shared", "whoami", "untouched"):
            config.add_route(name, f"/{name}")
        config.add_view(
            photos,
            route_name="photos",
            renderer="json",
            oauth_scopes=("photos:read",),
            oauth_resource=PHOTOS,
        )
        config.add_view(shared, route_name="shared", renderer="json", oauth_scopes=())
        config.add_view(lambda request: {}, route_name="untouched", renderer="json")
        configure(config)
        return sites.assembled(config, settings["oauthprov.issuer"])


@pytest.fixture
def site():
    made = host()
    yield made
    made.close()


@pytest.fixture
def app(site):
    return site.app()


def tokens_of(app, **changes):
    return app.tokens(app.site.browser().sign_up("alice"), **changes)["access_token"]


def visit(site, path, token=None, **headers):
    given = bearing(token) if token else {}
    return site.get(f"https://id.example{path}", headers=given | headers)


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        ({"scope": "photos:read"}, 200, None),
        ({"scope": "photos:read", "resource": PHOTOS}, 200, None),
        ({"scope": "profile:read"}, 403, "insufficient_scope"),
        (
            {"scope": "profile:read", "resource": "https://id.example/auth/api"},
            401,
            "invalid_token",
        ),
    ],
)
def test_a_view_requires_its_scopes_and_its_resource(site, app, asked, status, error):
    response = visit(site, "/photos", tokens_of(app, **asked))
    assert (response.status_int, response.json.get("error")) == (status, error)
    if error:
        assert f'error="{error}"' in response.headers.getall("WWW-Authenticate")[0]


def test_a_token_costs_one_read(site, app):
    token = tokens_of(app, scope="photos:read")
    assert site.storage.trips(lambda: visit(site, "/photos", token)) == (1, 0)
    with_origin = {"Origin": "https://app.example"}
    assert site.storage.trips(lambda: visit(site, "/photos", token, **with_origin)) == (1, 0)


def test_the_challenge_names_no_document_of_a_resource_elsewhere(site):
    challenge = visit(site, "/photos").headers.getall("WWW-Authenticate")[0]
    assert challenge == 'Bearer realm="https://id.example/auth", scope="photos:read"'


def test_a_view_without_scopes_accepts_any_live_token(site, app):
    assert visit(site, "/shared").status_int == 401
    assert visit(site, "/shared", tokens_of(app)).json == {"client": app.client.client_id}


def test_a_bound_token_is_refused_by_a_view_without_a_resource(site, app):
    token = tokens_of(app, scope="photos:read", resource=PHOTOS)
    assert visit(site, "/shared", token).json["error"] == "invalid_token"


def test_the_hosts_other_views_are_untouched(site):
    response = visit(site, "/untouched", Origin="https://app.example")
    assert response.status_int == 200
    ours = {"WWW-Authenticate", "X-Request-Id", "Cache-Control", "Vary"}
    assert not ours & set(response.headers)
    assert not [name for name in response.headers if name.startswith("Access-Control")]


def test_a_resource_is_503_without_storage():
    site = host(storage_url="redis://127.0.0.1:1/0")
    token = credentials.Bearer.mint(credentials.ACCESS_TOKEN, "grant").raw
    response = visit(site, "/photos", token)
    assert (response.status_int, response.json["error"]) == (503, "temporarily_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert visit(site, "/untouched").status_int == 200
    site.close()


def add_view(**options):
    return lambda config: config.add_view(lambda request: {}, route_name="untouched", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"oauth_scopes": ("photos:raed",)},
        {"oauth_scopes": "photos:read"},
        {"oauth_scopes": ("photos:read",), "oauth_resource": "https://elsewhere.example/"},
        {"oauth_resource": PHOTOS},
        {"oauth_cors": "everyone"},
    ],
)
def test_a_wrong_view_option_stops_the_start(options):
    with pytest.raises(ConfigurationError, match="oauth_"):
        host(add_view(renderer="string", request_method="POST", **options))


def with_policy(config):
    config.set_security_policy(OAuthSecurityPolicy())
    config.add_view(whoami, route_name="whoami", renderer="json", permission="photos:write")
    config.add_forbidden_view(forbidden)


@pytest.fixture
def api():
    made = host(with_policy)
    yield made
    made.close()


def test_the_policy_knows_the_bearer_and_takes_scopes_for_permissions(api):
    app = api.app()
    browser = api.browser().sign_up("alice")
    token = app.tokens(browser, scope="photos:write")["access_token"]
    response = visit(api, "/whoami", token)
    assert response.json == {"userid": browser.account_id(), "scopes": ["photos:write"]}
    few = app.tokens(browser, scope="photos:read")["access_token"]
    assert visit(api, "/whoami", few).json["error"] == "insufficient_scope"
    response = visit(api, "/whoami")
    assert response.status_int == 401
    assert "error" not in response.headers.getall("WWW-Authenticate")[0]


def test_the_token_of_a_machine_has_no_person(api):
    app = api.app("machine")
    response = app.post("token", {"grant_type": "client_credentials", "scope": "photos:write"})
    told = visit(api, "/whoami", response.json["access_token"]).json
    assert told == {"userid": None, "scopes": ["photos:write"]}


@pytest.mark.parametrize("token", [None, "opa_x.y", "not a token"])
def test_whoever_has_no_good_token_learns_which_scopes_to_ask_for(site, token):
    response = visit(site, "/photos", token)
    if response.status_int == 401:
        for said in response.headers.getall("WWW-Authenticate"):
            assert 'scope="photos:read"' in said
    else:
        assert (token, response.status_int) == ("not a token", 400)
