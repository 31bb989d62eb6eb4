"""The journeys of docs/architecture.md: a request calls these functions, in this order."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import parse_qsl, urlsplit

import pytest

from oauthprov.web.site import site_of
from tests import site as sites
from tests.site import CALLBACK, OPENID

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
HOP = re.compile(r"^\d+\. `(oauthprov/[\w/]+\.py)::([\w.]+)`", re.MULTILINE)
TRIPS = re.compile(r"(\d+) reads?, (\d+) writes?")
SECTIONS = {
    heading.strip(): text
    for heading, _, text in (
        part.partition("\n") for part in PAGE.partition("\n## Journeys\n")[2].split("\n### ")[1:]
    )
}


class Recorder:
    """The functions of the package that are called while it records, by file and name."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(ROOT / "oauthprov")):
            path = Path(frame.f_code.co_filename).relative_to(ROOT).as_posix()
            self.calls.append((path, frame.f_code.co_qualname))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record in this thread, and in those that begin meanwhile."""
        threading.setprofile(self)
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)


@pytest.fixture
def site(receiver):
    settings = {"scopes": OPENID, "logout.worker": "true"} | receiver.settings
    made = sites.standalone(sites.ini("sqlite://", **settings))
    # What it reads beside the requests isn't theirs to be counted.
    vars(site_of(made.wsgi.registry).provider.worker)["look"] = lambda: None
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return site.browser().sign_up("alice")


@pytest.fixture
def app(site, alice, receiver):
    """A client that alice has allowed before, and whose cached record is too old."""
    made = site.app(scopes=("openid", "profile:read"), backchannel_logout_uri=receiver.uri)
    made.tokens(alice, scope="openid profile:read")
    site.clock.pass_by(60)
    return made


def walked(site, title: str, request: Callable[[], object]) -> tuple[int, int]:
    """Make ``request``, assert that it calls the hops of ``title`` in turn, return its trips."""
    recorder = Recorder()
    with recorder.recording():
        trips = site.storage.trips(request)
    left = iter(recorder.calls)
    missing = [hop for hop in HOP.findall(SECTIONS[title]) if hop not in left]
    assert missing == [], (
        f"docs/architecture.md, journey {title!r}: the first of these is not called at its place;"
        " correct the list of hops there"
    )
    return trips


def promised(title: str) -> tuple[int, int]:
    reads, writes = TRIPS.findall(SECTIONS[title])[0]
    return int(reads), int(writes)


def test_each_journey_is_a_short_list():
    assert len(SECTIONS) == 6
    for title, text in SECTIONS.items():
        assert 5 <= len(HOP.findall(text)) <= 9, title


def test_a_code_is_exchanged(site, alice, app):
    title = "A client exchanges a code"
    code = alice.connect(app)["code"]
    site.clock.pass_by(6)
    assert walked(site, title, lambda: app.exchange(code)) == promised(title)


def test_an_authorization_request_is_redirected(site, alice, app):
    title = "An authorization request becomes a redirect"
    url = app.authorization_url()
    assert walked(site, title, lambda: alice.get(url)) == promised(title)


def test_an_authorization_request_is_pushed(site, app):
    title = "A client pushes an authorization request"
    form = dict(parse_qsl(urlsplit(app.authorization_url()).query))
    del form["client_id"]
    site.clock.pass_by(6)

    def push():
        assert app.post("/oauth/par", form).status_int == 201

    assert walked(site, title, push) == promised(title)


def test_a_token_is_introspected(site, alice, app):
    title = "A resource server introspects a token"
    token = app.tokens(alice)["access_token"]
    site.clock.pass_by(6)
    assert walked(site, title, lambda: app.introspect(token)) == promised(title)


def test_a_client_registers_itself(site):
    title = "A client registers itself"
    body = json.dumps({"client_name": "Printer", "redirect_uris": [CALLBACK]}).encode()

    def register():
        answer = site.send("POST", "/oauth/register", body=body, Content_Type="application/json")
        assert answer.status_int == 201

    assert walked(site, title, register) == promised(title)


def test_a_logout_is_delivered(site, alice, app, receiver):
    title = "A sign-out reaches a client"
    worker = site_of(site.wsgi.registry).provider.worker
    page = alice.get("/logout")

    def sign_out():
        page.form.submit()
        worker.join(60)

    assert walked(site, title, sign_out) == promised(title)
    assert len(receiver.requests) == 1
