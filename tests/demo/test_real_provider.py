"""The demo and the real provider over HTTP, each at its own address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
from bs4 import BeautifulSoup

from tests.browser.place import Demo, Provider, demo_of, provider_on
from tests.site import OPENID, PASSWORD

LOOPBACK = "127.0.0.0/8 ::1/128"


@pytest.fixture
def provider() -> Iterator[Provider]:
    settings = {"scopes": OPENID, "fetch.allow": LOOPBACK}
    with provider_on("sqlite://", **settings) as served:
        yield served


@pytest.fixture
def demo(provider: Provider) -> Iterator[Demo]:
    with demo_of(provider.issuer) as client:
        provider.register_demo(client)
        yield client


@dataclass
class Person:
    """Somebody with a browser that has no scripts."""

    demo: Demo
    session: requests.Session = field(default_factory=requests.Session)
    page: BeautifulSoup = field(init=False)
    address: str = field(init=False)

    def go(self, address: str) -> str:
        """Open a URL; return the heading of the final page."""
        return self._shown(self.session.get(address, timeout=30))

    def press(self, label: str, **typed: str) -> str:
        """Press a button, once the form is filled in; return the heading that follows."""
        button = self.page.find("button", string=lambda s: s and s.strip() == label)
        form = button.find_parent("form")
        fields = {i["name"]: i.get("value", "") for i in form.find_all("input") if i.get("name")}
        fields |= typed | ({button["name"]: button["value"]} if button.get("name") else {})
        address = requests.compat.urljoin(self.address, form["action"])
        if form["method"] == "get":
            return self._shown(self.session.get(address, params=fields, timeout=30))
        return self._shown(self.session.post(address, data=fields, timeout=30))

    def sign_in(self) -> str:
        self.go(self.demo.root)
        return self.press("Sign in with oauthprov")

    def is_signed_in(self) -> bool:
        return self.go(f"{self.demo.root}/signed-in").startswith("Signed in as")

    def _shown(self, response: requests.Response) -> str:
        assert response.status_code == 200, response.text
        self.page, self.address = BeautifulSoup(response.text, "html.parser"), response.url
        return self.page.h1.text


@pytest.fixture
def visit(provider: Provider, demo: Demo) -> Iterator:
    """Return a function that opens a further browser in which alice is signed in."""
    people: list[Person] = []

    def come() -> Person:
        person = Person(demo)
        person.go(f"{provider.issuer}/{'login' if people else 'signup'}")
        label = "Sign in" if people else "Create account"
        assert person.press(label, name="alice", password=PASSWORD) == "Hello, alice"
        people.append(person)
        return person

    yield come
    for person in people:
        person.session.close()


def test_the_demo_signs_in_and_out_at_the_real_provider(provider, visit):
    alice = visit()
    assert alice.sign_in() == "Demo asks for access"
    assert alice.press("Allow").startswith("Signed in as alice")
    assert alice.press("Sign in again (prompt=login)") == "Sign in again"
    assert alice.press("Sign in", name="alice", password=PASSWORD).startswith("Signed in as")
    assert alice.press("Sign out everywhere") == "Not connected"
    assert "signed out here and at the provider" in alice.page.find(role="status").text
    assert alice.sign_in() == "Sign in"
    done = provider.backchannel.deliver()
    assert (done.notified, done.left) == (1, 0)


def test_a_logout_at_the_provider_signs_out_of_the_demo(provider, visit):
    first, second = visit(), visit()
    first.sign_in()
    first.press("Allow")
    second.sign_in()
    assert first.is_signed_in()
    assert second.is_signed_in()
    first.go(f"{provider.issuer}/logout")
    first.press("Sign out")
    assert provider.backchannel.deliver().notified == 1
    assert not first.is_signed_in()
    assert second.is_signed_in()
