"""Keys that clients registered, and those at their ``jwks_uri`` on a real TLS server."""

import json

import pytest

from oauthprov.errors import JoseError, UnknownKey
from oauthprov.protocol.clients.keys import ClientKeys
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import Client
from tests.certificates import self_signed
from tests.fetch.server import JSON, answer

NOW = 1_000_000
FIRST, SECOND = PrivateKey.generate("ES256"), PrivateKey.generate("ES256")


def key_set(*keys):
    return json.dumps({"keys": [key.public() for key in keys]})


def registered(client_id="app", **keys):
    return Client(client_id, "Printer", "web", NOW, **keys)


class App:
    """A client that publishes keys, and the provider that verifies its tokens."""

    def __init__(self, place):
        self.now = NOW
        self.place = place
        self.client = registered(jwks_uri=place.url)
        self.keys = ClientKeys(place.fetcher(), lambda: self.now)

    def publishes(self, *keys, media_type=JSON):
        self.place.server.reply = answer(key_set(*keys).encode(), media_type)

    def presents(self, key, **claims):
        token = jose.sign({"iss": "app", "exp": self.now + 60} | claims, key, typ="JWT")
        return self.verify(token)

    def verify(self, token):
        return self.keys.verify(
            self.client, token, algorithms=("ES256",), types=("JWT",), now=self.now
        ).claims["iss"]

    @property
    def fetches(self):
        return self.place.server.connections


@pytest.fixture
def client(place):
    made = App(place)
    made.publishes(FIRST)
    return made


def test_tokens_verify_with_published_keys_fetched_once(client):
    assert [client.presents(FIRST) for _ in range(3)] == ["app"] * 3
    assert client.fetches == 1


def test_the_media_type_jwk_set_json_is_accepted(client):
    client.publishes(FIRST, media_type="Content-Type: application/jwk-set+json")
    assert client.presents(FIRST) == "app"


def test_a_client_that_registers_doesnt_wait_for_one_that_shares_its_address(client):
    client.presents(FIRST)
    client.publishes(SECOND)
    client.client = registered("other", jwks_uri=client.place.url)
    assert client.presents(SECOND) == "app"
    assert client.fetches == 2


def test_a_new_key_is_found_and_costs_a_fetch_every_30_seconds_at_most(client):
    client.presents(FIRST)
    client.publishes(FIRST, SECOND)
    for _ in range(29):
        client.now += 1
        with pytest.raises(UnknownKey):
            client.presents(SECOND)
    assert client.fetches == 1
    client.now += 1
    assert client.presents(SECOND) == "app"
    assert client.presents(FIRST) == "app"
    assert client.fetches == 2


def test_a_flood_of_unknown_kids_costs_two_fetches_a_minute(client):
    for _ in range(60):
        for _ in range(3):
            with pytest.raises(UnknownKey):
                client.presents(SECOND)
        client.now += 1
    assert client.fetches == 2


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * 20_000])
def test_a_malformed_token_costs_no_fetch(client, token):
    with pytest.raises(JoseError):
        client.verify(token)
    assert client.fetches == 0


@pytest.mark.parametrize("document", [b"", b"{}", b'{"keys": [], "keys": []}', b"[]", b"\xff"])
def test_a_document_that_is_no_key_set_is_refused(client, document):
    client.place.server.reply = answer(document, JSON)
    with pytest.raises(JoseError, match="the key set"):
        client.presents(FIRST)


def test_verification_fails_when_the_key_set_cannot_be_fetched(client):
    client.place.server.reply = answer(b"", JSON, status="404 x")
    with pytest.raises(JoseError, match="can't be fetched"):
        client.presents(FIRST)


def test_a_jwks_uri_of_an_internal_address_is_not_fetched(client):
    client.client = registered(jwks_uri="https://169.254.169.254/latest/meta-data")
    with pytest.raises(JoseError, match="can't be fetched"):
        client.presents(FIRST)


def test_a_registered_key_set_costs_no_fetch(client):
    client.client = registered(jwks=key_set(FIRST))
    assert client.presents(FIRST) == "app"
    with pytest.raises(UnknownKey):
        client.presents(SECOND)
    assert client.fetches == 0


def test_verification_fails_for_a_client_without_keys(client):
    client.client = registered()
    with pytest.raises(JoseError, match="has registered no keys"):
        client.presents(FIRST)


def certificates(*shown):
    return answer(json.dumps({"keys": [one.jwk() for one in shown]}).encode(), JSON)


def test_8705_2_2_a_published_certificate_is_fetched_once(client):
    mine, other = self_signed(), self_signed()
    client.place.server.reply = certificates(mine)
    assert [client.keys.has_certificate(client.client, mine.der) for _ in range(3)] == [True] * 3
    assert client.fetches == 1
    assert not client.keys.has_certificate(client.client, other.der)


def test_8705_2_2_a_new_certificate_costs_a_fetch_every_30_seconds_at_most(client):
    old, new = self_signed(), self_signed()
    client.place.server.reply = certificates(old)
    assert client.keys.has_certificate(client.client, old.der)
    client.place.server.reply = certificates(old, new)
    for _ in range(29):
        client.now += 1
        assert not client.keys.has_certificate(client.client, new.der)
    assert client.fetches == 1
    client.now += 1
    assert client.keys.has_certificate(client.client, new.der)
    assert client.keys.has_certificate(client.client, old.der)
    assert client.fetches == 2


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b"\xff", b'{"keys": [{"d": "x"}]}'])
def test_8705_2_2_a_document_that_is_no_key_set_has_no_certificate(client, document):
    client.place.server.reply = answer(document, JSON)
    try:
        found = client.keys.has_certificate(client.client, self_signed().der)
    except JoseError:
        found = False
    assert not found


def test_a_client_without_keys_has_no_certificate(client):
    with pytest.raises(JoseError, match="no keys"):
        client.keys.has_certificate(registered(), self_signed().der)
