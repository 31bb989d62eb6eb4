"""Signing in with OpenID Connect, as a browser goes through it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.servers.wsgi import Server
from tests.site import OPENID, OPENID_SCOPES, PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://", scopes=OPENID) as served:
        yield served


@pytest.fixture
def alice(visit, provider) -> Visitor:
    visitor = visit(dark=True)
    visitor.sign_up(provider.issuer, "alice")
    return visitor


@pytest.fixture
def client() -> Iterator[Server]:
    """A client whose callback shows the posted parameters."""

    def callback(environ, start_response):
        posted = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        names = " ".join(sorted(parse_qs(posted.decode())))
        start_response("200 OK", [("Content-Type", "text/html")])
        return [
            f'<!doctype html><link rel="icon" href="data:,"><h1>{environ["REQUEST_METHOD"]} '
            f"{names}</h1>".encode()
        ]

    served = Server("localhost")
    served.start(callback)
    yield served
    served.close()


@pytest.fixture
def ask(provider, client):
    """Return the authorization URL."""
    callback = f"{client.root}/callback"
    registered, _ = provider.registrar.register(
        type="web", name="Reader", redirect_uris=(callback,), scopes=OPENID_SCOPES
    )

    def url(**more: str) -> str:
        asked = {"scope": "openid email", "nonce": "n"} | more
        return provider.authorization_url(registered.client_id, callback, **asked)

    return url


def test_a_saved_profile_reaches_the_client(alice, provider):
    alice.page.goto(provider.url("/account"))
    alice.button("Edit your profile").click()
    alice.look("Your profile")
    alice.field("Full name").fill("Alice Liddell")
    alice.field("Website").fill("nobody")
    alice.button("Save").click()
    alice.alert().wait_for()
    alice.look("Your profile")
    alice.field("Website").fill("https://alice.example")
    alice.button("Save").click()
    alice.page.get_by_role("status").wait_for()
    alice.look("Your account")


@pytest.mark.parametrize(
    ("mode", "parameters"), [("form_post", "code iss state"), ("form_post.jwt", "response")]
)
def test_a_form_post_response_arrives_at_the_client(alice, ask, mode, parameters):
    """The page posts itself to the client, the security policy of ours notwithstanding."""
    alice.page.goto(ask(response_mode=mode))
    alice.look("Reader asks for access")
    alice.button("Allow").click()
    alice.heading(f"POST {parameters}").wait_for()
    alice.page.goto(ask(response_mode=mode, prompt="none"))
    alice.heading(f"POST {parameters}").wait_for()


def test_prompt_login_asks_for_the_password_again(alice, ask):
    alice.page.goto(ask(prompt="login", login_hint="alice"))
    alice.look("Sign in again")
    assert alice.field("User name").input_value() == "alice"
    alice.field("Password").fill(PASSWORD)
    alice.button("Sign in").click()
    alice.heading("Reader asks for access").wait_for()
    alice.button("Allow").click()
    alice.heading("GET").wait_for()
