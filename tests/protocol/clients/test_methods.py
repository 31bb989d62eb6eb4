"""A server registers and announces the client authentication methods that it has."""

import dataclasses

import pytest

from oauthprov.protocol import metadata
from oauthprov.protocol.clients import methods
from oauthprov.protocol.clients.members import MEMBERS
from oauthprov.protocol.clients.methods import METHODS
from oauthprov.protocol.clients.registrar import InvalidMetadata, Registrar
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.protocol.clients.wire.document import read_document
from tests.protocol.world import World

ENDPOINTS = {"introspection_endpoint": "x", "revocation_endpoint": "y"}
DOCUMENT = {
    "redirect_uris": ["https://app.example/callback"],
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks_uri": "https://app.example/jwks",
}


@pytest.fixture
def off(monkeypatch):
    """private_key_jwt is off."""
    row = dataclasses.replace(METHODS["private_key_jwt"], is_on=lambda settings: False)
    monkeypatch.setitem(METHODS, row.name, row)
    return row.name


def test_a_method_that_is_off_is_not_announced(world, off):
    document = metadata.authorization_server(world.settings, ENDPOINTS)
    for endpoint in ("token", "revocation", "introspection"):
        left = document[f"{endpoint}_endpoint_auth_methods_supported"]
        assert "client_secret_basic" in left
        assert off not in left


def test_no_client_registers_with_a_method_that_is_off(world, off):
    with pytest.raises(InvalidMetadata) as refused:
        read_document(DOCUMENT, world.settings)
    assert off not in refused.value.problems["auth_method"]
    registrar = Registrar(world.settings, world.storage, lambda: world.now)
    with pytest.raises(InvalidMetadata) as refused:
        registrar.register(type="machine", name="Worker", auth_method="private_key_jwt")
    assert off not in refused.value.problems["auth_method"]


def test_the_form_offers_no_method_that_is_off(world, off):
    choices = MEMBERS["auth_method"].choices
    assert off not in choices(CLIENT_TYPES["web"], world.settings)
    assert choices(CLIENT_TYPES["web"], world.settings)[0] == "client_secret"
    assert choices(CLIENT_TYPES["browser"], world.settings) == ("none",)


def test_the_stored_name_of_any_secret_is_never_on_the_wire():
    settings = World().settings
    assert methods.ANY_SECRET not in methods.registrable(settings)
    assert methods.ANY_SECRET in methods.CONFIDENTIAL
