"""oidc-client-ts in Chromium: an app in a browser, without a server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.clients import javascript
from tests.servers.wsgi import Server
from tests.site import PASSWORD

pytestmark = pytest.mark.browser

PAGE = javascript.HOME / "oidc_client_ts.html"
LIBRARY = "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"
EMAIL = "alice@example.org"


@pytest.fixture
def app(openid_provider):
    """The address of the app, which is a page and the library."""
    javascript.node()
    server = Server("localhost")
    client = openid_provider.app(
        "browser",
        redirect_uris=(f"{server.root}/callback",),
        post_logout_redirect_uris=(f"{server.root}/signed-out",),
        scopes=("openid", "profile", "email"),
    ).client
    page = PAGE.read_text("utf-8").replace("ISSUER", openid_provider.issuer)
    files = {
        "/oidc-client-ts.js": ("text/javascript", (javascript.HOME / LIBRARY).read_bytes()),
    }
    other = ("text/html", page.replace("CLIENT_ID", client.client_id).encode())

    def wsgi(environ, start_response):
        kind, body = files.get(environ["PATH_INFO"], other)
        start_response("200 OK", [("Content-Type", f"{kind}; charset=utf-8")])
        return [body]

    server.start(wsgi)
    yield server.root
    server.close()


@pytest.fixture
def page(chromium: Browser) -> Page:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def heading(page: Page, name: str) -> None:
    page.get_by_role("heading", level=1, name=name, exact=True).wait_for()


def test_an_app_in_a_browser_signs_in_refreshes_revokes_and_signs_out(openid_provider, app, page):
    page.goto(openid_provider.url("/signup"))
    page.get_by_label("User name", exact=True).fill("alice")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    heading(page, "Hello, alice")
    page.goto(openid_provider.url("/account/email/new"))
    page.get_by_label("E-mail address", exact=True).fill(EMAIL)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").wait_for()

    page.goto(app)
    heading(page, "Ready")
    page.evaluate("() => void manager.signinRedirect()")
    page.get_by_role("button", name="Allow").click()
    heading(page, f"Signed in as {EMAIL}")
    assert page.evaluate("renew()") is True
    assert page.evaluate("revoke()") == 401

    page.goto(app)
    page.evaluate("() => void manager.signinRedirect()")
    heading(page, f"Signed in as {EMAIL}")
    page.evaluate("() => void manager.signoutRedirect()")
    heading(page, "Signed out")
    page.goto(openid_provider.url("/account"))
    assert page.url.startswith(openid_provider.url("/login"))
