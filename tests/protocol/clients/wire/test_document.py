"""How a registration is read and written (RFC 7591 sections 2 and 3.2)."""

import pytest

from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.clients.wire.document import NAMELESS, document_of, read_document
from oauthprov.protocol.clients.wire.members import NAMES
from oauthprov.records import Client
from oauthprov.settings import Settings
from tests.protocol.world import INI

HTTPS = "https://app.example/callback"
LOOPBACK = "http://127.0.0.1:3118/callback"
LOCALHOST = "http://localhost:3118/callback"
OWN_SCHEME = "com.example.app:/callback"


def settings(**more):
    ini = {f"oauthprov.{key}": value for key, value in more.items()}
    return Settings.from_ini(INI | {"oauthprov.registration": "open"} | ini)


OPEN = settings()


def placed(**given):
    """The type that a registration results in, and its authentication method."""
    kind, metadata = read_document(given, OPEN, trusted=True)
    return kind, metadata["auth_method"]


def problem(given, with_settings=OPEN, current=None):
    with pytest.raises(InvalidMetadata) as raised:
        read_document(given, with_settings, current)
    [field] = raised.value.problems
    return field


@pytest.mark.parametrize(
    ("uris", "application", "kind"),
    [
        ([HTTPS], None, "browser"),
        ([HTTPS], "web", "browser"),
        ([HTTPS], "native", "native"),
        ([LOOPBACK], None, "native"),
        ([LOCALHOST], None, "native"),
        (["http://[::1]/callback"], None, "native"),
        ([OWN_SCHEME], None, "native"),
        ([HTTPS, LOOPBACK], None, "native"),
        ([LOCALHOST], "web", "browser"),
        (["http://[::1"], None, "browser"),
    ],
)
def test_application_type_or_uris_decide_the_type_of_a_public_client(uris, application, kind):
    given = {"redirect_uris": uris, "token_endpoint_auth_method": "none"}
    assert placed(**given, application_type=application) == (kind, "none")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("uri", [HTTPS, LOOPBACK])
@pytest.mark.parametrize("application", [None, "web", "native"])
def test_a_client_with_a_secret_is_a_web_server(method, uri, application):
    given = {"redirect_uris": [uri], "token_endpoint_auth_method": method}
    assert placed(**given, application_type=application) == ("web", method)


def test_the_default_method_is_basic_but_for_native_apps():
    assert placed(redirect_uris=[HTTPS]) == ("web", "client_secret_basic")
    assert placed(redirect_uris=[HTTPS], application_type="native") == ("native", "none")


@pytest.mark.parametrize("method", ["client_secret", "client_secret_jwt", "nothing"])
def test_a_method_that_is_not_on_the_wire_is_refused(method):
    given = {"redirect_uris": [HTTPS], "token_endpoint_auth_method": method}
    assert problem(given) == "auth_method"


def test_a_choice_of_methods_is_shown_as_one_that_every_client_knows():
    shown = document_of(client(auth_method="client_secret"))
    assert shown["token_endpoint_auth_method"] == "client_secret_basic"


def test_a_machine_registers_with_an_initial_access_token_only():
    given = {"grant_types": ["client_credentials"]}
    assert placed(**given) == ("machine", "client_secret_basic")
    for mode in ("open", "token"):
        assert problem(given, settings(registration=mode)) == "grant_types"


def test_an_api_registers_with_an_initial_access_token_and_no_grant_types():
    given = {"grant_types": [], "scope": "read"}
    kind, metadata = read_document(given, OPEN, trusted=True)
    assert (kind, metadata["grant_types"], metadata["scopes"]) == ("api", (), ())
    assert read_document(given, OPEN, client("api"))[0] == "api"
    assert read_document(given, OPEN)[0] == "web"  # which has no redirect URI, and is refused
    told = {"grant_types": [], "redirect_uris": [HTTPS]}
    assert read_document(told, OPEN, trusted=True)[0] == "web"


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, ("authorization_code",)),
        ([], ("authorization_code",)),
        (["refresh_token", "authorization_code"], ("authorization_code", "refresh_token")),
        (["authorization_code", "implicit", "urn:x"], ("authorization_code",)),
        (["authorization_code", "client_credentials"], ("authorization_code",)),
    ],
)
def test_grant_types_that_are_not_supported_are_left_out(asked, granted):
    given = {"redirect_uris": [HTTPS], "grant_types": asked}
    assert read_document(given, OPEN)[1]["grant_types"] == granted


@pytest.mark.parametrize("asked", [["implicit"], ["refresh_token"], ["password", "urn:x"]])
def test_grant_types_without_a_supported_one_are_refused(asked):
    assert problem({"redirect_uris": [HTTPS], "grant_types": asked}, OPEN) == "grant_types"


def test_response_types_without_a_supported_one_are_refused():
    given = {"redirect_uris": [HTTPS], "response_types": ["token", "code"]}
    assert read_document(given, OPEN)[0] == "web"
    assert problem(given | {"response_types": ["token"]}) == "response_types"


def scopes_of(given, with_settings=OPEN, current=None, **how):
    """The scopes and the default scopes that are registered."""
    metadata = read_document(given, with_settings, current, **how)[1]
    return list(metadata["scopes"]), list(metadata["default_scopes"])


@pytest.mark.parametrize(
    ("asked", "default"),
    [
        (None, ["read"]),
        ("", ["read"]),
        (" ", ["read"]),
        ("photos read", ["read", "photos"]),
        ("openid notes", ["notes"]),
    ],
)
def test_a_client_may_have_every_scope_and_by_default_those_it_requests(asked, default):
    given = {"redirect_uris": [HTTPS], "scope": asked}
    assert scopes_of(given) == (["read", "write", "photos", "notes"], default)


def test_without_default_scopes_of_the_server_a_client_gets_all_by_default():
    without = settings(default_scopes="")
    everything = ["read", "write", "photos", "notes"]
    assert scopes_of({"redirect_uris": [HTTPS]}, without) == (everything, everything)


def test_registration_scopes_limits_the_registered_scopes():
    few = settings(**{"registration.scopes": "read notes"})
    given = {"redirect_uris": [HTTPS]}
    assert scopes_of(given, few) == (["read", "notes"], ["read"])
    assert scopes_of(given | {"scope": "notes write"}, few) == (["read", "notes"], ["notes"])
    assert problem(given | {"scope": "write"}, few) == "scopes"


def test_a_machine_has_the_scopes_that_it_requests_alone():
    given = {"grant_types": ["client_credentials"], "scope": "photos admin"}
    assert scopes_of(given, trusted=True) == (["photos"], [])


def test_a_machine_without_requested_scopes_gets_the_default_ones():
    assert read_document({"grant_types": ["client_credentials"]}, OPEN, trusted=True)[1][
        "scopes"
    ] == ["read"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("redirect_uris", HTTPS),
        ("redirect_uris", [1]),
        ("redirect_uris", {"0": HTTPS}),
        ("grant_types", "authorization_code"),
        ("response_types", "code"),
        ("contacts", [None]),
        ("client_name", 1),
        ("client_name", ["x"]),
        ("client_uri", True),
        ("logo_uri", {}),
        ("scope", ["read"]),
        ("token_endpoint_auth_method", ["none"]),
        ("application_type", 1),
        ("application_type", "spa"),
        ("jwks_uri", ["https://app.example/keys"]),
        ("jwks", "{}"),
        ("jwks", [{}]),
        ("request_uris", "https://app.example/object"),
        ("request_uris", [1]),
        ("request_object_signing_alg", ["RS256"]),
        ("require_signed_request_object", "true"),
    ],
)
def test_a_member_of_the_wrong_type_is_named(member, value):
    assert problem({"redirect_uris": [HTTPS], member: value}) == member


def test_names_in_other_languages_and_unknown_members_are_ignored():
    given = {
        "redirect_uris": [HTTPS],
        "client_name#de": "Drucker",
        "client_id": "chosen",
        "client_secret": "chosen",
        "first_party": True,
        "owner": "alice",
        "secrets": ["x"],
        "disabled_at": 1,
        "registration_token": "x",
        "software_statement": "x.y.z",
        "__class__": {},
    }
    assert read_document(given, OPEN) == read_document({"redirect_uris": [HTTPS]}, OPEN)
    assert read_document(given, OPEN)[1]["name"] == NAMELESS


def client(kind="web", **more):
    return Client("app", "Printer", kind, 1, scopes=("read",), **more)


def test_a_client_keeps_its_type():
    public = {"redirect_uris": [HTTPS], "token_endpoint_auth_method": "none"}
    for kind in ("browser", "native"):
        assert read_document(public, OPEN, client(kind))[0] == kind
    assert problem(public | {"application_type": "web"}, OPEN, client("native")) == "client"
    assert problem(public | {"application_type": "native"}, OPEN, client("browser")) == "client"
    assert problem(public, OPEN, client("web")) == "client"
    assert problem({"redirect_uris": [HTTPS]}, OPEN, client("native")) == "client"


def test_a_machine_may_update_itself_where_no_machine_may_register():
    given = {"grant_types": ["client_credentials"], "scope": "read"}
    assert read_document(given, OPEN, client("machine"))[0] == "machine"
    assert problem(given, OPEN, client("web")) == "grant_types"


@pytest.mark.parametrize(
    ("scope", "scopes", "default"),
    [
        ("read write notes", ["read", "notes"], ["read", "notes"]),
        ("notes", ["read", "notes"], ["notes"]),
        ("read", ["read"], ["read"]),
        (None, ["read"], ["read"]),
    ],
)
def test_an_update_keeps_the_operator_s_scopes_and_adds_those_it_names(scope, scopes, default):
    few = settings(**{"registration.scopes": "photos notes"})
    given = {"redirect_uris": [HTTPS], "scope": scope}
    assert scopes_of(given, few, client(default_scopes=("read",))) == (scopes, default)


def test_the_document_has_what_is_registered_and_no_credentials():
    web = client(
        grant_types=("authorization_code",),
        redirect_uris=(HTTPS,),
        auth_method="client_secret_post",
        secrets=("digest",),
        registration_token="digest",
        homepage_uri="https://app.example/",
        contacts=("alice@app.example",),
        owner="alice",
    )
    assert document_of(web) == {
        "client_id": "app",
        "client_id_issued_at": 1,
        "client_name": "Printer",
        "client_uri": "https://app.example/",
        "redirect_uris": [HTTPS],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_post",
        "application_type": "web",
        "scope": "read",
        "contacts": ["alice@app.example"],
    }
    assert document_of(client("machine"))["response_types"] == []


def test_every_field_that_is_read_is_written():
    kind, metadata = read_document({"redirect_uris": [HTTPS]}, OPEN)
    chosen = {None: "{}", False: True}
    given = {f: chosen[value] for f, value in metadata.items() if value in (None, False)}
    lists = {field: ("x",) for field, value in metadata.items() if value == []}
    written = document_of(client(kind, **given, **lists))
    fields = metadata.keys() - {"default_scopes"}
    assert {NAMES.get(field, field) for field in fields} <= written.keys()


LOGOUT = {
    "redirect_uris": [HTTPS],
    "post_logout_redirect_uris": ["https://app.example/bye"],
    "backchannel_logout_uri": "https://app.example/logout",
    "backchannel_logout_session_required": True,
}
OPENID = settings(scopes="openid | Know you", default_scopes="", resources="")


class TestLogout:
    """OpenID Connect RP-Initiated Logout 3.1, Back-Channel Logout 2.2."""

    def test_logout_members_are_registered_where_openid_is_on(self):
        _, metadata = read_document(LOGOUT, OPENID)
        kept = Client(client_id="app", client_type="web", created_at=1, **metadata)
        assert LOGOUT.items() <= document_of(kept).items()

    def test_logout_members_are_ignored_where_openid_is_off(self):
        _, metadata = read_document(LOGOUT, OPEN)
        assert not [field for field in metadata if "logout" in field]

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("post_logout_redirect_uris", "https://app.example/bye"),
            ("backchannel_logout_uri", ["https://app.example/logout"]),
            ("backchannel_logout_session_required", "true"),
        ],
    )
    def test_logout_members_of_the_wrong_type_are_refused(self, member, value):
        assert problem({"redirect_uris": [HTTPS], member: value}, OPENID) == member
