"""Deleting the account and keeping it after all, and downloading one's data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.place import provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID, PASSWORD

pytestmark = pytest.mark.browser

CONFIRM = "Type your user name, alice, to confirm"


@pytest.fixture
def provider(either_storage):
    with provider_on(either_storage, scopes=OPENID, languages="en he") as served:
        yield served


@pytest.mark.parametrize("scripts", [True, False])
def test_a_user_deletes_the_account_and_keeps_it_after_all(visit, provider, scripts):
    alice = visit(dark=True, scripts=scripts)
    alice.sign_up(provider.issuer, "alice")
    alice.page.goto(provider.url("/account"))
    alice.look("Your account")
    alice.button("Delete your account").click()
    alice.look("Delete your account?")
    alice.field(CONFIRM).fill("bob")
    alice.button("Delete it").click()
    expect(alice.alert()).to_have_text("This isn't your user name.")
    alice.look("Delete your account?")
    alice.field(CONFIRM).fill("alice")
    alice.button("Delete it").click()
    alice.look("Your account is deleted")
    alice.page.goto(provider.url("/account"))
    alice.enter("alice")
    alice.button("Sign in").click()
    alice.look("Keep your account?")
    alice.button("Keep my account").click()
    alice.look("Your account")


def test_the_data_arrive_as_a_file(visit, provider, tmp_path: Path):
    alice = visit(dark=True)
    alice.sign_up(provider.issuer, "alice")
    alice.page.goto(provider.url("/account"))
    alice.button("Download your data").click()
    alice.look("Download your data")
    with alice.page.expect_download() as waiting:
        alice.button("Download").click()
    assert waiting.value.suggested_filename == "account.json"
    waiting.value.save_as(tmp_path / "account.json")
    document = json.loads((tmp_path / "account.json").read_text("utf-8"))
    assert document["account"]["name"] == "alice"


def test_from_right_to_left_the_pages_are_whole(visit, provider):
    alice: Visitor = visit(dark=True, language="he")
    alice.page.goto(provider.url("/signup"))
    alice.page.fill("#name", "alice")
    alice.page.fill("#password", PASSWORD)
    alice.page.click("main [type=submit]")
    alice.page.wait_for_url(provider.url("/"))
    for path in ("/account", "/account/profile", "/account/delete", "/account/export"):
        alice.page.goto(provider.url(path))
        expect(alice.page.locator("html")).to_have_attribute("dir", "rtl")
        alice.look()
