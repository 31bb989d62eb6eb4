"""The entries for the conformance suite's browser, followed by Chromium over https."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.chromium import PATIENCE
from tests.conformance.provider import Certified, certified
from tests.fetch.server import Authority, Server, answer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The suite's server, which thanks for whatever comes."""
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
    """A page of a browser that trusts anybody, as the suite's does."""
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def follow(page: Page, entry: dict[str, Any]) -> None:
    """Do the tasks of an entry that is for the page which is shown."""
    for task in entry["tasks"]:
        if fnmatchcase(page.url, task["match"]):
            for command in task["commands"]:
                carry_out(page, *command)
        else:
            assert task.get("optional"), page.url


def carry_out(page: Page, verb: str, by: str, name: str, *more: Any) -> None:
    if by == "contains":
        page.wait_for_url(lambda url: name in url)
    elif verb == "text":
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
def test_somebody_signs_in_and_allows(provider, page, asked, method):
    fixed = {
        "client_id": provider.plan["client"]["client_id"],
        "redirect_uri": f"{provider.suite_url}/callback",
        "scope": "openid profile",
        "state": secrets.token_urlsafe(8),
        "nonce": "n",
        "prompt": "consent",
    }
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    page.goto(f"{provider.issuer}/oauth/authorize?{urlencode(fixed | asked)}")
    follow(page, provider.plan["browser"][0])
    [request] = [request for request in sent if request.url.startswith(provider.suite_url)]
    assert request.method == method
    came = request.post_data or page.url.replace("#", "?").partition("?")[2]
    assert parse_qs(came)["state"] == [fixed["state"]]


def test_a_refusal_is_shown(provider, page):
    client_id = provider.plan["client"]["client_id"]
    elsewhere = f"{provider.suite_url}/callback/elsewhere"
    asked = {"response_type": "code", "client_id": client_id, "redirect_uri": elsewhere}
    page.goto(f"{provider.issuer}/oauth/authorize?{urlencode(asked)}")
    follow(page, provider.plan["override"]["oidcc-ensure-registered-redirect-uri"]["browser"][0])
    assert page.url.startswith(provider.issuer)
