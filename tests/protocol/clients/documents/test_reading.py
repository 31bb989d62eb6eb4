"""What a document may say (Client ID Metadata Documents, section 4)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthprov.protocol.clients import subjects
from oauthprov.protocol.clients.documents.reading import DocumentRefused, read
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.clients.redirects import registered_for
from oauthprov.protocol.clients.wire.members import NAMES
from oauthprov.protocol.keys.jwk import PrivateKey
from tests.protocol.world import World, openid_world
from tests.publisher import CALLBACK, described

URL = "https://app.example/client.json"
LOCALHOST = "http://localhost/callback"


@pytest.fixture
def world():
    return World(client_documents="*", device="true")


def client_of(world, content=None, **changes):
    document = {k: v for k, v in (described(URL) | changes).items() if v is not None}
    raw = json.dumps(document).encode() if content is None else content
    return read(URL, raw, world.settings, world.provider.registrar)


def test_a_document_becomes_a_client_whose_id_is_its_url(world):
    client = client_of(world)
    assert client.client_id == URL
    assert client.name == "Notebook"
    assert client.client_type == "browser"
    assert client.redirect_uris == (CALLBACK,)
    assert client.grant_types == ("authorization_code", "refresh_token")
    assert client.auth_method == "none"
    assert client.secrets == ()
    assert client.scopes == ("read", "write", "photos", "notes")
    assert client.owner is client.registration_token is None
    assert not client.first_party


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": URL + "?"},
        {"client_id": "https://APP.example/client.json"},
        {"client_id": "https://app.example/client%2Ejson"},
        {"client_id": None},
        {"client_id": [URL]},
        {"client_secret": "s"},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": ["none"]},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"redirect_uris": None},
        {"redirect_uris": []},
        {"redirect_uris": CALLBACK},
        {"redirect_uris": ["http://app.example/callback"]},
        {"redirect_uris": ["https://app.example/callback#fragment"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": [CALLBACK] * 2 + [f"{CALLBACK}/{n}" for n in range(60)]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": []},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"client_name": "Note\u202ebook"},
        {"client_name": "n" * 101},
        {"client_name": 7},
        {"jwks_uri": "http://app.example/jwks"},
        {"jwks": {"keys": [PrivateKey.generate("ES256").public()]}, "jwks_uri": f"{URL}/jwks"},
    ],
)
def test_these_documents_are_refused(world, changes):
    with pytest.raises(DocumentRefused):
        client_of(world, **changes)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff{}",
        b'{"client_id": NaN}',
        b'{"client_id": "x", "client_id": "y"}',
        b'{"a": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"client_name": "\\ud800"}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_plain_object_is_refused(world, content):
    with pytest.raises(DocumentRefused):
        client_of(world, content)


def test_grant_types_that_a_stranger_may_not_have_are_left_out(world):
    grants = ["authorization_code", "client_credentials", "implicit", "urn:x"]
    assert client_of(world, grant_types=grants).grant_types == ("authorization_code",)


def test_a_device_may_be_described(world):
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    alone = {"grant_types": [grant, "refresh_token"], "redirect_uris": None}
    assert client_of(world, response_types=None, **alone).client_type == "device"
    both = client_of(world, grant_types=["authorization_code", grant])
    assert both.client_type == "native"
    assert both.grant_types == ("authorization_code", grant)


def test_a_client_without_a_method_is_public(world):
    assert client_of(world, token_endpoint_auth_method=None).auth_method == "none"


def test_a_client_with_keys_may_sign(world):
    keys = {"keys": [PrivateKey.generate("ES256").public()]}
    client = client_of(world, token_endpoint_auth_method="private_key_jwt", jwks=keys)
    assert client.client_type == "web"
    assert client.auth_method == "private_key_jwt"


def test_a_client_on_the_device_is_native(world):
    assert client_of(world, redirect_uris=[LOCALHOST]).client_type == "native"


def test_marks_that_only_the_operator_sets_arent_read(world):
    client = client_of(
        world, first_party=True, verified=True, introspects=["*"], owner="alice", pkce="optional"
    )
    assert not client.first_party
    assert not client.verified
    assert client.introspects == ()
    assert client.owner is client.pkce is None


def test_scopes_of_other_servers_dont_count(world):
    assert client_of(world, scope="mcp:tools email").default_scopes == ("read",)
    assert client_of(world, scope="photos mcp:tools").default_scopes == ("photos",)


def test_the_subjects_of_a_client_are_those_of_its_host_wherever_users_are_sent():
    world = openid_world(
        client_documents="*", **{"openid.pairwise_secret": "abcdefghijklmnop" * 2}
    )
    uris = [CALLBACK, "https://b.example/callback", LOCALHOST]
    here, there = (
        client_of(world, subject_type="pairwise", redirect_uris=chosen, sector_identifier_uri=URL)
        for chosen in (uris[:1], uris[1:])
    )
    assert subjects.sector(here) == subjects.sector(there) == "app.example"


FIELD = {
    "a program for terminals": {
        "redirect_uris": [LOCALHOST, "http://127.0.0.1/callback"],
        "response_types": ["code"],
    },
    "one that says so": {
        "redirect_uris": ["http://127.0.0.1/callback", LOCALHOST],
        "application_type": "native",
        "logo_uri": "https://app.example/logo.png",
        "token_endpoint_auth_methods_supported": ["none"],
    },
    "an editor, also in the browser": {
        "redirect_uris": [
            "http://127.0.0.1:33418/",
            "http://127.0.0.1/",
            "http://localhost/",
            "https://editor.example/redirect",
        ],
        "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE],
        "tos_uri": "https://editor.example/terms",
    },
}
"""What documents of MCP clients say, as they were published in 2026."""


@pytest.mark.parametrize("published", FIELD.values(), ids=FIELD.keys())
def test_documents_as_they_are_published_are_of_native_clients(world, published):
    client = client_of(world, **published)
    assert client.client_type == "native"
    for port in (1024, 52163):
        for host in ("localhost", "127.0.0.1"):
            path = "/" if "editor" in str(published) else "/callback"
            assert registered_for(client, f"http://{host}:{port}{path}")
    assert not registered_for(client, "http://192.0.2.1:1024/callback")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from([*NAMES.values(), *described(URL), "application_type", "client_secret"])


@given(st.dictionaries(_NAMES, _JSON, max_size=6))
def test_any_members_make_a_client_or_are_refused(members):
    made = _WORLDS.setdefault("one", openid_world(client_documents="*", device="true"))
    try:
        client = client_of(made, **members)
    except DocumentRefused:
        pass
    else:
        assert client.client_id == URL
        assert not client.first_party
        assert client.auth_method in ("none", "private_key_jwt")
        assert set(client.grant_types) <= {"authorization_code", "refresh_token", DEVICE_CODE}


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content):
    made = _WORLDS.setdefault("one", openid_world(client_documents="*", device="true"))
    with pytest.raises(DocumentRefused):
        read(URL, content, made.settings, made.provider.registrar)


_WORLDS = {}
