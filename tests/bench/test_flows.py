"""The checks in full, before and after the load: a right provider passes, a wrong one doesn't."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bench.compare.browser import Browser, Form, Lost
from bench.compare.flows import Client, prove, prove_stored
from bench.compare.serving import Server
from bench.compare.targets import TARGETS
from oauthprov.records import AccessToken
from tests.servers import wsgi
from tests.site import PASSWORD
from tests.web.openid import openid_site, relying_party

Spoil = Callable[[str, bytes], bytes]
"""From the path of a request and the body of its response to the body that is sent."""


class Counted:
    """A store whose number of records is said by a function."""

    def __init__(self, stored: Callable[[], int]) -> None:
        self.stored = stored

    def records(self) -> int:
        return self.stored()


@dataclass
class Served:
    """A provider over HTTP; ``spoil`` changes the bodies of its responses."""

    client: Client
    spoil: Spoil


@pytest.fixture(scope="module")
def provider(tmp_path_factory) -> Iterator[Served]:
    site, server = openid_site(), wsgi.Server()
    site.browser().enter("alice")
    apps = {
        "web": relying_party(site),
        "machine": site.app("machine", scopes=("profile:read",)),
    }

    def app(environ, start_response):
        begun = []
        body = b"".join(site.wsgi(environ, lambda *given: begun.append(given)))
        body = made.spoil(environ["PATH_INFO"], body)
        status, headers = begun[0][:2]
        headers = [one for one in headers if one[0].lower() != "content-length"]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    server.start(app)
    port = int(server.root.rpartition(":")[2])
    clients = {kind: (app.client.client_id, app.secret) for kind, app in apps.items()}
    store = Counted(lambda: len(site.storage.find(AccessToken).items))
    log = tmp_path_factory.mktemp("served") / "log"
    running = Server(TARGETS["oauthprov-sqlite"], store, port, 0, clients, {}, log)
    made = Served(Client(running, PASSWORD), as_it_is)
    yield made
    server.close()
    site.close()


@pytest.fixture
def served(provider) -> Iterator[Served]:
    yield provider
    provider.spoil = as_it_is


def as_it_is(path: str, body: bytes) -> bytes:
    return body


def test_a_right_provider_passes_and_tells_who_alice_is(served):
    seat = served.client.sign_in()
    sub = prove(served.client, seat)
    served.client.authorize(seat, "openid")
    assert served.client.userinfo(seat.access) == {"sub": sub}


def at(wanted: str, old: bytes, new: bytes) -> Spoil:
    return lambda path, body: body.replace(old, new) if path == wanted else body


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(at("/oauth/introspect", b'"active":true', b'"active":false'), id="dead"),
        pytest.param(at("/oauth/introspect", b'"active":false', b'"active":true'), id="forged"),
        pytest.param(at("/oauth/userinfo", b'"sub":"', b'"sub":"x'), id="somebody else"),
        pytest.param(at("/oauth/jwks", b'"n":"', b'"n":"x'), id="another key"),
        pytest.param(
            at("/oauth/token", b'"refresh_token"', b'"refreshed"'), id="no refresh token"
        ),
    ],
)
def test_a_wrong_answer_is_found_before_anything_is_measured(served, spoil):
    seat = served.client.sign_in()
    served.spoil = spoil
    with pytest.raises(Lost, match="a wrong answer"):
        prove(served.client, seat)


def test_a_token_that_is_not_stored_is_found(served, monkeypatch):
    prove_stored(served.client)
    monkeypatch.setattr(served.client.server.store, "stored", lambda: 7)
    with pytest.raises(Lost, match="isn't stored"):
        prove_stored(served.client)


def test_a_wrong_password_leads_nowhere(served):
    with pytest.raises(Lost, match="login answered 401"):
        Client(served.client.server, "wrong password").sign_in()


def test_a_form_is_its_fields_hidden_and_named():
    page = """<form method="post" action="/login"><input type="hidden" name="csrf" value="c">
        <input name="username"><button name="decision" value="cancel">Cancel</button>
        <button name="decision" value="allow">Allow</button></form>
        <form action="/leave"><input name="other"></form>"""
    form = Form(page)
    assert form.action == "/login"
    assert form.fields == {"csrf": "c", "username": "", "decision": "allow"}
    assert Form("<p>no form</p>").action is None
    assert Browser(1).header() == ""
