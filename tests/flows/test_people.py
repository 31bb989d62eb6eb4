"""How people sign in: on the provider's own pages, or on the host's."""

from __future__ import annotations

import pytest

from examples.embedded import album
from tests.site import ORIGIN, PASSWORD, arrived, bearing


def test_signing_in_on_the_way_leads_back_to_the_request(site, way):
    name = "alice"
    site.browser().enter(name)
    browser, app = site.browser(), site.app()
    form = browser.authorize(app).form if "stand" in way else _host_form(browser, app)
    form["name"] = name
    form["password"] = PASSWORD if "stand" in way else album.PASSWORDS[name]
    consent = browser.follow(form.submit())
    assert "code" in arrived(browser.decide(consent))


def _host_form(browser, app):
    sent = browser.get(app.authorization_url())
    assert sent.location.startswith(f"{ORIGIN}/login?next=")
    return browser.get(sent.location).form


class TestStandalone:
    """With the built-in accounts."""

    @pytest.fixture(params=["standalone-sqlite", "standalone-redis"])
    def way(self, request):
        return request.param

    def test_an_app_remains_connected_after_signing_out_and_in_again(self, site, alice):
        app = site.app()
        app.tokens(alice)
        alice.get("/logout").forms[0].submit()
        assert "password" in alice.authorize(app).form.fields
        alice.sign_in("alice")
        assert "code" in arrived(alice.get(app.authorization_url()))

    def test_two_people_in_one_browser_can_switch_on_the_consent_page(self, site, alice):
        site.browser().enter("bob")
        form = alice.get("/login?account=another").form
        form["name"], form["password"] = "bob", PASSWORD
        form.submit()
        page = alice.authorize(site.app()).click("Use another account")
        [hers] = [li.button for li in page.html.select("ul.accounts li") if "alice" in li.text]
        consent = alice.follow(page.form.submit("choose", value=hers["value"]))
        assert consent.html.select_one(".lead strong").text == "alice"
        assert "code" in arrived(alice.decide(consent))


class TestEmbedded:
    """In a host with people of its own."""

    @pytest.fixture(params=["embedded-sqlite", "embedded-redis"])
    def way(self, request):
        return request.param

    @pytest.mark.parametrize("path", ["/login", "/logout", "/signup", "/account/password"])
    def test_the_built_in_pages_are_gone(self, site, path):
        assert site.get(path).status_int == 404

    def test_a_view_of_the_host_requires_its_scope(self, site, alice):
        app = site.app(scopes=("profile:read", "photos:read"))
        token = app.tokens(alice, scope="photos:read")["access_token"]
        url = f"{ORIGIN}/api/photos"
        response = site.get(url, headers=bearing(token))
        assert response.json == {"photos": album.PHOTOS["alice"]}
        refused = site.get(url, headers=bearing(app.tokens(alice)["access_token"]))
        assert refused.json["error"] == "insufficient_scope"
        assert site.get(url).headers.getall("WWW-Authenticate")[0].startswith("Bearer realm=")

    def test_a_browser_app_can_call_a_view_of_the_host(self, site, alice):
        app = site.app("browser", scopes=("photos:read",))
        token = app.tokens(alice, scope="photos:read")["access_token"]
        url, origin = f"{ORIGIN}/api/photos", {"Origin": "https://app.example"}
        asked = site.send("OPTIONS", url, **origin)
        assert (asked.status_int, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET")
        answer = site.get(url, headers=bearing(token) | origin)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        own = site.get(f"{ORIGIN}/login", headers=origin)
        assert "Access-Control-Allow-Origin" not in own.headers

    def test_the_hosts_own_rules_still_hold_for_its_own_views(self, site, alice):
        assert site.get(f"{ORIGIN}/").status_int == 403
        assert alice.get(f"{ORIGIN}/").json == {"photos": album.PHOTOS["alice"]}
        login = site.browser().page.post(
            f"{ORIGIN}/login", {"name": "alice", "password": "x"}, expect_errors=True
        )
        assert login.status_int == 400

    def test_metadata_is_served_under_both_forms_of_its_url(self, site):
        inserted = site.get(f"{ORIGIN}/.well-known/oauth-authorization-server/auth").json
        appended = site.get("/.well-known/oauth-authorization-server").json
        assert inserted == appended
        assert inserted["issuer"] == site.issuer
