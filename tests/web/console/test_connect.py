"""The settings that connect common apps, filled with the values of a client."""

import tomllib
from pathlib import Path

import pytest

from oauthprov.web.console.recipes import APPS, ISSUER, RECIPES, SCOPE, recipes
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
    for recipe in recipes(app.client, sites.ISSUER):
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
