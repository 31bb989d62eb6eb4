"""Sector identifiers: OpenID Connect Core section 8.1, Registration sections 2 and 5."""

import json
from contextlib import ExitStack

import pytest

from oauthprov.fetch.places import PLACES
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.clients.registrar import InvalidMetadata, Registrar
from oauthprov.protocol.request.answers import Call
from oauthprov.records import Client
from tests.fetch.server import JSON, Authority, Server, answer
from tests.protocol.world import CALLBACK, openid_world

HOST = "localhost"
ELSEWHERE = "https://other.example/callback"
BOTH = [CALLBACK, ELSEWHERE]
FIELD = "sector_identifier_uri"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority):
    """Who serves the document: both redirect URIs, if a test says nothing else."""
    made = Server(authority.context(HOST))
    made.reply = answer(json.dumps(BOTH).encode(), JSON)
    made.uri = f"https://{HOST}:{made.port}/redirect_uris.json"
    yield made
    made.close()


@pytest.fixture
def world(server, authority):
    return openid_world(
        **{
            "openid.pairwise_secret": "zyxwvutsrqponmlkjihgfedcba9876543210",
            "registration": "open",
            "device": "true",
            "fetch.allow": f"{HOST}:{server.port}",
            "fetch.ca_file": authority.file,
        }
    )


@pytest.fixture
def registrar(world):
    return Registrar(world.settings, world.storage, lambda: world.now)


def address_of(client_id):
    return f"https://as.example/oauth/register/{client_id}"


def send(world, method, document, told=None):
    """Register, or change what ``told`` says."""
    headers = {"content-type": "application/json"}
    registration = world.provider.registration
    if told is None:
        call = Call(method, b"", json.dumps(document).encode(), headers)
        return registration.register(call, address_of, lambda: None)
    headers["authorization"] = f"Bearer {told['registration_access_token']}"
    document = {"client_id": told["client_id"]} | document
    call = Call(method, b"", json.dumps(document).encode(), headers)
    return registration.update(call, told["client_id"], address_of)


def register(world, **metadata):
    metadata = {"redirect_uris": BOTH, "subject_type": "pairwise"} | metadata
    given = {name: value for name, value in metadata.items() if value is not None}
    return send(world, "POST", given)


def assert_refused(response, sentence):
    assert (response.status, response.body["error"]) == (400, "invalid_client_metadata")
    assert response.body["error_description"].startswith(f"{FIELD}: ")
    assert sentence in response.body["error_description"]


class TestSectorDocument:
    """Registration section 5: an array with every redirect URI."""

    def test_a_sector_document_with_every_redirect_uri_admits_the_client(self, world, server):
        told = register(world, sector_identifier_uri=server.uri)
        assert told.status == 201
        assert told.body["subject_type"] == "pairwise"
        assert told.body[FIELD] == server.uri
        assert len(server.asked) == 1

    def test_a_sector_document_may_list_further_uris(self, world, server):
        uris = {"redirect_uris": [ELSEWHERE]}
        assert register(world, sector_identifier_uri=server.uri, **uris).status == 201

    @pytest.mark.parametrize("uri", [CALLBACK + "/", CALLBACK.upper(), CALLBACK + "?x"])
    def test_redirect_uris_are_compared_exactly(self, world, server, uri):
        server.reply = answer(json.dumps([uri, ELSEWHERE]).encode(), JSON)
        refused = register(world, sector_identifier_uri=server.uri)
        assert_refused(refused, "must have every redirect URI")
        assert len(world.all(Client)) == 1

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{}",
            b'"https://app.example/callback"',
            b"[1]",
            b"[[]]",
            b"\xff\xfe",
            b"[" * 60_000,
            b'["' + b"x" * 70_000 + b'"]',
            b"9" * 60_000,
        ],
    )
    def test_a_document_that_is_no_array_of_strings_is_refused(self, world, server, content):
        server.reply = answer(content, JSON)
        refused = register(world, sector_identifier_uri=server.uri)
        assert_refused(refused, "must lead to a JSON array")

    def test_another_content_type_is_refused(self, world, server):
        server.reply = answer(json.dumps(BOTH).encode(), "Content-Type: text/html")
        refused = register(world, sector_identifier_uri=server.uri)
        assert_refused(refused, "must lead to a JSON array")

    def test_a_redirect_is_not_followed(self, world, server):
        moved = f"Location: {server.uri}"
        server.reply = answer(b"", moved, status="302 Found")
        refused = register(world, sector_identifier_uri=server.uri)
        assert_refused(refused, "must lead to a JSON array")
        assert len(server.asked) == 1

    def test_the_document_is_read_anew_for_each_client(self, world, server):
        """A document already read for another client is fetched again."""
        assert register(world, sector_identifier_uri=server.uri).status == 201
        server.reply = answer(b'["https://example.com/op"]', JSON)
        refused = register(world, sector_identifier_uri=server.uri)
        assert_refused(refused, "must have every redirect URI")

    def test_the_document_applies_to_public_subject_types_too(self, world, server):
        server.reply = answer(b"[]", JSON)
        refused = register(world, sector_identifier_uri=server.uri, subject_type="public")
        assert_refused(refused, "must have every redirect URI")

    @pytest.mark.parametrize(
        "uri",
        [
            "http://localhost/uris.json",
            "https://10.0.0.1/uris.json",
            "https://169.254.169.254/latest",
            "https://localhost:1/uris.json",
            "https://user@app.example/uris.json",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://",
        ],
    )
    def test_an_internal_or_non_https_document_is_not_fetched(self, world, uri):
        """Neither another scheme nor an address inside our network."""
        refused = register(world, sector_identifier_uri=uri)
        assert (refused.status, refused.body["error"]) == (400, "invalid_client_metadata")

    def test_nothing_is_written_during_the_fetch(self, world, server):
        before = world.storage.writes
        seen = []

        def reply(connection):
            seen.append(world.storage.writes)
            world.client("meanwhile")
            connection.sendall(answer(json.dumps(BOTH).encode(), JSON))

        server.reply = reply
        assert register(world, sector_identifier_uri=server.uri).status == 201
        assert seen == [before]


def test_a_registration_is_refused_at_once_when_every_fetch_place_is_taken(world, server):
    """Slow servers of clients hold up a limited number of requests."""
    with ExitStack() as waiting:
        for number in range(PLACES):
            held = world.provider.fetcher.waiting(f"https://{number}.example/", f"other {number}")
            waiting.enter_context(held)
        refused = register(world, sector_identifier_uri=server.uri)
    assert (refused.status, refused.body["error"]) == (503, "temporarily_unavailable")
    assert server.asked == []
    assert register(world, sector_identifier_uri=server.uri).status == 201


class TestWithoutSectorDocument:
    """Core section 8.1: the host of the redirect URIs, if it is one."""

    def test_redirect_uris_on_one_host_need_no_document(self, world):
        uris = [CALLBACK, "https://app.example:8443/other"]
        assert register(world, redirect_uris=uris).status == 201

    def test_redirect_uris_on_several_hosts_need_a_document(self, world):
        assert_refused(register(world), "several hosts")

    @pytest.mark.parametrize("uri", ["com.example.app:/callback", "http://127.0.0.1/callback"])
    def test_an_app_on_a_device_needs_a_document(self, world, server, uri):
        """Otherwise every app on a device would share one sector."""
        native = {"redirect_uris": [uri], "token_endpoint_auth_method": "none"}
        assert_refused(register(world, **native), "on a device")
        server.reply = answer(json.dumps([uri]).encode(), JSON)
        assert register(world, sector_identifier_uri=server.uri, **native).status == 201

    def test_public_clients_have_no_sector(self, world):
        assert register(world, subject_type=None).body["subject_type"] == "public"


class TestUpdates:
    """RFC 7592 section 2.2, and the operator's and the developer's own changes."""

    @pytest.fixture
    def told(self, world, server):
        return register(world, sector_identifier_uri=server.uri, redirect_uris=[CALLBACK]).body

    def update(self, world, told, **metadata):
        asked = {"subject_type": "pairwise", FIELD: told[FIELD]} | metadata
        return send(world, "PUT", {k: v for k, v in asked.items() if v is not None}, told)

    def test_a_new_redirect_uri_must_be_in_the_document(self, world, server, told):
        assert self.update(world, told, redirect_uris=BOTH).status == 200
        more = [*BOTH, "https://third.example/"]
        refused = self.update(world, told, redirect_uris=more)
        assert_refused(refused, "must have every redirect URI")
        assert len(server.asked) == 3

    def test_an_update_without_new_redirect_uris_reads_no_document(self, world, server, told):
        assert self.update(world, told, redirect_uris=[CALLBACK], client_name="x").status == 200
        assert len(server.asked) == 1

    def test_a_client_on_several_hosts_cannot_drop_its_document(self, world, told):
        refused = self.update(world, told, redirect_uris=BOTH, sector_identifier_uri=None)
        assert_refused(refused, "several hosts")

    def test_a_client_cannot_move_to_the_sector_of_another_site(self, world, server, told):
        """Core section 8.1: it would learn the subjects that the other site's clients get."""
        refused = self.update(world, told, redirect_uris=[CALLBACK], sector_identifier_uri=None)
        assert_refused(refused, "The host stays localhost")
        alone = register(world, redirect_uris=[CALLBACK]).body | {FIELD: None}
        refused = self.update(world, alone, redirect_uris=["https://victim.example/"])
        assert (refused.status, refused.body["error"]) == (400, "invalid_redirect_uri")
        assert "The host stays app.example" in refused.body["error_description"]
        moved = self.update(world, alone, redirect_uris=["https://app.example/other"])
        assert moved.status == 200

    def test_an_existing_public_client_cannot_become_pairwise(self, world):
        """Core section 8.1: it would join the sector of its redirect URIs at that time."""
        public = register(world, redirect_uris=[CALLBACK], subject_type="public").body
        refused = self.update(world, public | {FIELD: None}, redirect_uris=[CALLBACK])
        assert (refused.status, refused.body["error"]) == (400, "invalid_client_metadata")
        assert "subject_type: Only a new client" in refused.body["error_description"]

    @pytest.mark.parametrize("device_first", [False, True])
    def test_a_client_with_subjects_of_its_own_keeps_them(self, world, device_first):
        """On a device a client is a sector of its own: it would know people by two subjects."""
        grants = ["authorization_code"], ["authorization_code", DEVICE_CODE]
        before, after = reversed(grants) if device_first else grants
        told = register(world, redirect_uris=[CALLBACK], grant_types=before).body | {FIELD: None}
        asked = {"redirect_uris": [CALLBACK]}
        assert self.update(world, told, grant_types=before, **asked).status == 200
        refused = self.update(world, told, grant_types=after, **asked)
        assert (refused.status, refused.body["error"]) == (400, "invalid_client_metadata")
        assert "grant_types: Only a new client" in refused.body["error_description"]

    def test_an_edit_by_the_operator_checks_the_document_too(self, registrar, server, told):
        client_id = told["client_id"]
        with pytest.raises(InvalidMetadata, match="every redirect URI"):
            registrar.edit(client_id, redirect_uris=[CALLBACK, "https://third.example/"])
        edited = registrar.edit(client_id, name="Renamed")
        assert (edited.name, edited.redirect_uris) == ("Renamed", (CALLBACK,))


class TestWherePairwiseIsNotOffered:
    def test_pairwise_is_refused_and_nothing_is_fetched(self, server):
        world = openid_world(registration="open")
        refused = register(world, redirect_uris=[CALLBACK])
        assert refused.body["error_description"] == "subject_type: Choose one of public."
        told = register(world, subject_type="public", sector_identifier_uri=server.uri)
        assert told.status == 201
        assert FIELD not in told.body
        assert server.asked == []

    def test_a_machine_cannot_be_pairwise(self, registrar):
        with pytest.raises(InvalidMetadata, match="Nobody signs in to a machine"):
            registrar.register(type="machine", name="Job", subject_type="pairwise")
