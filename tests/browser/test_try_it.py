"""A developer tries a client: the code flow in the browser, step by step."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from oauthprov.records import Account, Grant
from tests.browser.place import Provider, provider_on
from tests.site import OPENID, SCOPES

pytestmark = pytest.mark.browser


@pytest.fixture(params=[SCOPES, OPENID], ids=["oauth", "openid"])
def scopes(request):
    """The declared scopes, without and with OpenID Connect."""
    return request.param


@pytest.fixture
def provider(scopes, either_storage):
    with provider_on(either_storage, scopes=scopes) as served:
        yield served


def a_client(provider: Provider, kind: str, declared: str, **metadata) -> tuple[str, str | None]:
    """Register a client of the one account there is; return its id and secret."""
    [account] = provider.storage.find(Account).items
    openid = ("openid", "offline_access") if OPENID in declared else ()
    client, secret = provider.registrar.register(
        type=kind,
        name="Album",
        owner=account.record.account_id,
        redirect_uris=("https://album.example/callback",),
        scopes=("profile:read", *openid),
        **metadata,
    )
    return client.client_id, secret


def begin(visitor, provider: Provider, client_id: str, secret: str | None = None) -> None:
    """Add the redirect URI, and go to the consent page and back.

    The ``secret`` is that of a request that the page pushes.
    """
    page = visitor.page
    page.goto(provider.url(f"/clients/{client_id}"))
    visitor.button("Try it in the browser").click()
    visitor.look("Try Album")
    visitor.button("Add the redirect URI").click()
    expect(page.get_by_role("status").first).to_contain_text("The redirect URI was added.")
    visitor.look("Try Album")
    for box in page.get_by_role("checkbox").all():
        box.check()
    if secret is not None:
        page.locator("#push-secret").fill(secret)
    visitor.button("Send the browser there").click()
    visitor.look("Album asks for access")
    visitor.button("Allow").click()
    page.get_by_role("heading", name="2. Authorization response").wait_for()


@pytest.mark.parametrize(
    ("kind", "method"),
    [("web", "client_secret_basic"), ("web", "client_secret_post"), ("browser", "none")],
)
def test_each_step_is_run_and_shown(visit, provider, scopes, kind, method):
    visitor = visit(dark=True)
    requested = []
    visitor.page.on("request", lambda request: requested.append(request.url))
    visitor.sign_up(provider.issuer, "alice")
    client_id, secret = a_client(provider, kind, scopes, auth_method=method)
    begin(visitor, provider, client_id)
    page = visitor.page
    assert page.url == provider.url(f"/clients/{client_id}/try")
    assert not any("code=" in url for url in requested), "a server saw the code in a URL"
    if secret is not None:
        visitor.field("Client secret").fill(secret)
    visitor.button("Redeem the code").click()
    response = page.get_by_label("Token response")
    expect(response).to_contain_text("200 OK")
    expect(response).to_contain_text('"access_token": "opa_')
    visitor.look("Try Album")
    if scopes == OPENID:
        expect(page.get_by_label("Claims in the ID token")).to_contain_text(client_id)
        visitor.button("Ask UserInfo").click()
        expect(page.get_by_label("Response", exact=True)).to_contain_text('"sub"')
    if secret is not None:
        visitor.button("Introspect").click()
        expect(page.get_by_label("Response", exact=True)).to_contain_text('"active": true')
    visitor.button("Refresh").click()
    expect(page.get_by_label("Request", exact=True)).to_contain_text("grant_type=refresh_token")
    expect(page.get_by_label("Response", exact=True)).to_contain_text("200 OK")
    visitor.look("Try Album")
    content = page.content()
    kept = page.evaluate("JSON.stringify([sessionStorage, localStorage, document.cookie])")
    assert "opa_" not in kept
    assert secret is None or secret not in content + kept
    visitor.button("Revoke").click()
    expect(page.get_by_label("Response", exact=True)).to_contain_text("200")
    assert {stored.revoked_at is not None for stored in all_grants(provider)} == {True}
    visitor.button("Remove the redirect URI").click()
    visitor.heading("Try Album").wait_for()
    assert provider.registrar.get(client_id).record.redirect_uris == (
        "https://album.example/callback",
    )


DEMANDS = {"par": "required", "dpop": "required", "dpop.nonce": "true"}


@pytest.mark.parametrize(("kind", "method"), [("web", "client_secret_post"), ("browser", "none")])
def test_a_request_is_pushed_and_tokens_are_bound_where_the_server_demands_it(visit, kind, method):
    with provider_on("sqlite://", scopes=OPENID, **DEMANDS) as provider:
        visitor = visit(dark=True)
        page = visitor.page
        visitor.sign_up(provider.issuer, "alice")
        client_id, secret = a_client(provider, kind, OPENID, auth_method=method)
        begin(visitor, provider, client_id, secret)
        request = page.get_by_label("Authorization request", exact=True)
        expect(request).to_contain_text("request_uri=urn:ietf:params:oauth:request_uri:")
        expect(request).not_to_contain_text("code_challenge")
        if secret is not None:
            page.locator("#secret").fill(secret)
        visitor.button("Redeem the code").click()
        response = page.get_by_label("Token response")
        expect(response).to_contain_text('"token_type": "DPoP"')
        # The first proof has no nonce of the server's yet.
        assert visitor.faults == [provider.url("/oauth/token: status 400")]
        visitor.faults.clear()
        visitor.button("Ask UserInfo").click()
        asked = page.get_by_label("Request", exact=True)
        expect(asked).to_contain_text("Authorization: DPoP opa_")
        expect(page.get_by_label("Response", exact=True)).to_contain_text('"sub"')
        visitor.button("Refresh").click()
        expect(page.get_by_label("Response", exact=True)).to_contain_text('"refresh_token"')
        visitor.look("Try Album")
        visitor.button("Revoke").click()
        expect(page.get_by_label("Response", exact=True)).to_contain_text("200")
        assert {stored.revoked_at is not None for stored in all_grants(provider)} == {True}


def test_a_push_that_is_refused_is_shown(visit):
    with provider_on("sqlite://", scopes=OPENID, par="required") as provider:
        visitor = visit()
        visitor.sign_up(provider.issuer, "alice")
        client_id, _ = a_client(provider, "web", OPENID)
        visitor.page.goto(provider.url(f"/clients/{client_id}/try"))
        visitor.button("Add the redirect URI").click()
        visitor.page.locator("#push-secret").fill("wrong")
        visitor.button("Send the browser there").click()
        response = visitor.page.get_by_label("Response to the pushed request")
        expect(response).to_contain_text("invalid_client")
        assert visitor.page.url == provider.url(f"/clients/{client_id}/try")
        assert visitor.faults == [provider.url("/oauth/par: status 401")]
        visitor.faults.clear()
        visitor.look("Try Album")


def test_a_client_that_signs_its_requests_is_told_that_this_page_can_t(visit):
    with provider_on("sqlite://", scopes=OPENID, profile="fapi2", device="false") as provider:
        visitor = visit()
        visitor.sign_up(provider.issuer, "alice")
        client_id, _ = a_client(
            provider,
            "web",
            OPENID,
            auth_method="private_key_jwt",
            jwks_uri="https://album.example/jwks.json",
        )
        visitor.page.goto(provider.url(f"/clients/{client_id}/try"))
        said = visitor.page.get_by_text("must prove itself by a key or a certificate")
        expect(said).to_be_visible()
        assert visitor.button("Add the redirect URI").count() == 0
        visitor.look("Try Album")


def all_grants(provider: Provider):
    return provider.storage.find(Grant).items


def test_a_response_that_was_not_requested_is_not_used(visit, provider, scopes):
    visitor = visit()
    visitor.sign_up(provider.issuer, "alice")
    client_id, _ = a_client(provider, "browser", scopes)
    visitor.page.goto(provider.url(f"/clients/{client_id}/try"))
    visitor.button("Add the redirect URI").click()
    visitor.button("Remove the redirect URI").wait_for()
    address = provider.url(f"/clients/{client_id}/try")
    visitor.page.goto("about:blank")
    visitor.page.goto(f"{address}#code=stolen&state=x&iss={provider.issuer}")
    foreign = visitor.page.get_by_text("This response doesn't belong to a request of this page")
    expect(foreign).to_be_visible()
    expect(visitor.button("Redeem the code")).to_be_hidden()
    assert "#" not in visitor.page.url
    visitor.look("Try Album")


def test_markup_in_a_response_is_text(visit, provider, scopes):
    visitor = visit()
    visitor.sign_up(provider.issuer, "alice")
    client_id, _ = a_client(provider, "browser", scopes)
    visitor.page.goto(provider.url(f"/clients/{client_id}/try"))
    visitor.button("Add the redirect URI").click()
    visitor.button("Remove the redirect URI").wait_for()
    visitor.page.goto("about:blank")
    address = provider.url(f"/clients/{client_id}/try")
    visitor.page.goto(f"{address}#error=<img src=x onerror=alert(1)>&state=<b>")
    expect(visitor.page.get_by_label("Authorization response", exact=True)).to_contain_text("<b>")
    assert visitor.page.locator("main img").count() == 0
    assert visitor.faults == []


def test_a_cancelled_request_is_shown_as_the_error_it_is(visit, provider, scopes):
    visitor = visit()
    visitor.sign_up(provider.issuer, "alice")
    client_id, _ = a_client(provider, "browser", scopes)
    visitor.page.goto(provider.url(f"/clients/{client_id}/try"))
    visitor.button("Add the redirect URI").click()
    visitor.button("Send the browser there").click()
    visitor.button("Cancel").click()
    response = visitor.page.get_by_label("Authorization response", exact=True)
    expect(response).to_contain_text("error=access_denied")
    visitor.look("Try Album")


def test_a_signing_client_is_told_why_it_ends_at_the_code(visit, provider, scopes):
    visitor = visit()
    visitor.sign_up(provider.issuer, "alice")
    client_id, _ = a_client(
        provider,
        "web",
        scopes,
        auth_method="private_key_jwt",
        jwks_uri="https://album.example/jwks.json",
    )
    begin(visitor, provider, client_id)
    expect(visitor.page.get_by_text("This client signs with its own key")).to_be_visible()
    assert visitor.button("Redeem the code").count() == 0


def test_without_scripts_the_page_says_what_it_needs(visit, provider, scopes):
    visitor = visit(scripts=False)
    visitor.sign_up(provider.issuer, "alice")
    client_id, _ = a_client(provider, "browser", scopes)
    visitor.page.goto(provider.url(f"/clients/{client_id}/try"))
    visitor.button("Add the redirect URI").click()
    expect(visitor.page.get_by_text("This page needs JavaScript")).to_be_visible()
    expect(visitor.page.get_by_text("Send the browser there")).to_be_hidden()
