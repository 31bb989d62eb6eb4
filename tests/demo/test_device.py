"""The demo of a device, at a real provider over HTTP."""

from __future__ import annotations

import io
import re

import pytest
import requests

from oauthprov.demo import device
from oauthprov.demo.device import Device, Refused
from oauthprov.demo.errors import ProviderUnavailable
from tests import site as sites
from tests.clients.person import Person
from tests.servers.wsgi import Server
from tests.site import PASSWORD


@pytest.fixture
def served():
    """A provider over real HTTP."""
    listening = Server()
    given = sites.ini("sqlite://", issuer=listening.root, development="true")
    made = sites.standalone(given)
    listening.start(made.wsgi)
    yield made
    listening.close()
    made.close()


@pytest.fixture
def alice(served):
    person = Person(served.issuer)
    person.submit(person.visit(f"{served.issuer}/signup"), name="alice", password=PASSWORD)
    yield person
    person.browser.close()


class Screen(io.StringIO):
    """What a device shows; somebody who looks at it finds the code."""

    @property
    def code(self):
        return re.search(r"^    ([A-Z]{4}-[A-Z]{4})$", self.getvalue(), re.MULTILINE)[1]


class Waiting:
    """Time passes for the provider as the device waits; ``then`` happens in the first pause."""

    def __init__(self, served, then):
        self._clock, self._steps, self.seconds = served.clock, iter(then), []

    def __call__(self, seconds):
        self.seconds.append(seconds)
        self._clock.pass_by(int(seconds))
        next(self._steps, lambda: None)()


def decide(alice, code, decision):
    page = alice.submit(alice.visit(f"{alice.issuer}/device"), user_code=code)
    alice.submit(page, decision=decision)


def of(served, *then, **more):
    """A device, its screen, and the pauses that it makes."""
    screen, waiting = Screen(), Waiting(served, then)
    client_id = served.app("device").client.client_id
    made = Device(served.issuer, client_id, sleep=waiting, out=screen, **more)
    return made, screen, waiting


def test_it_shows_a_code_and_gets_tokens(served, alice):
    def allow():
        decide(alice, screen.code, "allow")

    made, screen, waiting = of(served, lambda: None, allow, scope="profile:read")
    tokens = made.run()
    assert tokens["scope"] == "profile:read"
    assert waiting.seconds == [5, 5]
    shown = screen.getvalue()
    assert f"{served.issuer}/device" in shown
    assert "\u2580" in shown  # half blocks of the QR code
    assert "scope: profile:read" in shown
    for name in ("access_token", "refresh_token"):
        assert tokens[name] not in shown


def test_it_says_that_somebody_denied_it(served, alice):
    made, screen, _ = of(served, lambda: decide(alice, screen.code, "cancel"))
    with pytest.raises(Refused, match="access_denied"):
        made.run()


def test_it_gives_up_when_the_code_has_expired(served):
    made, _, waiting = of(served)
    with pytest.raises(Refused, match="expired_token"):
        made.run()
    assert sum(waiting.seconds) == 600


def test_it_slows_down_for_good(served, alice):
    def back():
        served.clock.pass_by(-3)

    def allow():
        decide(alice, screen.code, "allow")

    made, screen, waiting = of(served, lambda: None, back, lambda: None, allow)
    made.run()
    assert waiting.seconds == [5, 5, 10, 10]


def test_it_doubles_its_interval_when_the_provider_does_not_answer(served, alice, monkeypatch):
    post, lost = requests.post, []

    def unreliable(url, *args, **more):
        if url.endswith("/token") and not lost:
            lost.append(url)
            raise requests.ConnectionError
        return post(url, *args, **more)

    monkeypatch.setattr(requests, "post", unreliable)
    made, screen, waiting = of(served, lambda: decide(alice, screen.code, "allow"))
    made.run()
    assert waiting.seconds == [5, 10]


def test_a_client_that_is_no_device_is_told_so(served, capsys):
    client_id = served.app("native").client.client_id
    assert device.main(["--issuer", served.issuer, "--client-id", client_id]) == 1
    assert "unauthorized_client" in capsys.readouterr().err


def test_it_believes_no_other_issuer(served):
    made = Device(served.issuer + "/", "x", out=Screen())
    with pytest.raises(ProviderUnavailable):
        made.run()
