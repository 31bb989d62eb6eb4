"""Apache's mod_auth_openidc as a relying party: sign-in, refresh, both ways of signing out."""

from __future__ import annotations

import itertools
import json
from urllib.parse import quote

import pytest

from tests.clients.apache import apache
from tests.clients.person import Person
from tests.clients.relying_party import free_root
from tests.servers.run import until
from tests.servers.wsgi import Server
from tests.site import PASSWORD

HEADERS = ("HTTP_X_SUB", "HTTP_X_ACCESS_TOKEN")
ROOT = free_root()
COUNT = itertools.count()


@pytest.fixture(scope="module")
def more():
    """Logout tokens are delivered at once, to Apache too."""
    return {"logout.worker": "true", "fetch.allow": ROOT.removeprefix("http://")}


@pytest.fixture(scope="module")
def behind():
    """The app behind Apache, which shows who it is told that the visitor is."""
    server = Server()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({name: environ.get(name) for name in HEADERS}).encode()]

    server.start(app)
    yield server.root
    server.close()


@pytest.fixture(scope="module")
def served(openid_provider, behind, tmp_path_factory):
    folder = tmp_path_factory.mktemp("apache")
    client = openid_provider.app(
        redirect_uris=(f"{ROOT}/callback",),
        post_logout_redirect_uris=(f"{ROOT}/callback?logout=get",),
        backchannel_logout_uri=f"{ROOT}/callback?logout=backchannel",
        scopes=("openid", "profile", "email"),
    )
    values = {
        "issuer": openid_provider.issuer,
        "client_id": client.client.client_id,
        "client_secret": str(client.secret),
        "app": behind,
    }
    with apache(folder, ROOT, **values):
        yield ROOT


@pytest.fixture
def alice(openid_provider):
    person = Person(openid_provider.issuer, ROOT)
    page = person.visit(openid_provider.url("/signup"))
    person.submit(page, name=f"alice{next(COUNT)}", password=PASSWORD)
    yield person
    person.browser.close()


def signed_in(alice: Person) -> dict[str, str]:
    arrived = alice.submit(alice.visit(f"{ROOT}/me"), decision="allow")
    assert arrived.url == f"{ROOT}/me", arrived.text
    return arrived.json()


def test_apache_refreshes_its_access_token(served, alice):
    known = signed_in(alice)
    assert known["HTTP_X_SUB"]
    token = known["HTTP_X_ACCESS_TOKEN"]
    back = quote(f"{ROOT}/me", safe="")
    renewed = alice.visit(f"{ROOT}/callback?refresh={back}&access_token={token}")
    assert renewed.url == f"{ROOT}/me"
    assert renewed.json()["HTTP_X_ACCESS_TOKEN"] not in ("", token)


def test_signing_out_of_apache_signs_out_at_the_provider(served, alice, openid_provider):
    signed_in(alice)
    back = quote(f"{ROOT}/callback?logout=get", safe="")
    gone = alice.visit(f"{ROOT}/callback?logout={back}")
    assert gone.url.startswith(f"{ROOT}/callback?logout=get"), gone.url
    assert alice.visit(f"{ROOT}/me").url.startswith(openid_provider.url("/login"))


def test_signing_out_at_the_provider_ends_the_session_of_apache(served, alice, openid_provider):
    signed_in(alice)
    page = alice.visit(openid_provider.url("/logout"))
    alice.submit(page)

    def ended():
        assert alice.visit(f"{ROOT}/me").url.startswith(openid_provider.url("/login"))

    until(ended)
