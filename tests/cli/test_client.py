"""``oauthprov client``."""

import dataclasses
import json

import pytest

from oauthprov.credentials import matches
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import Client
from tests.site import API, ORIGIN, PHOTOS


def stored(command, client_id):
    storage = command.storage()
    try:
        return storage.get(Client, client_id).record
    finally:
        storage.close()


@pytest.mark.parametrize("kind", ["web", "machine"])
def test_add_prints_the_secret_once(command, kind):
    made = command.client(kind)
    client = stored(command, made["client_id"])
    assert matches(made["client_secret"], client.secrets[0])
    shown = command("client", "show", made["client_id"])
    assert made["client_secret"] not in shown.out
    assert client.secrets[0] not in shown.out
    assert "Printer" in shown.out


def test_a_public_client_has_a_null_secret(command):
    assert command.client("native")["client_secret"] is None


def test_a_device_is_added_without_redirect_uri_and_has_its_grant_types(command):
    made = command.client("device")
    client = stored(command, made["client_id"])
    assert (client.redirect_uris, made["client_secret"]) == ((), None)
    assert client.grant_types == ("refresh_token", DEVICE_CODE)


def test_a_web_client_may_be_for_devices_alone(command):
    add = ("client", "add", "--type", "web", "--name", "Box", "--scope", "profile:read", "--json")
    made = command(*add, "--grant-type", DEVICE_CODE).json
    assert stored(command, made["client_id"]).grant_types == (DEVICE_CODE,)


def test_no_device_is_added_where_devices_may_not_ask(command):
    ini = command.ini
    ini.write_text(ini.read_text("utf-8").replace("device = true", "device = false"), "utf-8")
    done = command("client", "add", "--type", "device", "--name", "Box")
    assert done.code != 0
    assert "Choose one of web, browser, native, machine, api." in done.err


def test_add_prints_readable_text_without_json(command):
    done = command("client", "add", "--type", "machine", "--name", "Printer")
    assert done.code == 0
    assert "client_secret  ops_" in done.out
    assert "can't be shown again" in done.err


def test_edit_requires_keys_for_signed_request_objects(command):
    made = command.client(
        "web",
        *("--request-uri", "https://printer.example/object"),
        *("--request-object-signing-alg", "ES256"),
    )
    client = stored(command, made["client_id"])
    assert client.request_uris == ("https://printer.example/object",)
    assert client.request_object_signing_alg == "ES256"
    refused = command("client", "edit", made["client_id"], "--require-signed-request-object")
    assert refused.code != 0
    assert "jwks" in refused.err


PROMISED = [
    "client_id",
    "name",
    "client_type",
    "created_at",
    "owner",
    "redirect_uris",
    "grant_types",
    "auth_method",
    "secrets",
    "secret_created_at",
    "scopes",
    "default_scopes",
    "homepage_uri",
    "first_party",
    "disabled_at",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "contacts",
    "software_id",
    "software_version",
    "jwks_uri",
    "jwks",
    "last_used_at",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "verified",
    "logo",
    "initiate_login_uri",
    "subject_type",
    "sector_identifier_uri",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "request_object_signing_alg",
    "require_signed_request_object",
    "request_uris",
    "token_endpoint_auth_signing_alg",
    "default_max_age",
    "require_auth_time",
    "default_acr_values",
    "response_types",
    "introspects",
    "pkce",
    "id_token_claims",
    "self_registered",
    "disabled_host",
    "client_secret",
]


def test_the_document_has_the_names_that_scripts_know(command):
    """The names are the fields of the record, in its order, without those of secrets."""
    made = command.client("web", "--homepage-uri", "https://printer.example/")
    fields = [field.name for field in dataclasses.fields(Client)]
    for kept_to_ourselves in ("registration_token", "removed_at"):
        fields.remove(kept_to_ourselves)
    assert list(made) == [*fields, "self_registered", "disabled_host", "client_secret"]
    assert set(PROMISED) <= made.keys()
    del made["client_secret"]
    assert command("client", "show", made["client_id"], "--json").json == made
    assert command("client", "list", "--json").json == {"clients": [made]}


def test_edit_changes_only_the_given_options(command):
    made = command.client("web")
    arguments = ("client", "edit", made["client_id"], "--json")
    edited = command(*arguments, "--name", "Scanner", "--first-party", "--disable").json
    assert (edited["name"], edited["first_party"]) == ("Scanner", True)
    assert edited["disabled_at"] is not None
    assert edited["redirect_uris"] == made["redirect_uris"]
    enabled = command(*arguments, "--enable", "--no-first-party").json
    assert (enabled["disabled_at"], enabled["first_party"]) == (None, False)
    assert enabled["name"] == "Scanner"


def test_an_api_introspects_the_resources_that_the_operator_names(command):
    api = ("client", "add", "--type", "api", "--name", "Photos", "--json")
    made = command(*api, "--introspects", PHOTOS, "--introspects", ORIGIN + API).json
    assert (made["introspects"], made["scopes"], made["grant_types"]) == (
        [PHOTOS, ORIGIN + API],
        [],
        [],
    )
    edit = ("client", "edit", made["client_id"], "--json")
    assert command(*edit, "--introspects", PHOTOS, "--introspects", "*").json["introspects"] == [
        "*"
    ]
    assert command(*edit, "--introspects", "").json["introspects"] == []
    for wrong in (("--scope", "profile:read"), ("--redirect-uri", "https://a.example/x")):
        assert command(*edit, *wrong).code != 0
    assert (
        "no such resource: https://x.example/"
        in command(*api, "--introspects", "https://x.example/").err
    )
    public = ("client", "add", "--type", "native", "--name", "x", "--redirect-uri", "a.b:/x")
    assert "introspects: " in command(*public, "--introspects", PHOTOS).err


def test_openid_options_are_stored(command):
    """OpenID Connect Registration section 2."""
    web = ("web", "--id-token-signed-response-alg", "RS256", "--default-max-age", "600")
    made = command.client(*web, "--default-acr-value", "2", "--default-acr-value", "1")
    assert made["id_token_signed_response_alg"] == "RS256"
    assert (made["default_max_age"], made["default_acr_values"]) == (600, ["2", "1"])
    arguments = ("client", "edit", made["client_id"], "--json")
    edited = command(*arguments, "--userinfo-signed-response-alg", "RS256").json
    assert edited["userinfo_signed_response_alg"] == "RS256"
    default = command(*arguments, "--id-token-signed-response-alg", "").json
    assert default["id_token_signed_response_alg"] is None


def test_rotation_keeps_two_secrets_and_retire_ends_the_older(command):
    first = command.client("machine")
    client_id = first["client_id"]
    second = command("client", "rotate-secret", client_id, "--json").json
    assert second["secrets"] == 2
    assert second["client_secret"] != first["client_secret"]
    assert matches(first["client_secret"], stored(command, client_id).secrets[1])
    assert command("client", "rotate-secret", client_id, "--retire", "--json").json["secrets"] == 1
    assert matches(second["client_secret"], stored(command, client_id).secrets[0])


def test_owner_is_named_by_user_name_or_id(command):
    alice = command.user("alice")
    named = command.client("web", "--owner", "Alice")
    assert named["owner"] == alice["account_id"]
    assert command.client("web", "--owner-id", "host-17")["owner"] == "host-17"
    assert [
        client["client_id"]
        for client in command("client", "list", "--owner", "alice", "--json").json["clients"]
    ] == [named["client_id"]]


def test_a_removed_client_is_gone(command):
    client_id = command.client()["client_id"]
    assert command("client", "remove", client_id).code == 0
    done = command("client", "show", client_id)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"There is no client {client_id}.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "--type", "web", "--name", "Printer"), "redirect_uris: "),
        (
            ("add", "--type", "web", "--name", "x", "--redirect-uri", "https://a.example/?code=1"),
            "redirect_uris: ",
        ),
        (("add", "--type", "machine", "--name", "a\nb"), "name: "),
        (("add", "--type", "machine", "--name", "x", "--scope", "none"), "scopes: "),
        (("add", "--type", "machine", "--name", "x", "--owner", "bob"), "There is no user bob."),
        (("add", "--type", "machine", "--name", "x", "--auth-method", "none"), "auth_method: "),
        (("edit", "nobody", "--name", "x"), "There is no client nobody."),
        (
            ("add", "--type", "machine", "--name", "x", "--subject-type", "pairwise"),
            "subject_type: ",
        ),
        (("rotate-secret", "nobody"), "There is no client nobody."),
        (("remove", "n\x00b"), "There is no client"),
    ],
)
def test_an_invalid_client_command_ends_with_one_sentence(command, arguments, sentence):
    done = command("client", *arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(sentence)
    assert "Traceback" not in done.err


def test_scopes_are_separated_by_blanks_or_given_one_by_one(command):
    more = ("--scope", "photos:read photos:write", "--scope", " profile:read ", "--json")
    made = command("client", "add", "--type", "machine", "--name", "Job", *more).json
    assert made["scopes"] == ["profile:read", "photos:read", "photos:write"]
    edited = command("client", "edit", made["client_id"], "--scope", "photos:read", "--json").json
    assert edited["scopes"] == ["photos:read"]
    done = command("client", "edit", made["client_id"], "--scope", "photos:read none")
    assert done.err == "scopes: This server has no such scope: none.\n"


def test_add_ends_with_what_is_needed_next(command):
    add = ("client", "add", "--type", "web", "--name", "Printer", "--scope", "profile:read")
    done = command(*add, "--redirect-uri", "https://printer.example/callback")
    [first, second] = done.out.splitlines()[-2:]
    client_id = first.removeprefix("client_id").strip()
    assert stored(command, client_id).name == "Printer"
    assert second.startswith("client_secret  ops_")
    assert "https://printer.example/callback" in done.out
    assert len(done.out.splitlines()) < 20  # what isn't set isn't shown
    assert done.err.splitlines() == [
        "Keep the secret now: it can't be shown again.",
        f"Next: give the app both, and the issuer {command.settings().issuer}.",
    ]
    tool = ("client", "add", "--type", "native", "--name", "Tool", "--scope", "profile:read")
    done = command(*tool, "--redirect-uri", "http://127.0.0.1/callback")
    assert done.out.splitlines()[-1].startswith("client_id ")
    assert done.err == (
        f"Next: give the app its client_id, and the issuer {command.settings().issuer}.\n"
    )


def test_a_private_key_jwt_client_has_keys_and_no_secret(command, tmp_path):
    keys = {"keys": [PrivateKey.generate("ES256").public()]}
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(keys, indent=2))
    method = ("--auth-method", "private_key_jwt")
    made = command.client("machine", *method, "--jwks", str(file))
    assert made["client_secret"] is None
    assert json.loads(made["jwks"]) == keys
    done = command("client", "rotate-secret", made["client_id"])
    assert (done.code, done.err) == (
        1,
        "secrets: A client that signs with its own key has no secret.\n",
    )
    uri = ("--jwks-uri", "https://app.example/jwks")
    edited = command("client", "edit", made["client_id"], "--jwks", "", *uri)
    assert edited.code == 0
    client = stored(command, made["client_id"])
    assert (client.jwks, client.jwks_uri) == (None, "https://app.example/jwks")
    algorithm = ("--token-endpoint-auth-signing-alg", "ES256")
    assert command("client", "edit", made["client_id"], *algorithm).code == 0
    assert stored(command, made["client_id"]).token_endpoint_auth_signing_alg == "ES256"


def test_keys_are_needed_and_readable(command):
    add = (
        "client",
        "add",
        "--type",
        "machine",
        "--name",
        "Job",
        "--auth-method",
        "private_key_jwt",
    )
    assert "jwks_uri: " in command(*add).err
    done = command(*add, "--jwks", "/nowhere.json")
    assert done.code == 2
    assert "can't be read: /nowhere.json" in done.err


def test_a_public_client_has_no_secret_to_rotate(command):
    done = command("client", "rotate-secret", command.client("browser")["client_id"])
    assert (done.code, done.err) == (1, "secrets: A public client has no secret.\n")


def test_a_client_that_may_omit_pkce_is_said_to_be_less_safe(command):
    client_id = command.client("web")["client_id"]
    freed = command("client", "edit", client_id, "--pkce", "optional")
    assert "less safe" in freed.err
    assert command("client", "show", client_id, "--json").json["pkce"] == "optional"
    held = command("client", "edit", client_id, "--pkce", "required")
    assert "less safe" not in held.err
