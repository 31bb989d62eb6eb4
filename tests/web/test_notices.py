"""What pages say was done: only after the request that did it, in the browser that sent it."""

from __future__ import annotations

import pytest

from oauthprov.accounts.roles import set_admin
from oauthprov.web.responder import DONE_FOR
from tests import site as sites
from tests.done import query_of
from tests.site import OPENID
from tests.web.factors.conftest import Owner

PAGES = {
    "/account": "password",
    "/account/security": "removed",
    "/account/passkeys": "removed",
    "/choose": "ended",
    "/device": "allowed",
    "/login/new-password": "password",
    "/login/reset": "sent",
    "/clients": "removed",
    "/clients/{client}": "saved",
    "/clients/{client}/try": "removed",
    "/admin/people/{account}": "reset_factors",
    "/admin/clients": "removed",
    "/admin/clients/{client}": "verify",
    "/admin/client-hosts": "disabled",
    "/admin/registration-tokens": "revoked",
    "/admin/keys": "made",
}


@pytest.fixture
def site():
    mail = {"mail.url": "smtp://127.0.0.1:1", "mail.sender": "id@example.org"}
    made = sites.standalone(sites.ini("sqlite://", development="true", scopes=OPENID, **mail))
    yield made
    made.close()


@pytest.fixture
def owner(site) -> Owner:
    """An admin with a client of her own."""
    owner = Owner(site)
    set_admin(site.storage, owner.account_id, True, site.clock())
    site.wsgi.registry["oauthprov"].provider.keys.jwks()
    return owner


def text_of(browser, path: str, query: str = "") -> str:
    """What a page says."""
    page = browser.get(f"{path}?{query}")
    assert page.status_int == 200, path
    return page.html.get_text()


@pytest.mark.parametrize("pattern", PAGES)
def test_a_page_says_what_was_done_for_ten_minutes_to_the_browser_that_did_it(
    site, owner, pattern
):
    client_id = site.app(owner=owner.account_id).client.client_id
    path, word = pattern.format(account=owner.account_id, client=client_id), PAGES[pattern]
    alice, bob = owner.sign_in(), site.browser().sign_up("bob")
    silent, mine, others = text_of(alice, path), query_of(alice, word), query_of(bob, word)
    assert text_of(alice, path, mine) != silent
    site.clock.pass_by(-DONE_FOR)
    old = query_of(alice, word)
    site.clock.pass_by(DONE_FOR)
    another = mine.replace(f"={word}.", "=other.")
    for link in (f"done={word}", others, old, another, mine[:-1], f"done={word}.9999999999."):
        assert text_of(alice, path, link) == silent


def test_the_sign_in_page_says_that_a_sign_in_is_over_to_the_browser_that_had_one(site):
    browser, stranger = site.browser(), site.browser()
    silent = text_of(browser, "/login")
    text_of(stranger, "/login")
    assert text_of(browser, "/login", query_of(browser, "over")) != silent
    assert text_of(browser, "/login", query_of(stranger, "over")) == silent
    assert text_of(browser, "/login", "done=over") == silent
