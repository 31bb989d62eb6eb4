"""The two tables of client authentication methods: what one is, and how it proves a client."""

import dataclasses

import pytest

from oauthprov.events import Reason
from oauthprov.protocol.authentication import methods as proving
from oauthprov.protocol.authentication.method import Authentication
from oauthprov.protocol.clients import methods
from oauthprov.protocol.clients.methods import METHODS, Kind, Method
from oauthprov.protocol.request import params
from tests.protocol.world import World, basic

FORM = {"grant_type": "client_credentials", "scope": "read"}


def test_both_tables_have_the_same_rows():
    assert proving.AUTHENTICATIONS.keys() == METHODS.keys()
    assert all(row.method is METHODS[name] for name, row in proving.AUTHENTICATIONS.items())


def test_what_a_method_looks_like_is_read_by_a_row():
    read = {name for name, row in proving.AUTHENTICATIONS.items() if row.shown_by}
    for row in METHODS.values():
        assert set(row.presented_as) <= read | {methods.NONE}, row.name


def test_what_shows_a_method_is_a_parameter_that_reaches_it():
    for row in proving.AUTHENTICATIONS.values():
        assert set(row.shown_by) <= params.CREDENTIALS - {"client_id"} | {"authorization"}


@pytest.mark.parametrize("row", METHODS.values(), ids=METHODS)
def test_a_row_says_what_its_clients_are_told(row):
    assert bool(row.words) is (row.kind is not Kind.NOTHING)
    assert bool(row.secretless) is (row.kind is not Kind.SECRET)
    assert row.wire == "" or not METHODS[row.wire].wire


@pytest.fixture
def certificate(monkeypatch):
    """A method whose requests send their client_id alone, and prove it by something else."""
    row = Method("by_certificate", Kind.KEY, presented_as=(methods.NONE,))
    proven = []

    def refused(context, client, found):
        return None if proven else (Reason.CLIENT_SECRET_WRONG, None)

    monkeypatch.setitem(METHODS, row.name, row)
    monkeypatch.setattr(methods, "CONFIDENTIAL", (*methods.CONFIDENTIAL, row.name))
    monkeypatch.setitem(proving.AUTHENTICATIONS, row.name, Authentication(row, refused))
    return proven


def test_the_registered_method_decides_what_a_bare_client_id_proves(certificate):
    world = World()
    world.client("worker", "machine", auth_method="by_certificate")
    world.client("spa", "browser")
    asked = FORM | {"client_id": "worker"}
    assert world.post("token", asked).body["error"] == "invalid_client"
    certificate.append("it was shown")
    assert world.post("token", asked).status == 200
    secret = asked | {"client_secret": world.secrets["worker"]}
    assert world.post("token", secret).body["error"] == "invalid_client"
    assert world.post("token", FORM | {"client_id": "spa"}).body["error"] == "invalid_client"


@pytest.fixture
def off(monkeypatch):
    """client_secret_basic is off."""
    row = dataclasses.replace(METHODS[methods.BASIC], is_on=lambda settings: False)
    authentication = dataclasses.replace(proving.AUTHENTICATIONS[row.name], method=row)
    monkeypatch.setitem(METHODS, row.name, row)
    monkeypatch.setitem(proving.AUTHENTICATIONS, row.name, authentication)


def test_a_method_that_is_off_proves_nobody(off):
    world = World()
    world.client("worker", "machine", auth_method="client_secret_basic")
    answer = world.post("token", FORM, basic("worker", world.secrets["worker"]))
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    assert answer.body["error_description"] == "Client authentication failed."


def test_a_client_of_a_newer_version_is_refused_and_breaks_nothing():
    world = World()
    client = world.client("worker", "machine", auth_method="by_certificate")
    for sent in ({"client_id": "worker"}, {"client_id": "worker", "client_secret": "x"}):
        answer = world.post("token", FORM | sent)
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")
    assert methods.wire_name(client) == "by_certificate"
    assert list(methods.of(client).needs(client)) == []
