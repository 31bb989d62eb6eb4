"""How clients look on the pages, light and dark, wide and narrow."""

from __future__ import annotations

import base64

import pytest

from oauthprov.protocol.clients.images import MEDIA_TYPES
from tests.browser.place import Provider, provider_on
from tests.browser.visitor import wait_until
from tests.gallery import HTML, IMAGES
from tests.site import OPENID

pytestmark = pytest.mark.browser

CALLBACK = "http://localhost:9/callback"
ARABIC = "\u0635\u0648\u0631 \u0627\u0644\u0639\u0627\u0626\u0644\u0629 (123)"
LONG = "W" * 100
ON_PAGE = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture
def provider(gallery):
    with provider_on("sqlite://", scopes=OPENID, **gallery.settings) as served:
        yield served


def register(provider: Provider, gallery, name: str) -> str:
    """Register a client with every displayed member; return its id."""
    host = "https://" + "w" * 60 + ".example"
    client, _ = provider.registrar.register(
        type="web",
        name=name,
        redirect_uris=(CALLBACK,),
        scopes=("openid", "profile"),
        homepage_uri=host,
        logo_uri=gallery.uri,
        policy_uri=f"{host}/privacy",
        tos_uri=f"{host}/terms",
        initiate_login_uri=f"{host}/start",
    )
    return client.client_id


@pytest.mark.parametrize("name", [LONG, ARABIC])
def test_every_page_fits(visit, provider, gallery, name):
    visitor, client_id = visit(dark=True), register(provider, gallery, name)
    asking = provider.authorization_url(client_id, CALLBACK, scope="openid")
    visitor.page.goto(asking)
    visitor.look("Sign in")
    visitor.page.goto(provider.url(f"/clients/{client_id}/about"))
    visitor.look(name)
    visitor.sign_up(provider.issuer, "alice")
    visitor.page.goto(asking)
    visitor.look(f"{name} asks for access")


def test_a_logo_comes_from_here_and_is_seen(visit, provider, gallery):
    visitor, client_id = visit(), register(provider, gallery, "Printer")
    assert provider.logos.refresh(client_id)
    asking = provider.authorization_url(client_id, CALLBACK, scope="openid")
    hosts = set()
    visitor.page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    visitor.page.goto(asking)
    visitor.look("Sign in")
    assert visitor.page.locator("img.logo").evaluate(ON_PAGE)
    assert hosts == {provider.issuer.split("/")[2]}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_browsers_know_the_images_that_tests_use(visit, media_type):
    page = visit().page
    data = base64.b64encode(IMAGES[media_type]).decode()
    page.set_content(f'<img src="data:{media_type};base64,{data}">')
    wait_until(page, f"({ON_PAGE})(document.images[0])")


def test_a_page_hidden_in_a_logo_runs_nothing(visit, provider, gallery):
    gallery.show(IMAGES["image/gif"] + HTML, "image/gif")
    visitor, client_id = visit(), register(provider, gallery, "Printer")
    assert provider.logos.refresh(client_id)
    visitor.page.goto(provider.url(f"/clients/{client_id}/about"))
    address = visitor.page.locator("img.logo").get_attribute("src")
    said = []
    visitor.page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    visitor.page.goto(address)
    assert visitor.page.evaluate("document.images.length") == 1
    assert said == []
