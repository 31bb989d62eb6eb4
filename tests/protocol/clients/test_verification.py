"""What ends the operator's marks on a client, on a real SQLite."""

import json

import pytest

from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.request.answers import Call
from oauthprov.records import Client
from tests.protocol.world import CALLBACK, World

ELSEWHERE = "https://elsewhere.example/callback"
METADATA = {
    "client_name": "Printer",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "read",
}
KEYS = {"keys": [PrivateKey.generate("ES256").public()]}
CHANGES = {
    "redirect_uris": [ELSEWHERE],
    "scopes": ["read", "write"],
    "grant_types": ["authorization_code"],
    "jwks": KEYS,
    "jwks_uri": "https://elsewhere.example/keys",
    "auth_method": "client_secret_post",
}
"""A change of each field that the mark is about."""
ON_THE_WIRE = {"scopes": ("scope", "read write"), "auth_method": "token_endpoint_auth_method"}


@pytest.fixture
def world():
    return World(registration="open")


@pytest.fixture
def registrar(world):
    return Registrar(world.settings, world.storage, lambda: world.now)


def marked(world, registrar, **metadata):
    """A client of alice's that the operator has marked."""
    given = {"name": "Printer", "redirect_uris": [CALLBACK], "scopes": ["read"]} | metadata
    client, _ = registrar.register(type="web", owner="alice-id", **given)
    marks = {"first_party": True, "verified": True, "introspects": ["*"]}
    return registrar.edit(client.client_id, **marks)


def send(world, method, document, told=None):
    """Register, or change what ``told`` says, as a client does."""
    headers = {"content-type": "application/json"}
    registration, address = world.provider.registration, lambda client_id: "https://as.example/"
    if told is None:
        call = Call(method, b"", json.dumps(document).encode(), headers)
        return registration.register(call, address, lambda: None)
    headers["authorization"] = f"Bearer {told['registration_access_token']}"
    call = Call(method, b"", json.dumps(document).encode(), headers)
    return registration.update(call, told["client_id"], address)


def self_registered(world):
    told = send(world, "POST", METADATA).body
    world.change(Client, told["client_id"], first_party=True)
    return told


@pytest.mark.parametrize("field", CHANGES)
def test_a_developer_s_change_of_a_trusted_member_ends_first_party(
    world, registrar, field, caplog
):
    client = marked(world, registrar)
    changed = registrar.edit(client.client_id, "alice-id", **{field: CHANGES[field]})
    assert not changed.first_party
    assert changed.introspects == ()
    for end in ("is no longer first_party", "may no longer introspect tokens of others"):
        assert f"client {client.client_id} {end}; it changed: {field}" in caplog.text


@pytest.mark.parametrize("field", CHANGES)
def test_a_client_s_own_change_of_a_trusted_member_ends_first_party(world, field):
    told = self_registered(world)
    if field == "scopes":  # an update only adds some
        world.change(Client, told["client_id"], scopes=("write",))
    name = ON_THE_WIRE.get(field, field)
    name, value = name if isinstance(name, tuple) else (name, CHANGES[field])
    document = METADATA | {"client_id": told["client_id"], name: value}
    assert send(world, "PUT", document, told).status == 200
    assert not world.storage.get(Client, told["client_id"]).record.first_party


@pytest.mark.parametrize("field", CHANGES)
def test_the_operator_s_change_keeps_first_party(world, registrar, field):
    client = marked(world, registrar)
    changed = registrar.edit(client.client_id, **{field: CHANGES[field]})
    assert (changed.first_party, changed.introspects) == (True, ("*",))


def test_a_change_of_another_member_keeps_first_party(world, registrar):
    client = marked(world, registrar, redirect_uris=[CALLBACK, ELSEWHERE])
    same = {"name": "Scanner", "redirect_uris": [ELSEWHERE, CALLBACK], "scopes": ["read"]}
    assert registrar.edit(client.client_id, "alice-id", **same).first_party
    told = self_registered(world)
    document = METADATA | {"client_id": told["client_id"], "client_name": "Scanner"}
    assert send(world, "PUT", document, told).status == 200
    assert world.storage.get(Client, told["client_id"]).record.first_party


def test_a_client_that_lost_first_party_asks_for_consent(world):
    """With its new redirect URI it would receive codes that nobody consented to."""
    told = self_registered(world)
    asked = {"redirect_uri": ELSEWHERE, "scope": "read"}
    document = METADATA | {"client_id": told["client_id"], "redirect_uris": [ELSEWHERE]}
    assert send(world, "PUT", document, told).status == 200
    assert world.authorize(told["client_id"], **asked).step == "consent"


def test_the_operator_can_set_first_party_again(world, registrar):
    client = marked(world, registrar)
    registrar.edit(client.client_id, "alice-id", redirect_uris=[ELSEWHERE])
    assert registrar.edit(client.client_id, first_party=True).first_party


def test_verified_ends_when_a_displayed_member_changes(world, registrar):
    client = marked(world, registrar)
    assert registrar.edit(client.client_id, contacts=("bob",)).verified
    assert not registrar.edit(client.client_id, name="My bank").verified
