"""A host with accounts of its own: it says who is an admin, and has the pages about clients."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.events import is_admin
from oauthprov.records import AuditEntry, Consent
from tests import site as sites
from tests.web.account.test_host_accounts import ISSUER, HostAccounts
from tests.web.admin.conftest import press


class Named(HostAccounts):
    """The host's alice is an admin."""

    names_admins = True

    def signed_in(self, request):
        name = request.environ.get("REMOTE_USER")
        return (
            SignedIn(f"host-{name}", name, 1_800_000_000, admin=name == "alice") if name else None
        )


def host(accounts):
    with Configurator(settings=sites.ini("sqlite://", ISSUER, development="true")) as config:
        config.include("oauthprov", route_prefix="/auth")
        config.set_oauth_accounts(accounts)
        return sites.assembled(config, ISSUER)


@pytest.fixture
def site():
    made = host(Named())
    yield made
    made.close()


def browser_of(site, name):
    browser = site.browser()
    browser.page.extra_environ["REMOTE_USER"] = name
    return browser


def test_a_host_that_names_no_admins_has_no_admin_pages():
    site = host(HostAccounts())
    for path in ("/admin", "/admin/clients", "/admin/people", "/admin/health"):
        assert browser_of(site, "alice").get(path).status_int == 404
    site.close()


def test_the_host_s_admin_opens_the_pages_and_nobody_else(site):
    for path in ("/admin", "/admin/clients", "/admin/keys", "/admin/health"):
        assert browser_of(site, "alice").get(path).status_int == 200
        assert browser_of(site, "bob").get(path).status_int == 403
        sent = site.browser().get(path)
        assert sent.location == f"https://host.example/enter?then={ISSUER}{path}"


def test_there_are_no_pages_of_people(site):
    alice = browser_of(site, "alice")
    assert alice.get("/admin/people").status_int == 404
    assert "People" not in alice.get("/admin").text


def test_the_host_s_users_of_a_client_are_listed_by_their_ids(site):
    alice, app = browser_of(site, "alice"), site.app()
    browser_of(site, "bob").connect(app)
    page = alice.get(f"/admin/clients/{app.client.client_id}")
    assert "host-bob" in page.text
    assert press(page, "withdraw").status_int == 303
    [consent] = site.storage.find(Consent, client_id=app.client.client_id).items
    assert consent.record.withdrawn_at is not None


def test_admin_must_be_a_bool():
    with pytest.raises(TypeError, match="admin has the wrong type"):
        SignedIn("alice", "alice", 1, admin="yes")


@pytest.mark.parametrize("name", ["operator", "worker:purge", "account:operator"])
def test_an_admin_whose_id_looks_like_another_actor_is_told_from_it(name):
    class Odd(Named):
        def signed_in(self, request):
            given = request.environ.get("REMOTE_USER")
            return SignedIn(given, given, 1_800_000_000, admin=True) if given else None

    site = host(Odd())
    admin, app = browser_of(site, name), site.app()
    path = f"/admin/clients/{app.client.client_id}"
    press(admin.get(path), "disable")
    [entry] = [one.record for one in site.storage.walk(AuditEntry) if one.record.actor]
    assert (entry.event, entry.actor) == ("client.changed", f"account:{name}")
    assert is_admin(entry.actor)
    site.close()
