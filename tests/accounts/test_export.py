"""The data of an account as a document: all kinds of records, and no secret."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import fields, replace

import pytest

from bench import filling
from oauthprov.accounts import export, removal
from oauthprov.json_stream import pieces
from oauthprov.records import Account, AccountRemoval, AuditEntry, Client, Consent, Digest, Grant
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from oauthprov.storage.testing.samples import fill
from tests.counting import Counting
from tests.garbage import as_usual

NOW = 1_800_000_000


@pytest.fixture
def storage():
    made = open_storage("sqlite://")
    made.upgrade()
    yield made
    made.close()


def exported(storage, account_id, now):
    """The document, read back."""
    return json.loads("".join(pieces(export.exported(storage, account_id, now))))


def test_every_kind_that_is_found_by_its_account_is_in_the_document():
    here = {*export.KINDS, *export.FACTORS, Account, AccountRemoval}
    every = (*removal.OF_AN_ACCOUNT, *removal.ONE_OF_AN_ACCOUNT)
    missing = [kind.__name__ for kind in every if kind not in here]
    assert missing == [], "say in accounts/export.py which fields of it the document has"


def test_no_field_of_the_document_is_a_digest_or_a_sealed_secret():
    secret = ("key", "password_hash", "code_challenge", "nonce", "session_key", "sid", "secrets")
    secret += ("sealed", "codes", "counter")
    for kind, (_, shown) in (*export.KINDS.items(), *export.FACTORS.items()):
        known = {field.name: field.type for field in fields(kind)}
        assert set(shown) <= known.keys()
        assert not set(shown) & set(secret), kind
        assert not [name for name in shown if Digest.__name__ in str(known[name])], kind


def test_a_record_of_each_kind_is_in_the_document(storage):
    storage.commit(Add(replace(fill(Account, "alice"), claims='{"email": "a@b"}')), now=NOW)
    for kind in export.KINDS:
        storage.commit(Add(replace(fill(kind, "alice.x"), account_id="alice")), now=NOW)
        storage.commit(Add(replace(fill(kind, "bob.x"), account_id="bob")), now=NOW)
    for kind in export.FACTORS:
        storage.commit(Add(fill(kind, "alice")), Add(fill(kind, "bob")), now=NOW)
    document = exported(storage, "alice", NOW)
    assert document["exported_at"] == "2027-01-15T08:00:00Z"
    assert document["account"]["groups"] == list(fill(Account, "alice").groups)
    assert document["profile"] == {"email": "a@b"}
    for member, shown in export.KINDS.values():
        [entry] = document[member]
        assert set(shown) <= entry.keys()
    for member, shown in export.FACTORS.values():
        assert document[member].keys() == set(shown)
    assert "bob" not in json.dumps(document)


def test_apps_have_their_names_and_clients_of_the_developer_are_listed(storage):
    printer = replace(fill(Client, "printer", bare=True), name="Printer", owner="alice")
    consent = replace(fill(Consent, "alice.printer", bare=True), client_id="printer")
    gone = replace(fill(Grant, "g1", bare=True), account_id="alice", client_id="gone")
    storage.commit(Add(printer), Add(replace(consent, account_id="alice")), Add(gone), now=NOW)
    document = exported(storage, "alice", NOW)
    assert document["consents"][0]["client_name"] == "Printer"
    assert document["grants"][0]["client_name"] is None
    assert [one["name"] for one in document["clients"]] == ["Printer"]


def test_of_a_host_s_account_there_is_what_this_server_stores(storage):
    grant = replace(fill(Grant, "g1", bare=True), account_id="7", client_id="printer")
    storage.commit(Add(grant), now=NOW)
    document = exported(storage, "7", NOW)
    assert document["account"] == {"account_id": "7"}
    assert "profile" not in document
    assert [one["client_id"] for one in document["grants"]] == ["printer"]


def test_the_document_is_read_page_by_page(storage):
    filling.fill(storage, filling.apps(range(450), NOW, "alice"), NOW)
    counted = Counting(storage)
    written = pieces(export.exported(counted, "alice", NOW))
    while '"consents": [' not in next(written):
        pass
    assert counted.reads <= 8  # the first consents are written before the second page is read
    grants = json.loads("".join(pieces(export.exported(counted, "alice", NOW))))["grants"]
    assert len(grants) == 450
    assert {grant["client_name"] for grant in grants} == {f"App {n}" for n in range(450)}


def test_a_long_document_takes_no_more_memory_than_a_short_one(storage):
    def peak():
        with as_usual():
            tracemalloc.start()
            try:
                for _ in pieces(export.exported(storage, "alice", NOW)):
                    pass
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    filling.fill(storage, filling.apps(range(150), NOW, "alice"), NOW)
    peak()  # what is kept after the first time doesn't count
    few = peak()
    filling.fill(storage, filling.apps(range(150, 1000), NOW, "alice"), NOW)
    peak()
    assert peak() < few + 150_000


def test_an_event_without_a_client_and_one_with_are_in_the_document(storage):
    client = replace(fill(Client, "printer", bare=True), name="Printer")
    alone = replace(fill(AuditEntry, "r.1", bare=True), about="alice", client_id=None)
    named = replace(fill(AuditEntry, "r.2", bare=True), about="alice", client_id="printer")
    storage.commit(Add(client), Add(alone), Add(named), now=NOW)
    events = exported(storage, "alice", NOW)["events"]
    assert [event["client_name"] for event in events] == [None, "Printer"]
