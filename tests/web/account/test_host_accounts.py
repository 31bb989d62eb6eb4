"""A host with accounts of its own: our sign-in pages are gone, the rest stays."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.errors import ConfigurationError
from oauthprov.protocol.keys import jose
from tests import site as sites
from tests.site import arrived

ISSUER = "https://host.example/auth"


class HostAccounts(AccountSource):
    """Whoever the host's gateway names is signed in."""

    def signed_in(self, request):
        name = request.environ.get("REMOTE_USER")
        return SignedIn(f"host-{name}", name, 1_800_000_000) if name else None

    def login_url(self, request, return_to):
        return f"https://host.example/enter?then={return_to}"


@pytest.fixture
def site():
    with Configurator(settings=sites.ini("sqlite://", ISSUER, development="true")) as config:
        config.include("oauthprov", route_prefix="/auth")
        config.set_oauth_accounts(HostAccounts())
        config.set_default_csrf_options(require_csrf=True)
        config.set_default_permission("view")
        made = sites.assembled(config, ISSUER)
    yield made
    made.close()


@pytest.fixture
def alice(site):
    browser = site.browser()
    browser.page.extra_environ["REMOTE_USER"] = "alice"
    return browser


def test_the_home_page_leads_to_the_hosts_own_sign_in(site):
    links = site.browser().get("/").html.select("main a")
    assert {link.text: link["href"] for link in links} == {
        "Sign in": f"https://host.example/enter?then={ISSUER}/"
    }


def test_the_home_page_names_no_page_that_a_host_lacks(alice):
    tile = alice.get("/").html.select_one(f"main li:has(a[href='{ISSUER}/account'])")
    assert tile.p.text == "Connected apps, and what is stored about you."


def test_the_console_offers_no_demo_that_a_host_lacks(site, alice):
    app = site.app(owner="host-alice")
    page = alice.get(f"/clients/{app.client.client_id}")
    assert page.status_int == 200
    assert "make demo" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/login/reset",
        "/login/new-password",
        "/signup",
        "/logout",
        "/login/passkey",
        "/login/passkey/options",
        "/account/passkeys",
        "/account/password",
        "/account/sessions/end",
        "/account/sessions/end-others",
        "/account/sessions/end-all",
        "/account/delete",
        "/account/keep",
    ],
)
def test_pages_of_our_own_accounts_have_no_route(site, path):
    assert site.get(path).status_int == 404
    assert site.post(path, {}).status_int == 404


def test_the_host_s_sign_in_page_leads_back_to_the_request(site):
    sent = site.get("/account").location
    assert sent == f"https://host.example/enter?then={ISSUER}/account"
    sent = site.browser().get(site.app().authorization_url()).location
    assert sent.startswith(
        f"https://host.example/enter?then={ISSUER}/oauth/authorize?interaction="
    )


def test_the_remaining_pages_show_the_host_s_person(site, alice):
    page = alice.get("/account")
    assert "alice" in page.html.find(class_="name").text
    assert "Where you are signed in" not in page.text
    assert "Change password" not in page.text
    home = alice.get("/").html
    assert not home.find_all("a", href=lambda href: "log" in href)


def test_consent_works_and_offers_no_other_account(site, alice):
    app = site.app()
    page = alice.authorize(app)
    assert "to your account" in page.text
    assert "Use another account" not in page.text
    assert arrived(alice.decide(page))["iss"] == ISSUER
    assert "Printer" in alice.get("/account").text


def test_the_export_holds_what_is_stored_about_the_host_s_person(site, alice):
    """The host has no page for signing in again: its own sessions decide."""
    alice.connect(site.app())
    site.clock.pass_by(100_000)
    sent = alice.get("/account/export").form.submit()
    assert sent.json["account"] == {"account_id": "host-alice"}
    assert [one["client_name"] for one in sent.json["consents"]] == ["Printer"]


def test_a_host_that_has_a_page_for_signing_in_again_is_asked_for_it(site, alice):
    source = site.wsgi.registry["oauthprov"].accounts
    source.reauthentication_url = lambda request, return_to: (
        f"https://host.example/again?then={return_to}"
    )
    assert alice.get("/account/export").status_int == 200
    site.clock.pass_by(600)
    sent = alice.get("/account/export").location
    assert sent == f"https://host.example/again?then={ISSUER}/account/export"


def test_a_consent_form_of_one_person_is_refused_for_another(site, alice):
    page = alice.authorize(site.app())
    alice.page.extra_environ["REMOTE_USER"] = "bob"
    assert alice.decide(page).status_int == 403
    alice.page.extra_environ["REMOTE_USER"] = "alice"
    assert "code" in arrived(alice.decide(page))


def test_an_issuer_that_differs_from_the_pages_url_stops_the_start():
    settings = sites.ini("sqlite://", development="true")
    problem = pytest.raises(ConfigurationError, match="must end in the route prefix /auth")
    with Configurator(settings=settings) as config, problem:
        config.include("oauthprov", route_prefix="/auth")


class Family(HostAccounts):
    """Several accounts in one browser, as the gateway names them; the first is the active one."""

    def signed_in(self, request):
        return next(iter(self._here(request)), None)

    def others(self, request):
        return self._here(request)[1:]

    def selection_url(self, request, return_to):
        return f"https://host.example/family?then={return_to}"

    def _here(self, request):
        names = request.environ.get("REMOTE_USER", "").split()
        return [SignedIn(f"host-{name}", name, 1_700_000_000) for name in names]


def family_page(request):
    """The host's own chooser."""
    person = SignedIn("host-bob", "bob", 1_700_000_000)
    request.oauthprov.account_chosen(request.GET["then"], person)
    return Response("chosen")


class TestAHostsOwnChooser:
    @pytest.fixture
    def site(self):
        settings = sites.ini("sqlite://", ISSUER, development="true", scopes=sites.OPENID)
        with Configurator(settings=settings) as config:
            config.include("oauthprov", route_prefix="/auth")
            config.set_oauth_accounts(Family())
            config.add_route("family", "/family")
            config.add_view(family_page, route_name="family")
            made = sites.assembled(config, ISSUER)
        yield made
        made.close()

    @pytest.fixture
    def browser(self, site):
        made = site.browser()
        made.page.extra_environ["REMOTE_USER"] = "alice bob"
        return made

    @pytest.fixture
    def app(self, site):
        made = site.app(scopes=("profile:read", *sites.OPENID_SCOPES))
        for name in ("alice", "bob"):
            browser = site.browser()
            browser.page.extra_environ["REMOTE_USER"] = name
            made.tokens(browser, scope="openid")
        return made

    def test_a_choice_in_the_host_s_chooser_answers_the_request(self, site, browser, app):
        sent = browser.get(app.authorization_url(scope="openid", prompt="select_account"))
        assert sent.location.startswith("https://host.example/family?then=")
        browser.get(sent.location)
        browser.page.extra_environ["REMOTE_USER"] = "bob alice"
        answer = browser.get(sent.location.partition("then=")[2])
        token = app.exchange(arrived(answer)["code"]).json["id_token"]
        assert jose.unverified_claims(token)["sub"] == "host-bob"

    def test_without_a_choice_the_host_s_chooser_is_shown_again(self, site, browser, app):
        sent = browser.get(app.authorization_url(scope="openid", prompt="select_account"))
        again = browser.get(sent.location.partition("then=")[2])
        assert again.location == sent.location

    def test_a_choice_for_no_request_of_this_browser_is_ignored(self, site, browser, app):
        sent = browser.get(app.authorization_url(scope="openid", prompt="select_account"))
        site.browser().get(sent.location)
        for nothing in ("https://host.example/", f"{ISSUER}/oauth/authorize?interaction=x"):
            assert browser.get(f"https://host.example/family?then={nothing}").status_int == 200
        again = browser.get(sent.location.partition("then=")[2])
        assert again.location == sent.location

    def test_the_hinted_account_need_not_be_the_active_one(self, site, browser, app):
        claims = '{"id_token": {"sub": {"value": "host-bob"}}}'
        answer = browser.get(app.authorization_url(scope="openid", claims=claims))
        token = app.exchange(arrived(answer)["code"]).json["id_token"]
        assert jose.unverified_claims(token)["sub"] == "host-bob"

    def test_the_consent_page_leads_to_the_host_s_chooser(self, browser, app):
        page = browser.authorize(app, scope="openid email")
        link = page.html.find("a", string="Use another account")
        assert link["href"].startswith("https://host.example/family?then=")


def test_a_source_whose_methods_take_no_request_is_refused_at_the_start():
    class Old(HostAccounts):
        def name_of(self, account_id):
            return None

    with Configurator(settings=sites.ini("sqlite://", ISSUER, development="true")) as config:
        config.include("oauthprov", route_prefix="/auth")
        with pytest.raises(
            ConfigurationError, match=r"Old\.name_of must take account_id and request"
        ):
            config.set_oauth_accounts(Old())
