"""Headers of our pages: on each of them, errors included, and on no page of a host."""

from __future__ import annotations

import re

import pytest
from pyramid.config import Configurator
from pyramid.response import Response
from webtest import TestApp

from oauthprov.accounts.roles import set_admin
from oauthprov.protocol.request.answers import Redirect
from oauthprov.records import Passkey
from oauthprov.storage.interface import Add
from oauthprov.web.responder import respond
from tests import site as sites
from tests.site import CALLBACK, ISSUER, PASSWORD

PAGES = (
    "/",
    "/login",
    "/signup",
    "/logout",
    "/account",
    "/account/password",
    "/account/security",
    "/account/authenticator",
    "/account/recovery",
    "/account/passkeys",
    "/account/passkeys/{passkey}",
    "/account/delete",
    "/account/events",
    "/account/export",
    "/account/apps",
    "/account/apps/{client_id}/remove",
    "/choose",
    "/clients",
    "/clients/new",
    "/clients/new/{type}",
    "/clients/{client_id}",
    "/clients/{client_id}/about",
    "/clients/{client_id}/edit",
    "/clients/{client_id}/remove",
    "/clients/{client_id}/try",
    "/device",
    "/consent?interaction={interaction}",
    "/admin",
    "/admin/audit",
    "/admin/clients",
    "/admin/clients/{client_id}",
    "/admin/clients/{client_id}/remove",
    "/admin/health",
    "/admin/keys",
    "/admin/people",
    "/admin/people/{account_id}",
    "/admin/people/{account_id}/remove",
    "/admin/registration-tokens",
    "/admin/client-hosts",
)
LEAVING = ("/login", "/choose", "/signup", "/consent")
ELSEWHERE = {
    "/oauth/authorize",
    "/account/keep",
    "/login/passkey",
    "/login/factor",
    "/login/factor/setup",
    "/login/step-up",
}
"""Shows only errors; is looked at below; redirects; web/factors/test_pages.py has the rest."""
MISSING = ("/nowhere", "/account/apps/nothing/remove", "/consent")


@pytest.fixture
def site():
    """A site whose admins need no second factor."""
    settings = sites.ini("sqlite://", development="true", **{"factors.required": "nobody"})
    made = sites.standalone(settings)
    yield made
    made.close()


@pytest.fixture
def paths(site, alice):
    """Every page's path, filled in so that it shows itself to alice."""
    app = site.app(owner=alice.account_id())
    alice.connect(app)
    consent = alice.authorize(app, scope="photos:read")
    passkey = Passkey(f"{alice.account_id()}.x", alice.account_id(), "x", "x", 0, "Phone", 1)
    site.storage.commit(Add(passkey), now=1)
    account_id = alice.account_id()
    set_admin(site.storage, account_id, True, site.clock())
    site.browser().sign_up("bob")
    bob = site.wsgi.registry["oauthprov"].people.by_name("bob")
    names = {
        "client_id": app.client.client_id,
        "account_id": bob.record.account_id,
        "type": "web",
        "passkey": "x",
        "interaction": consent.forms[0]["interaction"].value,
    }
    return [path.format(**names) for path in PAGES]


def test_every_page_is_looked_at(site):
    introspector = site.wsgi.registry.introspector
    routes = {
        each["introspectable"]["name"]: each["introspectable"]["pattern"]
        for each in introspector.get_category("routes")
    }
    views = [each["introspectable"] for each in introspector.get_category("views")]
    shown = {
        routes[view["route_name"]]
        for view in views
        if view.get("oauthprov") in ("page", "leaving")
        and "GET" in (view["request_methods"] or ())
    }
    assert shown - ELSEWHERE == {path.partition("?")[0] for path in PAGES}, (
        "name the new page in PAGES, so that its headers and headings are looked at"
    )


def test_the_page_for_keeping_an_account_has_the_same_headers(site, alice):
    form = alice.get("/account/delete").form
    form["name"] = "alice"
    form.submit()
    page = alice.sign_in("alice").get("/account/keep")
    assert page.status_int == 200
    login = site.get("/login")
    varying = ("Content-Length", "X-Request-Id", "Set-Cookie")
    assert {k: v for k, v in page.headers.items() if k not in varying} == {
        k: v for k, v in login.headers.items() if k not in varying
    }


def policy_of(response) -> dict[str, str]:
    policy = response.headers["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


def test_every_page_has_every_header(site, alice, paths):
    shown = [alice.get(path) for path in paths if path not in ("/login", "/signup")]
    shown += [site.get(path) for path in ("/", "/login", "/signup")]
    assert [page.request.url for page in shown if page.status_int != 200] == []
    for page in shown + [alice.get(path) for path in MISSING]:
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert re.fullmatch(r"[0-9a-f]{24}", page.headers["X-Request-Id"])
        policy = policy_of(page)
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"


def test_only_four_pages_allow_forms_to_redirect_to_a_client(site, alice, paths):
    pages = {path: site.get(path) for path in ("/login", "/signup")}
    pages |= {path: alice.get(path) for path in paths if path not in pages}
    for path, page in pages.items():
        leaves = path.partition("?")[0] in LEAVING
        assert policy_of(page).get("form-action") == (None if leaves else "'self'"), path


def test_no_page_has_a_style_or_script_of_its_own(site, alice, paths):
    for path in paths:
        html = alice.get(path).html if path not in ("/login", "/signup") else site.get(path).html
        assert not html.select("[style], style, script:not([src])")
        assert not html.find_all(lambda tag: any(name.startswith("on") for name in tag.attrs))


def test_every_page_reads_in_order(site, alice, paths):
    for path in paths:
        html = alice.get(path).html if path not in ("/login", "/signup") else site.get(path).html
        assert html.html["lang"] == "en"
        assert len(html.find_all("h1")) == 1
        assert html.select_one("body > :first-child")["href"] == "#main"
        labelled = {label["for"] for label in html.select("label[for]")}
        assert labelled <= {field["id"] for field in html.select("[id]")}
        for field in html.select("input:not([type=hidden]):not([hidden]), textarea, select"):
            assert field.find_parent("label") or field["id"] in labelled, (path, field)


def test_every_request_has_an_id_of_its_own(site):
    ids = {site.get("/").headers["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5


def test_redirects_after_a_post_are_303(site, alice):
    form = site.browser().get("/login").form
    form["name"], form["password"] = "alice", PASSWORD
    assert form.submit().status_int == 303


def test_a_redirect_has_no_body_that_repeats_its_code(site, alice):
    response = alice.get(site.app(first_party=True).authorization_url())
    assert (response.status_int, response.body) == (302, b"")
    assert "code=" in response.headers["Location"]
    assert "Content-Type" not in response.headers


def test_a_host_s_views_are_untouched():
    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov")
        config.add_route("hello", "/hello")
        config.add_view(lambda request: Response("hello"), route_name="hello")
        app = TestApp(config.make_wsgi_app())
    page = app.get("https://id.example/hello")
    assert set(page.headers) == {"Content-Type", "Content-Length"}
    lost = app.get("https://id.example/nowhere", status=404)
    assert "Content-Security-Policy" not in lost.headers


@pytest.mark.parametrize(
    "path",
    ["/", "/account", "/nowhere", "/%ff", "/oauthprov-static/app.css", "/oauth/jwks"],
)
def test_every_response_keeps_browsers_to_https(site, path):
    answers = [site.get(path), site.post(path, {}), site.post("/oauth/token", {})]
    for answer in answers:
        said = answer.headers.getall("Strict-Transport-Security")
        assert said == ["max-age=31536000"], answer.status


@pytest.mark.parametrize(
    ("issuer", "seconds"),
    [
        ("http://127.0.0.1:5000", "31536000"),
        ("https://localhost:5443", "31536000"),
        ("https://[::1]", "31536000"),
        (ISSUER, "0"),
    ],
)
def test_no_hsts_header_where_the_setting_or_scheme_forbids_it(issuer, seconds):
    made = sites.standalone(sites.ini("sqlite://", issuer, development="true", hsts=seconds))
    for path in ("/", "/login", "/nowhere"):
        assert "Strict-Transport-Security" not in made.get(path).headers
    made.close()


def test_an_embedded_server_sends_no_hsts_header():
    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov")
        app = TestApp(config.make_wsgi_app())
    assert "Strict-Transport-Security" not in app.get(f"{ISSUER}/login").headers


def test_static_files_are_ours_and_cached(site):
    page = site.get("/")
    for link in page.html.find_all("link"):
        found = site.get(link["href"])
        assert found.status_int == 200
        assert "max-age=3600" in found.headers["Cache-Control"]
        assert found.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["", "/", "/vendor", "/vendor/", "/../errors.py", "/%2e%2e/x"])
def test_static_directories_are_not_found(site, path):
    found = site.get(f"/oauthprov-static{path}", headers={"Host": "evil.example"})
    assert found.status_int == 404
    assert "Location" not in found.headers


def test_static_files_accept_get_and_head_alone(site):
    assert site.post("/oauthprov-static/app.css", {}).status_int == 405


def answered(response_mode: str, method: str = "GET", uri: str = CALLBACK):
    """The HTTP response for an authorization response."""
    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov")
        params = (("code", "a b&c"), ("iss", "https://id.example"))
        config.add_oauth_page(
            "answer",
            "/answer",
            get=lambda request: respond(request, Redirect(uri, params, response_mode)),
            post=lambda request: respond(request, Redirect(uri, params, response_mode)),
            leaves=True,
        )
        app = TestApp(config.make_wsgi_app())
    return app.request("https://id.example/answer", method=method)


CARRIED = "code=a+b%26c&iss=https%3A%2F%2Fid.example"


@pytest.mark.parametrize(
    ("mode", "uri", "location"),
    [
        ("query", CALLBACK, f"{CALLBACK}?{CARRIED}"),
        ("query", f"{CALLBACK}?a=%2F", f"{CALLBACK}?a=%2F&{CARRIED}"),
        ("query", "com.example.app:/cb", f"com.example.app:/cb?{CARRIED}"),
        ("fragment", CALLBACK, f"{CALLBACK}#{CARRIED}"),
    ],
)
@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("POST", 303)])
def test_codes_are_returned_by_the_requested_response_mode(mode, uri, location, method, status):
    response = answered(mode, method, uri)
    assert (response.status_int, response.location) == (status, location)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_form_post_page_works_without_its_script():
    page = answered("form_post")
    form = page.form
    assert (form.action, form.method) == (CALLBACK, "post")
    assert (form["code"].value, form["iss"].value) == ("a b&c", "https://id.example")
    assert page.html.form.button.text == "Continue"
    assert "form-action" not in policy_of(page)
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_host_with_the_default_port_written_out_is_the_issuers_own():
    made = sites.standalone(sites.ini("sqlite://", "http://localhost", development="true"))
    # WebTest calls its server "localhost:80" where nothing else is asked for.
    assert TestApp(made.wsgi).get("/").status_int == 200
    made.close()


@pytest.mark.parametrize("host", ["[::1", "[", "]", "[x]:1", "a b", "localhost:x"])
def test_a_malformed_host_header_is_no_error_of_the_server(site, host):
    assert TestApp(site.wsgi).get("/", headers={"Host": host}, expect_errors=True).status_int < 500
