"""Modules of Basic, Form Post and Implicit about signing in again, or not at all."""

from __future__ import annotations

import pytest

from tests.conformance.authorization import NEEDS_A_PAGE


@pytest.fixture
def client(suite):
    return suite.client()


@pytest.fixture
def browser(suite):
    return suite.browser()


def twice(suite, client, browser, first, second, *, seconds=0):
    """Go through two flows in one browser; return both ID tokens."""
    before = client.flow(browser, **first).id_token
    assert "sign-in" in browser.shown
    suite.provider.clock.pass_by(seconds)
    return before, client.flow(browser, **second).id_token


def check_same(before, after):
    """They are of one sign-in."""
    assert before["sub"] == after["sub"]
    assert before["auth_time"] == after["auth_time"]


def test_oidcc_prompt_login(suite, client, browser):
    before, after = twice(suite, client, browser, {}, {"prompt": "login"}, seconds=1)
    assert browser.shown == ["sign-in"]
    assert after["auth_time"] > before["auth_time"]


def test_oidcc_prompt_none_not_logged_in(client, browser):
    asked = client.asking(prompt="none", state="0123456789abcdef" * 8)
    assert client.refused(client.ask(browser, asked), asked) in NEEDS_A_PAGE


def test_oidcc_prompt_none_logged_in(suite, client, browser):
    check_same(*twice(suite, client, browser, {}, {"prompt": "none"}))
    assert browser.seen == ["Arrive"]


def test_oidcc_max_age_1(suite, client, browser):
    before, after = twice(suite, client, browser, {}, {"max_age": "1"}, seconds=2)
    assert browser.shown == ["sign-in"]
    assert before["auth_time"] < after["auth_time"] <= suite.provider.clock()


def test_oidcc_max_age_10000(suite, client, browser):
    asked = {"max_age": "15000"}, {"max_age": "10000"}
    check_same(*twice(suite, client, browser, *asked))
    assert browser.seen == ["Arrive"]


def test_oidcc_id_token_hint(client, browser):
    before = client.flow(browser).id_token
    after = client.flow(browser, prompt="none", id_token_hint=before.raw).id_token
    check_same(before, after)
    assert browser.seen == ["Arrive"]
