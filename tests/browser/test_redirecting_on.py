"""A client whose callback redirects on to another origin, as a real one does after a sign-in.

Chromium applies ``form-action`` to the whole chain of redirects that a form sets off: with one,
the consent would be given and the browser still stop on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.browser.place import Provider
from tests.browser.visitor import Visitor
from tests.servers.wsgi import Server

pytestmark = pytest.mark.browser


@dataclass
class Onward:
    """A client at one origin that leads from its callback to a page at another."""

    provider: Provider
    callback: str
    client_id: str
    home: str

    def connect(self, visitor: Visitor) -> None:
        visitor.page.goto(self.provider.authorization_url(self.client_id, self.callback))


@pytest.fixture
def onward(provider: Provider) -> Iterator[Onward]:
    client, last = Server("localhost"), Server("localhost")
    home = f"{last.root}/home"
    client.start(leading_to(home))
    last.start(said("You are in"))
    callback = f"{client.root}/callback"
    yield Onward(provider, callback, provider.register(callback, "Onward")[0], home)
    client.close()
    last.close()


def leading_to(address: str):
    def callback(environ, start_response):
        start_response("303 See Other", [("Location", address)])
        return []

    return callback


def said(text: str):
    def page(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [f'<!doctype html><link rel="icon" href="data:,"><h1>{text}</h1>'.encode()]

    return page


def arrives(visitor: Visitor, onward: Onward) -> None:
    visitor.heading("You are in").wait_for()
    assert visitor.page.url == onward.home
    assert visitor.faults == []


@pytest.mark.parametrize("decision", ["Allow", "Cancel"])
def test_the_consent_form_may_redirect_to_the_client(visitor, onward, decision):
    visitor.sign_up(onward.provider.issuer, "alice")
    onward.connect(visitor)
    visitor.button(decision).click()
    arrives(visitor, onward)


def test_a_sign_in_redirects_to_the_client_where_consent_is_remembered(visitor, visit, onward):
    visitor.sign_up(onward.provider.issuer, "alice")
    onward.connect(visitor)
    visitor.button("Allow").click()
    arrives(visitor, onward)
    other = visit()
    onward.connect(other)
    other.enter("alice")
    other.button("Sign in").click()
    arrives(other, onward)


def test_sign_up_leads_to_the_consent_page_and_to_the_client(visitor, onward):
    onward.connect(visitor)
    visitor.look("Sign in")
    assert visitor.page.get_by_text("to continue to Onward").is_visible()
    visitor.link("Create one").click()
    visitor.look("Create an account")
    visitor.enter("alice")
    visitor.button("Create account").click()
    visitor.button("Allow").click()
    arrives(visitor, onward)
