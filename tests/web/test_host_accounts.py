"""A host with accounts of its own: our sign-in pages are gone, the rest stays."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator

from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.errors import ConfigurationError
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


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/signup",
        "/logout",
        "/account/password",
        "/account/sessions/end",
        "/account/sessions/end-all",
    ],
)
def test_pages_of_our_own_accounts_have_no_route(site, path):
    assert site.get(path).status_int == 404
    assert site.post(path, {}).status_int == 404


def test_signing_in_is_the_host_s_and_leads_back_to_the_request(site):
    sent = site.get("/account").location
    assert sent == f"https://host.example/enter?then={ISSUER}/account"
    sent = site.browser().get(site.app().authorization_url()).location
    assert sent.startswith(
        f"https://host.example/enter?then={ISSUER}/oauth/authorize?interaction="
    )


def test_what_stays_knows_the_host_s_people(site, alice):
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


def test_a_form_shown_to_one_person_is_not_answered_by_another(site, alice):
    page = alice.authorize(site.app())
    alice.page.extra_environ["REMOTE_USER"] = "bob"
    assert alice.decide(page).status_int == 403
    alice.page.extra_environ["REMOTE_USER"] = "alice"
    assert "code" in arrived(alice.decide(page))


def test_an_issuer_that_isn_t_where_the_pages_are_stops_the_start():
    settings = sites.ini("sqlite://", development="true")
    problem = pytest.raises(ConfigurationError, match="must end in the route prefix /auth")
    with Configurator(settings=settings) as config, problem:
        config.include("oauthprov", route_prefix="/auth")
