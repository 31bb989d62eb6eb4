"""The console's pages of clients of which more is demanded than an id and a secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import Account, Client
from oauthprov.storage.interface import Replace
from tests.browser.place import provider_on
from tests.site import OPENID

pytestmark = pytest.mark.browser

SIGNING = {"profile": "fapi2-message-signing", "device": "false"}
PAGES = ("", "/connect", "/try")


def a_client(provider, **metadata):
    [account] = provider.storage.find(Account).items
    client, _ = provider.registrar.register(
        type="web",
        name="Album",
        owner=account.record.account_id,
        redirect_uris=("https://album.example/callback",),
        scopes=("openid", "profile"),
        **metadata,
    )
    return client.client_id


def looked(visitor, provider, client_id) -> list[str]:
    """Judge the three pages of a client, all code unfolded; return what each says."""
    said = []
    for page, heading in zip(PAGES, ("Album", "Connect an app", "Try Album"), strict=True):
        visitor.page.goto(provider.url(f"/clients/{client_id}{page}"))
        for summary in visitor.page.locator("main details:not(.doubt details) > summary").all():
            if not summary.locator("..").get_attribute("open"):
                summary.click()
        visitor.look(heading)
        said.append(visitor.page.locator("main").inner_text())
    return said


def test_what_a_client_must_do_is_on_its_pages(visit):
    with provider_on("sqlite://", scopes=OPENID, **SIGNING) as provider:
        visitor = visit(dark=True)
        visitor.sign_up(provider.issuer, "alice")
        keys = {"keys": [PrivateKey.generate("ES256").public()]}
        client_id = a_client(provider, auth_method="private_key_jwt", jwks=keys)
        page, connect, attempt = looked(visitor, provider, client_id)
        for needed in ("docs/registration.md", "docs/par.md", "docs/openid.md", "docs/dpop.md"):
            assert needed in page
            assert needed in connect
        assert "No code is shown for curl, Authlib" in page
        assert "signs its authorization requests with its own key" in attempt


def test_a_client_that_gets_nothing_is_told_so_on_its_pages(visit):
    with provider_on("sqlite://", scopes=OPENID, dpop="off") as provider:
        visitor = visit(dark=True)
        visitor.sign_up(provider.issuer, "alice")
        client_id = a_client(provider)
        stored = provider.storage.get(Client, client_id)
        bound = replace(stored.record, dpop_bound_access_tokens=True)
        provider.storage.commit(Replace(bound, expecting=stored), now=bound.created_at)
        for said in looked(visitor, provider, client_id):
            assert "this server accepts no such proofs" in said
        expect(visitor.page.get_by_role("button", name="Add the redirect URI")).to_have_count(0)


def test_an_app_without_lines_says_why(visit):
    with provider_on("sqlite://", scopes=OPENID) as provider:
        visitor = visit(dark=True)
        visitor.sign_up(provider.issuer, "alice")
        client_id = a_client(provider, auth_method="client_secret_post")
        _, connect, _ = looked(visitor, provider, client_id)
        assert "it authenticates by client_secret_basic" in connect
