"""The entries for the conformance suite's browser, followed by Chromium over https."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.chromium import PATIENCE
from tests.conformance.browser import matches, with_query
from tests.conformance.provider import Certified, certified
from tests.fetch.server import Authority, Server, answer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The suite's server, which answers any request with a page."""
    served = Server(Authority(tmp_path_factory.mktemp("suite")).context("localhost"))
    page = b'<!doctype html><link rel="icon" href="data:,"><p id="submission_complete">Done</p>'
    served.reply = answer(page, "Content-Type: text/html")
    yield served
    served.close()


@pytest.fixture(scope="module")
def provider(suite: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certified]:
    folder = tmp_path_factory.mktemp("certification")
    url = f"sqlite:///{folder}/certification.sqlite"
    with certified(url, folder, f"localhost:{suite.port}") as served:
        yield served


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that accepts any certificate, as the suite's does."""
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def follow(page: Page, entry: dict[str, Any]) -> None:
    """Do the tasks of an entry that is for the page which is shown."""
    for task in entry["tasks"]:
        if matches(task["match"], page.url):
            for command in task.get("commands", ()):
                carry_out(page, *command)
        else:
            assert task.get("optional"), page.url


def carry_out(page: Page, verb: str, by: str, name: str, *more: Any) -> None:
    if verb == "text":
        page.locator(f"#{name}").fill(more[0])
    elif verb == "click":
        with page.expect_navigation():
            page.locator(f"#{name}").click()
    else:
        expect(page.locator(f"#{name}")).to_contain_text(more[1] if more[1:] else "Done")


@pytest.mark.parametrize(
    ("asked", "method"),
    [
        ({"response_type": "code"}, "GET"),
        ({"response_type": "code", "response_mode": "form_post"}, "POST"),
        ({"response_type": "id_token token"}, "GET"),
    ],
    ids=["code", "form_post", "id_token+token"],
)
def test_the_entries_for_the_suite_sign_in_and_allow(provider, page, asked, method):
    fixed = request_of(provider) | {"state": secrets.token_urlsafe(8)}
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    page.goto(authorize(provider, fixed | asked))
    follow(page, provider.entries()[0])
    [request] = [request for request in sent if request.url.startswith(provider.suite_url)]
    assert request.method == method
    came = request.post_data or page.url.replace("#", "?").partition("?")[2]
    assert parse_qs(came)["state"] == [fixed["state"]]


def request_of(provider):
    """The parameters of a request of the static client."""
    return {
        "client_id": provider.plan["client"]["client_id"],
        "redirect_uri": f"{provider.suite_url}/callback",
        "scope": "openid profile",
        "nonce": "n",
        "prompt": "consent",
    }


def authorize(provider, asked):
    """The URL with these parameters, encoded as the suite does it."""
    return with_query(f"{provider.issuer}/oauth/authorize", asked)


def test_the_entries_for_the_suite_sign_out_and_return(provider, page):
    page.goto(authorize(provider, request_of(provider) | {"response_type": "id_token"}))
    follow(page, provider.entries()[0])
    asked = {
        "id_token_hint": parse_qs(urlsplit(page.url).fragment)["id_token"][0],
        "post_logout_redirect_uri": f"{provider.suite_url}/post_logout_redirect",
    }
    page.goto(with_query(f"{provider.issuer}/oauth/logout", asked))
    follow(page, provider.entries()[1])
    assert page.url == asked["post_logout_redirect_uri"]


@pytest.mark.parametrize("member", ["logo-uri", "policy-uri", "tos-uri"])
def test_the_sign_in_page_of_a_registered_client_is_shown(provider, page, member):
    page.goto(authorize(provider, request_of(provider) | {"response_type": "code"}))
    [entry] = provider.entries(f"oidcc-registration-{member}")
    follow(page, entry)
    assert urlsplit(page.url).path == "/login"


def test_a_refusal_is_shown(provider, page):
    elsewhere = f"{provider.suite_url}/callback/elsewhere"
    asked = request_of(provider) | {"response_type": "code", "redirect_uri": elsewhere}
    page.goto(authorize(provider, asked))
    follow(page, provider.entries("oidcc-ensure-registered-redirect-uri")[0])
    assert page.url.startswith(provider.issuer)
