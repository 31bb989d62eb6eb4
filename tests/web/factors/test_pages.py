"""The pages on the way to a session: their headers, and how they read."""

from __future__ import annotations

import pytest

from oauthprov.web.site import site_of
from tests import site as sites
from tests.site import PASSWORD
from tests.web.factors.conftest import Owner, weaken
from tests.web.openid import openid_site, relying_party

VARYING = ("Content-Length", "X-Request-Id", "Set-Cookie")


def second_step():
    site = openid_site()
    return site, Owner(site).password()[1]


def required():
    site = sites.standalone(
        sites.ini("sqlite://", development="true", **{"factors.required": "everyone"})
    )
    site_of(site.wsgi.registry).people.sign_up("alice", PASSWORD)
    browser = site.browser()
    form = browser.get("/login").forms[0]
    form["name"], form["password"] = "alice", PASSWORD
    return site, browser.follow(form.submit())


def step_up():
    site = openid_site()
    owner, app = Owner(site), relying_party(site, first_party=True)
    browser = owner.sign_in()
    weaken(site)
    return site, browser.authorize(app, scope="openid", acr_values="mfa")


@pytest.fixture(params=[second_step, required, step_up])
def shown(request):
    """A page with its site."""
    site, page = request.param()
    yield site, page
    site.close()


def test_they_have_the_headers_of_the_sign_in_page(shown):
    site, page = shown

    def lasting(response):
        return {name: v for name, v in response.headers.items() if name not in VARYING}

    assert page.status_int == 200
    assert lasting(page) == lasting(site.get("/login"))


def test_they_read_in_order_and_have_no_style_or_script_of_their_own(shown):
    html = shown[1].html
    assert len(html.find_all("h1")) == 1
    labelled = {label["for"] for label in html.select("label[for]")}
    for field in html.select("input:not([type=hidden])"):
        assert field["id"] in labelled
    assert not html.select("[style], style, script:not([src])")
