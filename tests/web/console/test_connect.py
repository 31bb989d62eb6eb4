"""The settings that connect common apps, filled with the values of a client."""

import tomllib
from pathlib import Path

import pytest

from oauthprov.web.console.recipes import APPS, ISSUER, RECIPES, SCOPE, filled, recipes
from tests import site as sites

ROOT = Path(__file__).parents[3]
REDIRECT_URI = "https://wiki.example.org:8443/start"


@pytest.fixture
def site():
    made = sites.standalone(sites.ini("sqlite://", scopes=sites.OPENID))
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return site.browser().sign_up("alice")


def a_client(site, alice, kind="web", **metadata):
    given = {"scopes": ("openid", "profile"), "redirect_uris": [REDIRECT_URI]} | metadata
    return site.app(kind, owner=alice.account_id(), **given)


def path(app) -> str:
    return f"/clients/{app.client.client_id}/connect"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_each_recipe_has_the_places_for_a_client_s_values(recipe):
    assert "CLIENT_ID" in recipe.lines
    assert ISSUER in recipe.lines
    if recipe.client_type == "web":
        assert "CLIENT_SECRET" in recipe.lines
    if recipe.redirect_uri:
        assert recipe.redirect_uri.startswith(APPS)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_each_recipe_is_that_of_the_documentation(recipe):
    page = (ROOT / "docs" / "connect.md").read_text("utf-8")
    section = page.partition(f"\n## {recipe.name}\n")[2].partition("\n## ")[0]
    assert f"\n{recipe.lines}```" in section
    assert recipe.redirect_uri in section


@pytest.mark.parametrize("kind", ["web", "browser"])
def test_a_client_s_own_values_replace_every_example(site, alice, kind):
    app = a_client(site, alice, kind)
    settings = site.wsgi.registry["oauthprov.settings"]
    for recipe in [filled(one, app.client, settings) for one in recipes(app.client)]:
        text = recipe.redirect_uri + recipe.lines.replace(sites.ISSUER, "")
        assert app.client.client_id in text
        for example in ("CLIENT_ID", SCOPE):
            assert example not in text
        for example in APPS:
            assert f"{example}/" not in text
            assert f'{example}"' not in text
        if recipe.redirect_uri:
            assert recipe.redirect_uri.startswith("https://wiki.example.org:8443/")


def test_the_page_shows_the_lines_and_no_secret(site, alice):
    app = a_client(site, alice)
    page = alice.get(f"/clients/{app.client.client_id}").click("Connect an app")
    assert page.request.path == path(app)
    shown = {details.summary.text: details.pre.text for details in page.html.select("details")}
    assert "Spring Security" in shown
    assert app.secret not in page.text
    proxy = tomllib.loads(shown["oauth2-proxy"])
    assert proxy["oidc_issuer_url"] == sites.ISSUER
    assert proxy["client_id"] == app.client.client_id
    assert proxy["client_secret"] == "CLIENT_SECRET"
    assert proxy["redirect_url"] == "https://wiki.example.org:8443/oauth2/callback"


def test_the_page_says_which_redirect_uri_is_missing(site, alice):
    uri = "https://wiki.example.org:8443/oauth2/callback"
    missing = "This client doesn't have this redirect URI yet."
    proxy = "details:has(summary:-soup-contains(oauth2-proxy))"
    app = a_client(site, alice)
    assert missing in alice.get(path(app)).html.select_one(proxy).text
    site.registrar.edit(app.client.client_id, redirect_uris=[REDIRECT_URI, uri])
    assert missing not in alice.get(path(app)).html.select_one(proxy).text


def test_a_client_without_openid_is_told(site, alice):
    app = a_client(site, alice, scopes=("profile:read",))
    assert "need the scope" in alice.get(path(app)).text


@pytest.mark.parametrize("kind", ["machine", "native", "api"])
def test_a_type_without_recipes_has_no_page(site, alice, kind):
    more = {} if kind == "native" else {"redirect_uris": ()}
    more |= {"scopes": ()} if kind == "api" else {}
    app = a_client(site, alice, kind, **more)
    assert alice.get(path(app)).status_int == 404
    assert "/connect" not in alice.get(f"/clients/{app.client.client_id}").text


def test_only_the_owner_sees_it(site, alice):
    app = a_client(site, alice)
    assert site.browser().sign_up("bob").get(path(app)).status_int == 404


def test_without_openid_connect_there_is_no_page():
    made = sites.standalone(sites.ini("sqlite://"))
    alice = made.browser().sign_up("alice")
    app = made.app(owner=alice.account_id())
    assert alice.get(path(app)).status_int == 404
    assert "/connect" not in alice.get(f"/clients/{app.client.client_id}").text
    made.close()


APP = "details:has(> summary:-soup-contains('{}'))"
SENDS_BY = {recipe.name: recipe.method for recipe in RECIPES if recipe.client_type == "web"}


def shown(page, name):
    return page.html.select_one(APP.format(name))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_an_app_that_sends_its_secret_in_another_way_has_no_lines(site, alice, method):
    page = alice.get(path(a_client(site, alice, auth_method=method)))
    for name, sends_by in SENDS_BY.items():
        fits = sends_by in ("", method)
        assert bool(shown(page, name).pre) is fits, name
        assert (f"it authenticates by {sends_by}" in shown(page, name).text) is not fits


def test_an_app_that_verifies_by_rs256_alone_has_no_lines_for_other_id_tokens(alice, site):
    app = a_client(site, alice)
    assert shown(alice.get(path(app)), "Spring Security").pre
    made = sites.standalone(
        sites.ini("sqlite://", scopes=sites.OPENID, **{"keys.algorithms": "ES256 RS256"})
    )
    alice = made.browser().sign_up("alice")
    page = alice.get(path(a_client(made, alice)))
    assert not shown(page, "Spring Security").pre
    assert "signed by ES256" in shown(page, "express-openid-connect").text
    assert 'OIDC_RP_SIGN_ALGO = "ES256"' in shown(page, "mozilla-django-oidc").pre.text
    made.close()


def test_an_app_that_reads_no_signed_userinfo_has_no_lines(site, alice):
    page = alice.get(path(a_client(site, alice, userinfo_signed_response_alg="RS256")))
    for recipe in RECIPES:
        if recipe.client_type == "web":
            assert bool(shown(page, recipe.name).pre) is not recipe.plain, recipe.name


@pytest.mark.parametrize(
    ("settings", "page_of_the_docs"),
    [
        ({"par": "required"}, "docs/par.md"),
        ({"dpop": "required"}, "docs/dpop.md"),
    ],
)
def test_where_no_app_does_what_is_demanded_the_page_says_so(settings, page_of_the_docs):
    made = sites.standalone(sites.ini("sqlite://", scopes=sites.OPENID, **settings))
    alice = made.browser().sign_up("alice")
    app = a_client(made, alice)
    page = alice.get(path(app))
    assert not page.html.select("details")
    assert page_of_the_docs in page.html.main.text
    made.close()


def test_a_client_with_a_key_has_no_lines_with_a_secret(site, alice):
    app = site.signer(owner=alice.account_id(), scopes=("openid", "profile"))
    page = alice.get(path(app))
    assert "CLIENT_SECRET" not in page.text
    assert "docs/registration.md" in page.html.main.text
