"""Alice, who is an admin with an authenticator app, and bob, on SQLite and on Redis."""

from __future__ import annotations

import pytest

from oauthprov.accounts.roles import set_admin
from oauthprov.records import Account, Login
from tests import site as sites
from tests.servers import empty
from tests.site import OPENID, Browser, Site
from tests.web.factors.conftest import Owner


@pytest.fixture(params=["sqlite", "redis"])
def site(request):
    url = "sqlite://"
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
    made = sites.standalone(sites.ini(url, development="true", scopes=OPENID))
    yield made
    made.close()


def admin_of(site: Site, name: str = "alice") -> Owner:
    """Make an account with the admin role and an authenticator app."""
    owner = Owner(site, name)
    set_admin(site.storage, owner.account_id, True, site.clock())
    return owner


@pytest.fixture
def owner(site) -> Owner:
    return admin_of(site)


@pytest.fixture
def alice(owner) -> Browser:
    browser = owner.sign_in()
    assert browser.get("/admin").status_int == 200
    return browser


@pytest.fixture
def bob(site) -> Browser:
    return site.browser().sign_up("bob")


@pytest.fixture
def bob_id(site, bob) -> str:
    return id_of(site, "bob")


def id_of(site: Site, name: str) -> str:
    """The account id of a user name."""
    stored = site.wsgi.registry["oauthprov"].people.by_name(name)
    return stored.record.account_id


def account(site: Site, account_id: str) -> Account:
    return site.storage.get(Account, account_id).record


def is_gone(site: Site, name: str) -> bool:
    """Whether no account has the name."""
    return site.storage.get(Login, site.wsgi.registry["oauthprov"].people.key_of(name)) is None


def press(page, action: str, number: int = 0, **fields: str):
    """Press the button of an action; ``number`` is which of several such buttons."""
    forms = [
        form
        for _, form in sorted(page.forms.items(), key=lambda pair: str(pair[0]))
        if "action" in form.fields and action in [b._value for b in form.fields["action"]]
    ]
    forms = list({id(form): form for form in forms}.values())
    form = forms[number]
    for name, value in fields.items():
        form[name] = value
    return form.submit("action", value=action, expect_errors=True)


def forge(browser: Browser, path: str, **fields: str):
    """Post fields that no form of a page has, with a good CSRF token."""
    token = browser.get("/admin/registration-tokens").forms[0]["csrf_token"].value
    return browser.page.post(
        browser.site.url(path), {"csrf_token": token, **fields}, expect_errors=True
    )
