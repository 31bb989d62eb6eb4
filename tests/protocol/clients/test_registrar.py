"""The rules and changes of client records, on a real SQLite."""

import json
import threading
import tracemalloc
from dataclasses import replace

import pytest

from oauthprov.credentials import matches
from oauthprov.protocol.clients import removal
from oauthprov.protocol.clients.registrar import (
    CLIENT_TYPES,
    ChangedMeanwhile,
    InvalidMetadata,
    Registrar,
    UnknownClient,
    edition,
)
from oauthprov.protocol.clients.removal import drop_orphaned_consents
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import Client, Consent, consent_key
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Replace, Stored
from tests import site as sites

NOW = 1_800_000_000
HTTPS = "https://printer.example/callback"


@pytest.fixture
def storage():
    made = open_storage("sqlite://")
    made.upgrade()
    yield made
    made.close()


@pytest.fixture
def registrar(storage):
    return Registrar(Settings.from_ini(sites.ini("sqlite://")), storage, lambda: NOW)


def web(registrar, **metadata):
    return registrar.register(
        type="web", **{"name": "Printer", "redirect_uris": [HTTPS]} | metadata
    )


def problems(work):
    with pytest.raises(InvalidMetadata) as raised:
        work()
    return set(raised.value.problems)


@pytest.mark.parametrize("kind", CLIENT_TYPES.values(), ids=CLIENT_TYPES)
def test_a_type_decides_grants_authentication_and_secret(registrar, kind):
    uris = [HTTPS] if kind.redirects else []
    client, secret = registrar.register(type=kind.name, name="Printer", redirect_uris=uris)
    assert client.grant_types == kind.grant_types
    assert client.auth_method == kind.auth_methods[0]
    assert (secret is not None) is kind.confidential
    assert len(client.secrets) == (1 if kind.confidential else 0)
    assert client.scopes == (("profile:read",) if kind.gets_tokens else ())
    assert client.default_scopes == (("profile:read",) if kind.has_users else ())
    assert "." not in client.client_id
    assert registrar.get(client.client_id).record == client


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \t"),
        ("name", "x" * 101),
        ("name", "Prin\x00ter"),
        ("name", "Prin\nter"),
        ("name", "Prin\u2028ter"),
        ("name", "Prin\u202eter"),
        ("name", "Prin\u2066ter"),
        ("name", "Prin\ud800ter"),
        ("name", "\u200b"),
        ("name", "\u3164"),
        ("name", "\u2800 \ufe0f"),
        ("name", "Prin\u200bter"),
        ("name", "Prin\u200dter"),
        ("name", "Prin\u00adter"),
        ("name", "Prin\u3164ter"),
        ("name", "Printer\ufe0f"),
        ("redirect_uris", []),
        ("redirect_uris", [HTTPS, "javascript:alert(1)"]),
        ("redirect_uris", ["com.example.printer:/callback"]),
        ("redirect_uris", [f"{HTTPS}/{number}" for number in range(51)]),
        ("redirect_uris", [HTTPS, f"{HTTPS}?code=1"]),
        ("post_logout_redirect_uris", [f"{HTTPS}?state=1"]),
        ("scopes", ["profile:read", "printers:read"]),
        ("scopes", []),
        ("default_scopes", ["photos:write"]),
        ("response_types", ["code", "id_token"]),
        ("response_types", ["token"]),
        ("auth_method", "none"),
        ("auth_method", "client_secret_jwt"),
        ("token_endpoint_auth_signing_alg", "HS256"),
        ("token_endpoint_auth_signing_alg", "none"),
        ("jwks", "not JSON"),
        ("jwks", "[]"),
        ("homepage_uri", "javascript:alert(1)"),
        ("homepage_uri", "ftp://printer.example/"),
        ("homepage_uri", "https://alice@printer.example/"),
        ("homepage_uri", "https://"),
        ("homepage_uri", "https://[::1"),
        ("homepage_uri", "https://printer.example:99999/"),
        ("homepage_uri", "https:\\\\printer.example"),
        ("homepage_uri", "java\tscript:alert(1)"),
        ("homepage_uri", "https://printer.example/" + "x" * 2000),
    ],
)
def test_a_wrong_field_is_named_and_nothing_stored(registrar, storage, field, value):
    assert problems(lambda: web(registrar, **{field: value})) == {field}
    assert storage.find(Client).items == ()


def test_all_wrong_fields_are_named_together(registrar):
    wrong = {"name": "", "redirect_uris": ["x"], "homepage_uri": "x", "scopes": ["x"]}
    assert problems(lambda: web(registrar, **wrong)) == set(wrong)
    assert problems(lambda: registrar.register(type="printer", name="x")) == {"type"}


@pytest.mark.parametrize(
    "name",
    [
        "\u00c4",
        "x" * 100,
        "\u30d7\u30ea",
        "\u0645\u06cc\u062e",
        "\U0001f527 & <b>",
    ],
    ids=["German", "long", "Japanese", "Persian", "emoji"],
)
def test_names_of_all_languages_are_taken(registrar, name):
    assert web(registrar, name=name)[0].name == name


def test_introspected_resources_are_compared_and_kept_as_they_are_declared(registrar):
    spelled = ["https://PHOTOS.example", "https://photos.example/"]
    client, _ = registrar.register(type="api", name="API", introspects=spelled)
    assert client.introspects == ("https://photos.example/",)
    for other in ("https://photos.example/x", "http://photos.example/"):
        found = problems(lambda uri=other: registrar.register(type="api", introspects=[uri]))
        assert "introspects" in str(found)


def test_a_machine_has_scopes_and_no_uris(registrar):
    client, _ = registrar.register(type="machine", name="Job", scopes=[])
    assert client.scopes == ()
    for field in ("redirect_uris", "request_uris"):
        wrong = {"type": "machine", "name": "Job", field: [HTTPS]}
        assert problems(lambda wrong=wrong: registrar.register(**wrong)) == {field}


def test_response_types_are_registered_by_one_spelling(storage):
    implicit = sites.ini("sqlite://", scopes=sites.OPENID, **{"openid.implicit": "true"})
    registrar = Registrar(Settings.from_ini(implicit), storage, lambda: NOW)
    grants = ["authorization_code", "implicit"]
    client, _ = web(registrar, grant_types=grants, response_types=["token id_token", "code"])
    assert client.response_types == ("code", "id_token token")
    machine = {"type": "machine", "name": "Job", "response_types": ["code"]}
    assert problems(lambda: registrar.register(**machine)) == {"response_types"}


@pytest.mark.parametrize("name", ["colour", "secrets", "owner_id", "registration_token"])
def test_members_that_do_not_exist_cannot_be_set(registrar, name):
    client, _ = web(registrar)
    for work in (registrar.edit, lambda _, **given: web(registrar, **given)):
        with pytest.raises(TypeError, match=name):
            work(client.client_id, **{name: "x"})


def test_an_edit_validates_only_the_changed_members(storage, registrar):
    client, _ = web(registrar, scopes=["profile:read", "photos:read"])
    fewer = sites.ini("sqlite://", scopes="profile:read | See your name", resources="")
    later = Registrar(Settings.from_ini(fewer), storage, lambda: NOW)
    assert later.edit(client.client_id, name="Scanner").scopes == client.scopes
    assert problems(lambda: later.edit(client.client_id, scopes=["photos:read"])) == {"scopes"}


@pytest.mark.parametrize(
    ("field", "value", "more"),
    [
        ("redirect_uris", (HTTPS, f"{HTTPS}?code=1"), f"{HTTPS}/2"),
        ("post_logout_redirect_uris", (f"{HTTPS}?state=1",), HTTPS),
        ("name", "Prin\u200bter", "\u200b"),
    ],
)
def test_values_registered_before_a_rule_are_kept(storage, registrar, field, value, more):
    client = replace(web(registrar)[0], client_id="old", **{field: value})
    storage.commit(Add(client), now=NOW)
    given = list(value) if isinstance(value, tuple) else value
    edited = registrar.edit("old", homepage_uri="https://printer.example/", **{field: given})
    assert getattr(edited, field) == value
    extended = value + (more if isinstance(value, str) else (more,))
    assert problems(lambda: registrar.edit("old", **{field: extended})) == {field}


def test_default_scopes_stay_within_the_scopes(registrar):
    client, _ = web(
        registrar, scopes=["profile:read", "photos:read"], default_scopes=["photos:read"]
    )
    assert registrar.edit(client.client_id, scopes=["profile:read"]).default_scopes == ()
    wrong = {"default_scopes": ["photos:read"]}
    assert problems(lambda: registrar.edit(client.client_id, **wrong)) == {"default_scopes"}


def test_two_secrets_are_valid_and_a_third_replaces_the_oldest(registrar):
    client, first = web(registrar)
    _, second = registrar.rotate_secret(client.client_id)
    rotated, third = registrar.rotate_secret(client.client_id)
    assert matches(third, rotated.secrets[0])
    assert matches(second, rotated.secrets[1])
    assert not any(matches(first, kept) for kept in rotated.secrets)
    retired = registrar.retire_secret(client.client_id)
    assert len(retired.secrets) == 1
    assert matches(third, retired.secrets[0])
    assert registrar.retire_secret(client.client_id) == retired


KEYS = {"keys": [PrivateKey.generate("ES256").public()]}


@pytest.mark.parametrize("kind", ["web", "machine"])
def test_a_private_key_jwt_client_has_no_secret(registrar, kind):
    given = {"type": kind, "name": "Printer", "auth_method": "private_key_jwt"}
    given |= {"redirect_uris": [HTTPS]} if kind == "web" else {}
    assert problems(lambda: registrar.register(**given)) == {"jwks_uri"}
    client, secret = registrar.register(**given, jwks=KEYS)
    assert (secret, client.secrets, client.secret_created_at) == (None, (), None)
    assert problems(lambda: registrar.rotate_secret(client.client_id)) == {"secrets"}
    assert problems(lambda: registrar.edit(client.client_id, jwks=None)) == {"jwks_uri"}


@pytest.mark.parametrize("secret", [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA", "d": "AQ"}])
def test_a_key_set_with_a_secret_is_refused(registrar, secret):
    shown = {"keys": [*KEYS["keys"], secret]}
    assert problems(lambda: web(registrar, jwks=shown)) == {"jwks"}


@pytest.mark.parametrize("kind", ["browser", "native"])
def test_a_public_client_cannot_use_private_key_jwt(registrar, kind):
    given = {"type": kind, "name": "Printer", "redirect_uris": [HTTPS], "jwks": KEYS}
    assert problems(lambda: registrar.register(**given, auth_method="private_key_jwt")) == {
        "auth_method"
    }


def test_a_change_of_method_removes_the_secret_and_makes_a_new_one(registrar):
    client, _ = web(registrar)
    signing = registrar.edit(
        client.client_id, auth_method="private_key_jwt", jwks=json.dumps(KEYS)
    )
    assert (signing.secrets, signing.secret_created_at) == ((), None)
    back = registrar.edit(client.client_id, auth_method="client_secret_basic")
    assert back.secrets == ()
    rotated, secret = registrar.rotate_secret(client.client_id)
    assert len(rotated.secrets) == 1
    assert matches(secret, rotated.secrets[0])


def test_a_client_of_another_owner_is_unknown(registrar):
    client, _ = web(registrar, owner="alice")
    for work in (
        lambda: registrar.get(client.client_id, "bob"),
        lambda: registrar.edit(client.client_id, "bob", name="Scanner"),
        lambda: registrar.rotate_secret(client.client_id, "bob"),
        lambda: registrar.retire_secret(client.client_id, "bob"),
        lambda: registrar.remove(client.client_id, "bob"),
    ):
        with pytest.raises(UnknownClient):
            work()
    assert registrar.list("bob").items == ()
    assert registrar.get(client.client_id, "alice").record == client
    assert [stored.record for stored in registrar.list("alice").items] == [client]


@pytest.mark.parametrize("client_id", ["", "nobody", "é", "\x00", "x" * 256])
def test_a_malformed_client_id_is_unknown(registrar, client_id):
    with pytest.raises(UnknownClient):
        registrar.get(client_id)


def test_a_change_of_an_older_version_is_refused(registrar):
    client, _ = web(registrar)
    seen = edition(client)
    registrar.edit(client.client_id, seen=seen, name="Scanner")
    for work in (
        lambda: registrar.edit(client.client_id, seen=seen, name="Copier"),
        lambda: registrar.rotate_secret(client.client_id, seen=seen),
        lambda: registrar.retire_secret(client.client_id, seen=seen),
    ):
        with pytest.raises(ChangedMeanwhile):
            work()
    assert registrar.get(client.client_id).record.name == "Scanner"


def test_what_the_server_notes_of_a_client_does_not_outdate_a_page(registrar, storage):
    client, _ = web(registrar)
    stored = registrar.get(client.client_id)
    noted = replace(
        stored.record, last_used_at=NOW, logo="digest", fetched_at=NOW, fresh_until=NOW + 300
    )
    storage.commit(Replace(noted, expecting=stored), now=NOW)
    assert registrar.edit(client.client_id, seen=edition(client), name="Scanner").name == "Scanner"


def test_of_simultaneous_rotations_one_wins(tmp_path):
    storage = open_storage(f"sqlite:///{tmp_path}/clients.sqlite")
    storage.upgrade()
    registrar = Registrar(Settings.from_ini(sites.ini("sqlite://")), storage, lambda: NOW)
    client, _ = web(registrar)
    seen = edition(client)
    start, won, lost = threading.Barrier(8), [], []

    def rotate():
        start.wait()
        try:
            won.append(registrar.rotate_secret(client.client_id, seen=seen)[1])
        except ChangedMeanwhile:
            lost.append(1)

    threads = [threading.Thread(target=rotate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert matches(won[0], registrar.get(client.client_id).record.secrets[0])
    storage.close()


def test_the_cache_is_notified_of_each_change(storage):
    told = []
    settings = Settings.from_ini(sites.ini("sqlite://"))
    registrar = Registrar(settings, storage, lambda: NOW, told.append)
    client, _ = web(registrar)
    registrar.edit(client.client_id, name="Scanner")
    registrar.rotate_secret(client.client_id)
    registrar.retire_secret(client.client_id)
    registrar.set_disabled(client.client_id, True)
    registrar.remove(client.client_id)
    assert told == [client.client_id] * 5


def test_a_client_is_disabled_and_enabled(registrar):
    client, _ = web(registrar)
    assert registrar.set_disabled(client.client_id, True).disabled_at == NOW
    assert registrar.set_disabled(client.client_id, False) == client


def test_the_consents_of_removed_clients_are_dropped(registrar, storage):
    kept, _ = web(registrar)
    gone, _ = web(registrar)
    for client in (kept, gone):
        key = consent_key("alice", client.client_id)
        storage.commit(Add(Consent(key, "alice", client.client_id, (), (), NOW, NOW)), now=NOW)
    registrar.remove(gone.client_id)
    assert sum(drop_orphaned_consents(storage, NOW)) == 1
    assert [c.record.client_id for c in storage.walk(Consent)] == [kept.client_id]


@pytest.mark.parametrize(
    ("development", "kind", "uri", "taken"),
    [
        ("true", "web", "http://localhost:8000/logout", True),
        ("true", "web", "http://app.example/logout", False),
        ("true", "browser", "http://localhost:8000/logout", False),
        ("false", "web", "http://localhost:8000/logout", False),
    ],
)
def test_a_logout_address_is_https_but_on_this_machine_in_development(
    storage, development, kind, uri, taken
):
    """Back-Channel Logout section 2.2: http only where the server and a secret allow it."""
    settings = Settings.from_ini(sites.ini("sqlite://", development=development))
    registrar = Registrar(settings, storage, lambda: NOW)

    def register():
        return registrar.register(
            type=kind, name="Printer", redirect_uris=[HTTPS], backchannel_logout_uri=uri
        )

    if taken:
        assert register()[0].backchannel_logout_uri == uri
    else:
        assert problems(register) == {"backchannel_logout_uri"}


@pytest.mark.parametrize("uri", ["http://localhost:8000/start", "http://printer.example/start"])
def test_initiate_login_uri_is_https_outside_of_development(registrar, uri):
    with pytest.raises(InvalidMetadata) as refused:
        web(registrar, initiate_login_uri=uri)
    assert refused.value.problems.keys() == {"initiate_login_uri"}


def test_a_machine_has_no_initiate_login_uri(registrar):
    with pytest.raises(InvalidMetadata, match="machine"):
        registrar.register(type="machine", name="Job", initiate_login_uri=HTTPS)


def test_dropping_many_consents_reads_each_client_once(registrar, storage):
    client, _ = web(registrar)
    ids = [client.client_id, "gone", "gone too"]
    for number in range(700):
        client_id, account = ids[number % 3], f"account{number}"
        key = consent_key(account, client_id).replace(" ", "-")
        storage.commit(Add(Consent(key, account, client_id, (), (), NOW, NOW)), now=NOW)
    asked = []
    inner = storage.get_many

    def get_many(pairs):
        asked.extend(key for _, key in pairs)
        return inner(pairs)

    storage.get_many = get_many
    pages = list(drop_orphaned_consents(storage, NOW))
    assert sum(pages) == 700 - 234
    assert sorted(asked) == sorted(ids)
    assert {c.record.client_id for c in storage.walk(Consent)} == {client.client_id}


def test_dropping_consents_of_many_clients_takes_no_more_memory(storage, monkeypatch):
    monkeypatch.setattr(removal, "REMEMBERED", 400)
    for name in (f"client{number}" for number in range(3000)):
        consent = Consent(f"alice.{name}", "alice", name, (), (), NOW, NOW)
        storage.load(Stored(consent, 1), now=NOW)
    held = []
    tracemalloc.start()
    try:
        for dropped in drop_orphaned_consents(storage, NOW):
            held.append(tracemalloc.get_traced_memory()[0])
            assert dropped == 500
    finally:
        tracemalloc.stop()
    assert len(held) == 6
    assert held[-1] - held[1] < 100_000  # the clients of four more pages take 190,000


def test_a_page_of_clients_is_not_empty_because_its_clients_are_removed(registrar):
    for _ in range(5):
        web(registrar)
    first = registrar.list(limit=3)
    for stored in first.items:
        registrar.remove(stored.record.client_id)
    page = registrar.list(limit=3)
    assert len(page.items) == 2
    assert page.next is None
