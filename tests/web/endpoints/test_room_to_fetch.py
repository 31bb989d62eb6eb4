"""Responses when no place is free to fetch a client's document."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from oauthprov.fetch.places import PLACES
from oauthprov.protocol.keys.jwk import PrivateKey
from tests.site import App, arrived
from tests.web.openid import openid_site, register_itself

SECTOR = {"subject_type": "pairwise", "sector_identifier_uri": "https://app.example/uris.json"}


@pytest.fixture
def site():
    """A site where others hold every place to fetch."""
    made = openid_site(**{"openid.pairwise_secret": "0123456789abcdefghijklmnopqrstuv"})
    fetcher = made.wsgi.registry["oauthprov"].provider.fetcher
    with ExitStack() as held:
        for number in range(PLACES):
            held.enter_context(fetcher.waiting(f"https://{number}.example/", f"other-{number}"))
        yield made
    made.close()


def assert_later(response):
    assert response.status_int == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "temporarily_unavailable" in response.text


def signer(site):
    app = site.app(auth_method="private_key_jwt", jwks_uri="https://app.example/jwks")
    return App(site, app.client, None, PrivateKey.generate("ES256"))


@pytest.mark.parametrize("path", ["token", "introspect", "revoke"])
def test_a_client_whose_keys_cannot_be_fetched_now_gets_a_503(site, path):
    form = {"grant_type": "client_credentials", "token": "x"}
    response = signer(site).post(f"/oauth/{path}", form)
    assert_later(response)
    assert response.json["error"] == "temporarily_unavailable"


def test_a_request_uri_that_cannot_be_fetched_now_is_temporarily_unavailable(site):
    uri = "https://app.example/object"
    app = site.app(jwks_uri="https://app.example/jwks", request_uris=(uri,))
    told = arrived(site.get(app.authorization_url(request_uri=uri)))
    assert told["error"] == "temporarily_unavailable"
    assert_later(site.get(app.authorization_url(request_uri=uri, redirect_uri=None)))


def test_a_registration_whose_sector_cannot_be_fetched_now_gets_a_503(site):
    assert_later(register_itself(site, **SECTOR))


def test_a_developer_is_asked_to_try_later_when_a_sector_cannot_be_fetched_now(site):
    alice = site.browser().sign_up("alice")
    form = alice.get("/clients/new/web").form
    form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
    for field, value in SECTOR.items():
        form[field] = value
    page = form.submit(expect_errors=True)
    assert_later(page)
    assert "Try again in a moment" in page.text
