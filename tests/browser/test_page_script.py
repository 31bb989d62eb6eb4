"""What the script of all pages adds: times in the visitor's zone, and passwords that are shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import PASSWORD

pytestmark = pytest.mark.browser

HERE = "Asia/Kathmandu"
"""A zone whose minutes differ from those of UTC: it is 5:45 hours ahead."""


def test_a_password_can_be_shown_and_is_sent_as_one(
    visit: Callable[..., Visitor], provider: Provider
) -> None:
    alice = visit(dark=True)
    alice.page.goto(provider.url("/signup"))
    alice.enter("alice")
    field = alice.page.locator("#password")
    alice.button("Show password: Password").click()
    assert field.get_attribute("type") == "text"
    assert field.evaluate("field => field === document.activeElement")
    alice.look()
    alice.button("Hide password: Password").click()
    assert field.get_attribute("type") == "password"
    alice.button("Show password: Password").click()
    field.evaluate(
        "field => field.form.addEventListener('submit', () => sessionStorage.sent = field.type)"
    )
    alice.button("Create account").click()
    alice.heading("Hello, alice").wait_for()
    assert alice.page.evaluate("sessionStorage.sent") == "password"


def test_each_of_two_passwords_has_its_own_button(
    visit: Callable[..., Visitor], provider: Provider
) -> None:
    alice = visit()
    alice.sign_up(provider.issuer, "alice")
    alice.page.goto(provider.url("/account/password"))
    alice.look()
    alice.page.locator("#current").fill(PASSWORD)
    alice.button("Show password: New password").click()
    assert alice.page.locator("#password").get_attribute("type") == "text"
    assert alice.page.locator("#current").get_attribute("type") == "password"


@pytest.mark.parametrize("language", ["en", "de", "he"])
def test_times_are_those_of_the_visitor(
    visit: Callable[..., Visitor], language: str, tmp_path
) -> None:
    url = f"sqlite:///{tmp_path / 'times.sqlite'}"
    with provider_on(url, languages="en de he") as provider:
        alice = visit(zone=HERE, language=language)
        alice.page.goto(provider.url("/signup"))
        alice.page.locator("#name").fill("alice")
        alice.page.locator("#password").fill(PASSWORD)
        alice.page.locator("main button[type=submit]").click()
        alice.page.goto(provider.url("/account"))
        time = alice.page.locator("time.moment").first
        shown, at = time.text_content() or "", time.get_attribute("datetime")
        script = "([at, zone]) => new Date(at).toLocaleTimeString('en', {timeZone: zone})"
        _, minutes, _ = alice.page.evaluate(script, [at, HERE]).split(":")
        assert f":{minutes}" in shown
        assert "UTC" not in shown
        assert "UTC" in (time.get_attribute("title") or "")
        assert alice.faults == []


def test_without_scripts_times_are_in_utc(
    visit: Callable[..., Visitor], provider: Provider
) -> None:
    alice = visit(scripts=False, zone=HERE)
    alice.sign_up(provider.issuer, "alice")
    alice.page.goto(provider.url("/account"))
    assert "UTC" in (alice.page.locator("time.moment").first.text_content() or "")
    alice.page.goto(provider.url("/account/password"))
    assert alice.page.locator("button.reveal").count() == 0
