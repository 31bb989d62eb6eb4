"""Straight from WSGI or through Pyramid's views: a client can't tell one from the other."""

from __future__ import annotations

import logging
import re

import pytest
from pyramid.config import Configurator
from pyramid.events import NewRequest
from pyramid.tweens import EXCVIEW
from webtest import TestRequest

from oauthprov import deadline
from oauthprov.errors import StorageError
from oauthprov.web.http.endpoint import Endpoint
from oauthprov.web.standalone import answer_straight
from tests import site as sites
from tests.site import CALLBACK, FORM, OPENID, OPENID_SCOPES, arrived, basic, bearing
from tests.web.account.test_host_accounts import HostAccounts

HSTS = "Strict-Transport-Security"


@pytest.fixture
def both():
    """The same app over one storage file each way: straight from WSGI, and by Pyramid's views."""
    made = [
        sites.standalone(sites.ini("sqlite://", scopes=OPENID, hsts="3600"), straight=straight)
        for straight in (True, False)
    ]
    for site in made:
        site.storage.upgrade()
    yield made
    for site in made:
        site.close()


def requests(site):
    """Requests of every kind to every endpoint that is answered straight, with their headers."""
    app = site.app(scopes=OPENID_SCOPES)
    machine = site.app("machine")
    alice = site.browser().sign_up("alice")
    tokens = app.tokens(alice, scope="openid offline_access")
    mine = basic(machine.client.client_id, machine.secret)
    bearer = bearing(tokens["access_token"])
    form, origin = {"content_type": FORM}, {"Origin": "https://app.example"}
    about = b"token=" + tokens["access_token"].encode()
    client = b"grant_type=client_credentials"
    yield "POST", "/oauth/token", b"", client, form | mine
    yield "POST", "/oauth/token", b"", client, form | mine | origin
    yield "POST", "/oauth/token", b"", client, form | {"Authorization": "Basic !"}
    yield "POST", "/oauth/token", b"", client, form
    yield "POST", "/oauth/token", b"", b"grant_type=password", form | mine
    yield "POST", "/oauth/token", b"", b"grant_type=%ff", form | mine
    yield "POST", "/oauth/token", b"a=b", client, form | mine
    yield "POST", "/oauth/token", b"", client, mine | {"content_type": "text/plain"}
    yield "POST", "/oauth/token", b"", b"x" * 70_000, form | mine
    yield "POST", "/oauth/token", b"", b"", form
    yield "POST", "/oauth/token/", b"", client, form | mine
    yield "GET", "/oauth/token", b"", b"", {}
    yield "PUT", "/oauth/token", b"", b"", {}
    yield "OPTIONS", "/oauth/token", b"", b"", origin
    yield "POST", "/oauth/introspect", b"", about, form | mine
    yield "POST", "/oauth/introspect", b"", b"token=x", form | mine | origin
    yield "POST", "/oauth/introspect", b"", b"", form | mine
    yield "POST", "/oauth/revoke", b"", b"token=x", form | mine
    yield "POST", "/oauth/par", b"", b"response_type=code", form | mine | origin
    yield "GET", "/oauth/par", b"", b"", {}
    yield "POST", "/oauth/revoke", b"", b"token=x&token_type_hint=y", form | mine | origin
    for method in ("GET", "POST", "HEAD"):
        yield method, "/oauth/userinfo", b"", b"", bearer
        yield method, "/oauth/userinfo", b"", b"", {}
    yield "GET", "/oauth/userinfo", b"", b"", bearer | origin
    yield "GET", "/oauth/userinfo", b"", b"", bearing("opa_x.y") | origin
    yield "GET", "/oauth/userinfo", b"", b"", {"Authorization": "Bearer a b"}
    yield "GET", "/oauth/userinfo", b"", b"", {"Authorization": "Bearer \xff"}
    yield "POST", "/oauth/userinfo", b"", b"access_" + about, form
    yield "POST", "/oauth/userinfo", b"", b"access_" + about, form | bearer
    for path in ("oauth/jwks", ".well-known/openid-configuration"):
        yield "GET", f"/{path}", b"", b"", origin
        yield "HEAD", f"/{path}", b"", b"", {}
        yield "POST", f"/{path}", b"", b"", form
    yield "GET", "/oauth/jwks", b"", b"", {"If-None-Match": "*"}
    yield "GET", "/.well-known/oauth-authorization-server", b"x=y", b"", {}
    yield "GET", "/oauth/%E2%82", b"", b"", {}


OWN = ("X-Request-Id", "Date")
SECRETS = ("access_token", "refresh_token")


def seen(response) -> tuple:
    headers = {k.lower(): v for k, v in response.headers.items() if k not in OWN}
    request_id = response.headers["X-Request-Id"]
    if (
        response.content_type != "application/json"
        or response.status_int != 200
        or not response.body
    ):
        return response.status_int, headers, response.text.replace(request_id, "<request id>")
    document = dict(response.json)
    random = ("sub", "iat", "exp", "client_id", *SECRETS)
    values = {k: type(v) if k in random else v for k, v in document.items()}
    headers.pop("content-length", None)
    return response.status_int, headers, list(document), values


def test_both_ways_give_the_same_responses(both):
    straight, views = (
        [
            (method, path, seen(site.send(method, path, query, body, **headers)))
            for method, path, query, body, headers in requests(site)
        ]
        for site in both
    )
    for one, other in zip(straight, views, strict=True):
        if one[1] == "/oauth/jwks":  # each app has keys of its own
            assert one[2][0] == other[2][0]
            assert one[2][1].keys() == other[2][1].keys()
        else:
            assert one == other
    assert len({found[0] for _, _, found in straight}) >= 7


@pytest.fixture
def site(both):
    return both[0]


def test_requests_for_clients_never_reach_the_router(site, monkeypatch):
    monkeypatch.setattr("pyramid.router.Router.invoke_request", refuse)
    app = site.app("machine")
    assert app.post("token", {"grant_type": "client_credentials"}).status_int == 200
    assert site.get("/oauth/jwks").status_int == 200


def test_an_unexpected_exception_gets_500_with_its_headers(site, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("a secret")

    endpoint = site.wsgi.registry["oauthprov.endpoints"]["/oauth/token"]
    broken = Endpoint({"POST": fail}, endpoint.headers, endpoint.cors)
    monkeypatch.setitem(site.wsgi.registry["oauthprov.endpoints"], "/oauth/token", broken)
    with caplog.at_level(logging.ERROR, "oauthprov"):
        response = site.post("/oauth/token", {})
    assert (response.status_int, response.json["error"]) == (500, "server_error")
    assert "secret" not in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers[HSTS] == "max-age=3600"
    assert response.headers["X-Request-Id"] in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_an_unexpected_exception_is_told_to_a_browser_app_either_way(both, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("oauthprov.protocol.engine.endpoints.Engine._issue", fail)
    for site in both:
        app = site.app("browser", redirect_uris=(CALLBACK,))
        form = {"grant_type": "refresh_token", "refresh_token": "x"}
        response = app.post("token", form, {"Origin": "https://app.example"})
        assert (response.status_int, response.json["error"]) == (500, "server_error")
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert response.headers["Vary"] == "Origin"


def test_a_tween_of_a_host_sees_a_failing_storage():
    """A transaction manager must roll back, not commit, what the host did in this request."""
    with Configurator(settings=sites.ini("sqlite://")) as config:
        config.include("oauthprov")
        config.add_tween(f"{__name__}.note_failures", under=EXCVIEW)
        site = sites.assembled(config, sites.ISSUER)
    site.storage.upgrade()
    app = site.app("machine")
    site.storage.meanwhile.append(out_of_reach)
    failures.clear()
    assert app.post("token", {"grant_type": "client_credentials"}).status_int == 503
    assert failures == ["StorageError"]
    site.close()


failures: list[str] = []


def note_failures(handler, registry):
    def noting(request):
        try:
            return handler(request)
        except Exception as error:
            failures.append(type(error).__name__)
            raise

    return noting


def out_of_reach():
    raise StorageError("out of reach")


def test_an_environ_without_a_path_shows_the_home_page(site):
    environ = TestRequest.blank("https://id.example/").environ
    del environ["PATH_INFO"]
    statuses = []
    b"".join(site.wsgi(environ, lambda status, headers, *_: statuses.append(status)))
    assert statuses == ["200 OK"]


def test_an_environ_that_is_used_again_is_another_request(site):
    """As a filter does that shows a page for an error."""
    alice = site.browser().sign_up("alice")
    environ = TestRequest.blank("https://id.example/oauth/authorize?client_id=nobody").environ
    environ["HTTP_COOKIE"] = "; ".join(f"{k}={v}" for k, v in alice.page.cookies.items())
    seen = []
    for path in ("/oauth/authorize", "/account"):
        environ["PATH_INFO"] = path
        b"".join(site.wsgi(environ, lambda status, headers, *_: seen.append(dict(headers))))
    first, second = (headers["X-Request-Id"] for headers in seen)
    assert first != second


def test_a_request_has_its_own_id_and_time_limit(site, monkeypatch):
    from oauthprov import logs

    inside = []
    endpoint = site.wsgi.registry["oauthprov.endpoints"]["/oauth/token"]

    def look(exchange):
        with deadline.within(1) as call:
            inside.append((logs.request_id.get(), call.of_request))
        return endpoint.handlers["POST"](exchange)

    looking = Endpoint({"POST": look}, endpoint.headers, endpoint.cors)
    monkeypatch.setitem(site.wsgi.registry["oauthprov.endpoints"], "/oauth/token", looking)
    response = site.post("/oauth/token", {})
    assert inside == [(response.headers["X-Request-Id"], True)]
    with deadline.within(1) as call:
        assert (logs.request_id.get(), call.of_request) == (None, False)


def test_it_looks_for_work_as_every_request_does(site):
    looked = []
    provider = site.wsgi.registry["oauthprov"].provider
    vars(provider.sweeper)["look"] = lambda: looked.append(True)
    site.get("/oauth/jwks")
    assert looked == [True]


@pytest.mark.parametrize("setting", ["pyramid.includes", "pyramid.tweens"])
def test_packages_that_an_operator_adds_see_every_request(setting):
    added = {"pyramid.includes": f"{__name__}.watch", "pyramid.tweens": f"{__name__}.tween"}
    site = sites.standalone(sites.ini("sqlite://") | {setting: added[setting]})
    site.storage.upgrade()
    seen_by_tween.clear()
    assert site.get("/oauth/jwks").status_int == 200
    assert seen_by_tween == ["/oauth/jwks"]
    site.close()


seen_by_tween: list[str] = []


def watch(config):
    config.add_tween(f"{__name__}.tween")


def tween(handler, registry):
    def watched(request):
        seen_by_tween.append(request.path_info)
        return handler(request)

    return watched


def test_accounts_of_a_host_need_the_router():
    """Its account source gets Pyramid's request: for claims, and to learn who is signed in."""
    seen = []
    with Configurator(settings=sites.ini("sqlite://")) as config:
        config.include("oauthprov.web.standalone")
        config.set_oauth_accounts(HostAccounts())
        config.add_subscriber(lambda event: seen.append(event.request.path), NewRequest)
        answer_straight(config)
        site = sites.assembled(config, sites.ISSUER)
    site.storage.upgrade()
    assert site.get("/oauth/jwks").status_int == 200
    assert site.post("/oauth/token", {}).status_int == 400
    assert seen == ["/oauth/jwks", "/oauth/token"]
    site.close()


def test_a_client_of_a_browser_reads_what_it_may(site):
    app = site.app("browser", redirect_uris=(CALLBACK,))
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    shared = app.post("token", form, {"Origin": "https://app.example"})
    assert shared.headers["Access-Control-Allow-Origin"] == "https://app.example"
    other = app.post("token", form, {"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers
    assert other.headers["Vary"] == "Origin"


class TestAuthorization:
    """A request that takes no page is redirected straight; any other goes on to the router."""

    @pytest.fixture
    def ways(self, both):
        """On each way: the site, an app that alice has allowed in before, and her browser."""
        made = []
        for site in both:
            app, alice = site.app(scopes=OPENID_SCOPES), site.browser().sign_up("alice")
            app.tokens(alice, scope="openid")
            made.append((site, app, alice))
        return made

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"response_mode": "fragment"},
            {"response_mode": "form_post"},
            {"prompt": "none", "scope": "openid email"},
            {"prompt": "login"},
            {"prompt": "consent"},
            {"prompt": "select_account"},
            {"code_challenge": None},
            {"client_id": "nobody"},
            {"redirect_uri": "https://evil.example/"},
            {"scope": ["openid", "email"]},
        ],
    )
    def test_both_ways_give_the_same_responses(self, ways, changes):
        asked = {"scope": "openid"} | changes
        one, other = (alice.get(app.authorization_url(**asked)) for _, app, alice in ways)
        assert seen_page(one) == seen_page(other)

    def test_a_redirect_never_reaches_the_router(self, ways, monkeypatch):
        _, app, alice = ways[0]
        monkeypatch.setattr("pyramid.router.Router.invoke_request", refuse)
        response = alice.get(app.authorization_url(scope="openid"))
        assert "code" in arrived(response)
        assert response.headers[HSTS] == "max-age=3600"

    @pytest.mark.parametrize("changes", [{"prompt": "consent"}, {"client_id": "nobody"}])
    def test_a_page_is_made_of_what_was_found_out_before(self, ways, changes):
        trips = [
            site.storage.trips(
                lambda app=app, alice=alice: alice.get(app.authorization_url(**changes))
            )
            for site, app, alice in ways
        ]
        assert trips[0] == trips[1]

    def test_a_failing_storage_gets_its_page_and_is_asked_once(self, ways, monkeypatch, caplog):
        site, app, alice = ways[0]
        commits = []

        def fail(*_, **__):
            commits.append(True)
            raise StorageError("the outcome is unknown")

        monkeypatch.setattr(site.storage, "_commit", fail)
        response = alice.get(app.authorization_url(scope="openid"))
        assert (response.status_int, response.content_type) == (503, "text/html")
        assert response.headers["X-Request-Id"] in response.text
        assert commits == [True]

    def test_another_name_of_a_developers_host_leads_to_the_issuer(self):
        settings = sites.ini("sqlite://", "http://127.0.0.1:5000", development="true")
        site = sites.standalone(settings)
        app, alice = site.app(first_party=True), site.browser().sign_up("alice")
        path = app.authorization_url().removeprefix(site.issuer)
        jar = "; ".join(f"{name}={value}" for name, value in alice.page.cookies.items())
        elsewhere = site.send(
            "GET",
            "/oauth/authorize",
            path.partition("?")[2].encode(),
            Host="localhost:5000",
            Cookie=jar,
        )
        assert elsewhere.location == site.issuer + path
        assert "code" in arrived(alice.get(path))
        site.close()

    def test_a_browser_without_a_session_gets_its_cookie_from_the_router(self, ways):
        site, app, _ = ways[0]
        response = site.browser().get(app.authorization_url(scope="openid"))
        assert "/login" in response.location
        assert "oauthprov_bid" in response.headers["Set-Cookie"]


def refuse(*_):
    raise AssertionError("a request was made")


def seen_page(response) -> tuple:
    """What a browser is sent, without what is random or belongs to one app."""
    random = r"(?<=code=)[^&]+|(?<=interaction=)[\w-]+|(?<=id=\")[\w-]+|[\w-]{20,}"
    headers = {k.lower(): v for k, v in response.headers.items() if k not in OWN}
    headers.pop("content-length")
    headers["location"] = re.sub(random, "…", response.headers.get("Location", ""))
    text = response.text.replace(response.headers["X-Request-Id"], "…")
    return response.status_int, headers, re.sub(random, "…", text)
