"""Dynamic client registration (RFC 7591) and its management (RFC 7592) over HTTP."""

from __future__ import annotations

import json

import pytest

from oauthprov import credentials
from oauthprov.protocol.registration import initial_access
from oauthprov.records import KINDS, Client
from tests import site as sites
from tests.site import App

HTTPS = "https://app.example/callback"
EVERYTHING = "profile:read photos:read photos:write"
WEB = {"redirect_uris": [HTTPS], "client_name": "Printer", "scope": "profile:read"}
MCP = {
    "client_name": "Inspector",
    "redirect_uris": ["http://localhost:3118/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}
OTHER = "https://evil.example"


@pytest.fixture(params=["open"])
def site(request):
    settings = sites.ini("sqlite://", development="true", registration=request.param)
    made = sites.standalone(settings)
    yield made
    made.close()


with_tokens = pytest.mark.parametrize("site", ["token"], indirect=True)


def send(site, method, path, document=None, token=None, **headers):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"Content_Type": "application/json"} | headers
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return site.send(method, path, body=b"" if document is None else body, **headers)


def register(site, document=WEB, token=None, **headers):
    return send(site, "POST", "/oauth/register", document, token, **headers)


def registered(site, document=WEB):
    response = register(site, document)
    assert response.status_int == 201, response.text
    return response.json


def managed(site, client, method="GET", document=None, token=None):
    """Ask the client configuration endpoint, as the client unless a token is given."""
    token = token or client["registration_access_token"]
    return send(site, method, client["registration_client_uri"], document, token)


def stored(site, client):
    return site.storage.get(Client, client["client_id"]).record


def refused(response, error="invalid_client_metadata", status=400):
    assert (response.status_int, response.json["error"]) == (status, error)
    description = response.json["error_description"]
    assert description.isascii()
    assert description.isprintable()
    return description


def initial_token(site, uses=1, lifetime=60):
    made = initial_access.issue(site.storage, site.clock(), lifetime=lifetime, uses=uses)
    return made[1]


# Registration


def test_the_response_has_everything_registered_for_a_web_client(site):
    response = register(site, WEB | {"client_uri": "https://app.example/", "contacts": ["alice"]})
    told = response.json
    assert response.status_int == 201
    assert response.headers["Cache-Control"] == "no-store"
    secret, token = told.pop("client_secret"), told.pop("registration_access_token")
    client_id = told.pop("client_id")
    assert told == {
        "client_id_issued_at": site.clock(),
        "client_secret_expires_at": 0,
        "registration_client_uri": f"{site.issuer}/oauth/register/{client_id}",
        "client_name": "Printer",
        "client_uri": "https://app.example/",
        "contacts": ["alice"],
        "redirect_uris": [HTTPS],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "application_type": "web",
        "scope": EVERYTHING,
    }
    assert credentials.matches(secret, stored(site, {"client_id": client_id}).secrets[0])
    assert secret.startswith("ops_")
    assert token.startswith("opm_")


def test_a_public_client_gets_no_secret(site):
    told = registered(site, MCP)
    assert not told.keys() & {"client_secret", "client_secret_expires_at"}
    assert stored(site, told).client_type == "native"


def test_no_secret_is_stored(site):
    told = registered(site)
    dump = "".join(repr(s) for kind in KINDS for s in site.storage.walk(kind))
    for name in ("client_secret", "registration_access_token"):
        assert told[name] not in dump
        assert told[name].partition("_")[2] not in dump


def test_a_registered_client_gets_its_tokens(site):
    told = registered(site)
    app = App(site, stored(site, told), told["client_secret"])
    tokens = app.tokens(site.browser().sign_up("alice"))
    assert app.me(tokens["access_token"]).json["name"] == "alice"
    assert "refresh_token" not in tokens


def test_members_of_the_operator_are_ignored(site):
    chosen = "chosen-by-the-client"
    told = registered(
        site,
        WEB
        | {
            "client_id": chosen,
            "client_secret": chosen,
            "client_id_issued_at": 1,
            "registration_access_token": chosen,
            "first_party": True,
            "owner": "alice",
            "default_scopes": ["photos:write"],
            "client_type": "machine",
            "secrets": [credentials.digest(chosen)],
            "disabled_at": 1,
        },
    )
    client = stored(site, told)
    assert chosen not in json.dumps(told)
    assert not credentials.matches(chosen, client.secrets[0])
    assert (client.first_party, client.owner, client.disabled_at) == (False, None, None)
    assert (client.client_type, client.default_scopes) == ("web", ("profile:read",))


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://app.example/callback",
        "https://app.example/callback#fragment",
        "https://alice@app.example/callback",
        "https://app.example/../callback",
        "urn:ietf:wg:oauth:2.0:oob",
        "//app.example/callback",
        "https://app.example/\u00fc",
        "https://app.example/\n2026 INFO forged",
        "http://[::1",
        "https://app.example/" + "x" * 2000,
        "https://app.example/callback?code=1",
    ],
)
def test_section_3_2_2_an_invalid_redirect_uri_is_refused(site, uri):
    for method in ("none", "client_secret_basic"):
        document = WEB | {"redirect_uris": [uri], "token_endpoint_auth_method": method}
        description = refused(register(site, document), "invalid_redirect_uri")
        assert len(description) <= 500


CURSOR = {
    "client_name": "Cursor",
    "redirect_uris": [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}


def test_a_scheme_without_a_dot_is_refused_by_its_uri_alone(site):
    description = refused(register(site, CURSOR), "invalid_redirect_uri")
    assert description.startswith(f"redirect_uris: {CURSOR['redirect_uris'][0]}: A scheme ")
    assert "localhost" not in description
    assert "cursor.com" not in description


def test_a_scheme_without_a_dot_is_registered_where_the_operator_allows_it():
    settings = sites.ini("sqlite://", **{"registration.schemes": "cursor vscode"})
    site = sites.standalone(settings)
    registered = register(site, CURSOR).json
    assert CURSOR.items() <= registered.items()
    assert registered["application_type"] == "native"
    site.close()


def test_too_many_redirect_uris_are_refused(site):
    uris = [f"{HTTPS}/{number}" for number in range(51)]
    refused(register(site, WEB | {"redirect_uris": uris}), "invalid_redirect_uri")
    assert registered(site, WEB | {"redirect_uris": [HTTPS] * 1000})["redirect_uris"] == [HTTPS]


@pytest.mark.parametrize("missing", [{}, {"redirect_uris": []}, {"redirect_uris": None}])
def test_section_2_redirect_uris_are_required(site, missing):
    refused(register(site, {"client_name": "Printer"} | missing), "invalid_redirect_uri")


@pytest.mark.parametrize("member", ["client_uri", "logo_uri", "policy_uri", "tos_uri"])
@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "https://alice:secret@app.example/",
        "https://app.example\\@evil.example",
        "https://app.example/ x",
        "https://",
    ],
)
def test_every_uri_member_must_be_a_web_address(site, member, uri):
    assert refused(register(site, WEB | {member: uri})).startswith(f"{member}: ")


def test_uris_of_logo_and_policy_are_stored_and_not_fetched(site):
    inside = "http://169.254.169.254/latest/meta-data"
    told = registered(site, WEB | {"logo_uri": inside, "policy_uri": inside})
    assert (told["logo_uri"], told["policy_uri"]) == (inside, inside)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("client_name", "Prin\u202eter"),
        ("client_name", "Prin\u200bter"),
        ("client_name", "x" * 101),
        ("client_name", "a\0b"),
        ("contacts", ["x" * 255]),
        ("contacts", [f"{number}" for number in range(11)]),
        ("contacts", ["a\nb"]),
        ("token_endpoint_auth_method", "client_secret_jwt"),
        ("token_endpoint_auth_method", "tls_client_auth"),
        ("grant_types", ["client_credentials"]),
        ("scope", "admin"),
    ],
)
def test_section_3_2_2_invalid_metadata_is_refused(site, member, value):
    assert refused(register(site, WEB | {member: value})).startswith(f"{member}: ")
    assert list(site.storage.walk(Client)) == []


KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "kid": "1",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


def test_keys_are_given_as_jwks_or_jwks_uri(site):
    told = registered(site, WEB | {"jwks": {"keys": [KEY]}})
    assert told["jwks"] == {"keys": [KEY]}
    named = {"jwks_uri": "https://app.example/keys"}
    assert named.items() <= registered(site, WEB | named).items()
    assert "jwks" not in update(site, told, **named).json
    refused(register(site, WEB | named | {"jwks": {"keys": [KEY]}}))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("jwks", {}),
        ("jwks", {"keys": {}}),
        ("jwks", {"keys": [KEY | {"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}),
        ("jwks", {"keys": [KEY] * 65}),
        ("jwks_uri", "http://app.example/keys"),
        ("jwks_uri", "https://alice@app.example/keys"),
        ("jwks_uri", "file:///etc/passwd"),
        ("jwks_uri", "https://app.example/\u00fc"),
    ],
)
def test_invalid_keys_are_refused(site, member, value):
    description = refused(register(site, WEB | {member: value}))
    assert description.startswith(f"{member}: ")
    assert "nWGxne" not in description


def test_openid_registration_2_request_object_members_are_stored(site):
    asked = WEB | {
        "jwks": {"keys": [KEY]},
        "request_uris": ["https://app.example/object#" + "x" * 43, "https://app.example:8443/o"],
        "request_object_signing_alg": "RS256",
        "require_signed_request_object": True,
    }
    told = registered(site, asked)
    assert (asked | {"scope": EVERYTHING}).items() <= told.items()
    assert (asked | {"scope": EVERYTHING}).items() <= managed(site, told).json.items()
    kept = update(site, told, request_uris=None, require_signed_request_object=None).json
    assert kept.keys().isdisjoint({"request_uris", "require_signed_request_object"})


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("request_uris", ["http://app.example/object"]),
        ("request_uris", ["https://app.example/object", "urn:example:object"]),
        ("request_uris", ["file:///etc/passwd"]),
        ("request_uris", ["javascript:alert(1)"]),
        ("request_uris", ["https://alice@app.example/object"]),
        ("request_uris", ["https://app.example/<script>"]),
        ("request_uris", ["https://app.example/" + "x" * 493]),
        ("request_uris", [f"https://app.example/{number}" for number in range(51)]),
        ("request_object_signing_alg", "none"),
        ("request_object_signing_alg", "HS256"),
        ("require_signed_request_object", True),
    ],
)
def test_invalid_request_object_members_are_refused(site, member, value):
    assert refused(register(site, WEB | {member: value})).startswith(f"{member}: ")


SIGNED_RESPONSES = ("authorization_signed_response_alg", "introspection_signed_response_alg")


@pytest.mark.parametrize("member", SIGNED_RESPONSES)
@pytest.mark.parametrize("value", ["none", "HS256", "RS512", "rs256", 256, ["RS256"]])
def test_jarm_3_and_rfc_9701_6_an_algorithm_that_this_server_lacks_is_refused(site, member, value):
    """``none`` is not allowed (JARM section 3)."""
    assert refused(register(site, WEB | {member: value})).startswith(f"{member}: ")


def test_jarm_3_and_rfc_9701_6_the_algorithm_of_a_response_is_registered(site):
    asked = dict.fromkeys(SIGNED_RESPONSES, "RS256")
    told = registered(site, WEB | asked)
    client = stored(site, told)
    assert client.authorization_signed_response_alg == "RS256"
    assert client.introspection_signed_response_alg == "RS256"


def test_html_in_a_name_is_shown_as_text(site):
    name = "<script>alert(1)</script><b>Printer"
    told = registered(site, WEB | {"client_name": name})
    assert told["client_name"] == name
    app = App(site, stored(site, told), told["client_secret"])
    page = site.browser().sign_up("alice").authorize(app)
    assert page.status_int == 200
    assert "&lt;b&gt;Printer" in page.text
    assert name not in page.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://b.example/"]}',
        b'{"contacts": NaN}',
        b'{"contacts": Infinity}',
        b'{"client_name": "\xff"}',
        b'{"client_name": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a": ' + b"9" * 20_000 + b"}",
        b'{"client_name": "' + b"x" * 33_000 + b'"}',
    ],
)
def test_a_body_that_is_not_plain_json_is_refused(site, body):
    refused(register(site, body))


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"]
)
def test_a_body_of_another_content_type_is_refused(site, content_type):
    refused(register(site, WEB, Content_Type=content_type))


def test_the_content_type_may_have_parameters(site):
    assert register(site, WEB, Content_Type="Application/JSON; charset=utf-8").status_int == 201


@pytest.mark.parametrize(
    ("limits", "first"),
    [
        ({"registration.limit_address": "2 per hour"}, 2),
        ({"registration.limit_total": "1 per hour"}, 1),
    ],
)
def test_registrations_over_a_rate_limit_are_refused(limits, first):
    site = sites.standalone(sites.ini("sqlite://", **limits))
    assert [register(site).status_int for _ in range(first)] == [201] * first
    response = register(site)
    refused(response, "temporarily_unavailable", 429)
    assert int(response.headers["Retry-After"]) > 0
    assert len(list(site.storage.walk(Client))) == first
    site.close()


def test_updates_count_against_the_rate_limit():
    """An update may cause a fetch of a URL of the client."""
    limits = {"registration.limit_address": "2 per hour"}
    site = sites.standalone(sites.ini("sqlite://", **limits))
    told = registered(site)
    assert update(site, told).status_int == 200
    refused(update(site, told), "temporarily_unavailable", 429)
    assert managed(site, told).status_int == 200
    site.close()


def test_refused_registrations_do_not_count_against_the_total():
    limits = {"registration.limit_total": "1 per hour"}
    site = sites.standalone(sites.ini("sqlite://", **limits))
    refused(register(site, {}), "invalid_redirect_uri")
    assert register(site).status_int == 201
    site.close()


# Who may register


def test_registration_is_closed_by_default_and_has_no_route():
    settings = sites.ini("sqlite://")
    del settings["oauthprov.registration"]
    site = sites.standalone(settings)
    assert register(site).status_int == 404
    document = site.get("/.well-known/oauth-authorization-server").json
    assert "registration_endpoint" not in document
    site.close()


def test_the_registration_endpoint_is_announced(site):
    document = site.get("/.well-known/oauth-authorization-server").json
    assert document["registration_endpoint"] == f"{site.issuer}/oauth/register"


@with_tokens
def test_an_initial_access_token_registers_as_often_as_its_uses_allow(site):
    token = initial_token(site, uses=2)
    assert [register(site, WEB, token).status_int for _ in range(3)] == [201, 201, 401]


@with_tokens
def test_a_refused_registration_costs_no_use(site):
    token = initial_token(site)
    refused(register(site, {}, token), "invalid_redirect_uri")
    assert register(site, WEB, token).status_int == 201


@with_tokens
def test_an_initial_access_token_without_limit_expires(site):
    token = initial_token(site, uses=None)
    assert [register(site, WEB, token).status_int for _ in range(3)] == [201] * 3
    site.clock.pass_by(60)
    refused(register(site, WEB, token), "invalid_token", 401)


@pytest.mark.parametrize("site", ["open", "token"], indirect=True)
def test_a_machine_registers_with_an_initial_access_token(site):
    machine = {"grant_types": ["client_credentials"], "scope": "photos:read"}
    told = register(site, machine, initial_token(site)).json
    app = App(site, stored(site, told), told["client_secret"])
    token = app.post("token", {"grant_type": "client_credentials"}).json
    assert token["scope"] == "photos:read"


def test_an_api_registers_with_an_initial_access_token_and_waits_for_the_operator(site):
    told = register(site, {"grant_types": []}, initial_token(site)).json
    assert (told["grant_types"], told["redirect_uris"], told["scope"]) == ([], [], "")
    assert stored(site, told).client_type == "api"
    api = App(site, stored(site, told), told["client_secret"])
    token = site.app("machine").post("token", {"grant_type": "client_credentials"}).json
    asked = {"token": token["access_token"]}
    assert api.post("/oauth/introspect", asked).json == {"active": False}
    site.registrar.edit(told["client_id"], introspects=[f"{site.issuer}/api"])
    assert api.post("/oauth/introspect", asked).json["active"] is True
    same = managed(site, told, "PUT", {"client_id": told["client_id"], "grant_types": []})
    assert same.status_int == 200, same.text
    assert stored(site, told).introspects == (f"{site.issuer}/api",)
    other = {"token_endpoint_auth_method": "client_secret_post", "grant_types": []}
    managed(site, told, "PUT", other | {"client_id": told["client_id"]})
    assert stored(site, told).introspects == ()


def test_a_token_is_used_up_even_where_registration_is_open(site):
    token = initial_token(site)
    assert [register(site, WEB, token).status_int for _ in range(2)] == [201, 401]


def test_a_wrong_token_is_refused_even_where_registration_is_open(site):
    refused(register(site, WEB, "x"), "invalid_token", 401)
    refused(register(site, WEB, Authorization="Basic eDp4"), "invalid_token", 401)
    refused(register(site, {"grant_types": ["client_credentials"]}))


@with_tokens
def test_a_registration_without_a_valid_token_gets_a_challenge(site):
    none = register(site)
    assert (none.status_int, none.json) == (401, {})
    assert none.headers["WWW-Authenticate"] == f'Bearer realm="{site.issuer}"'
    other = registered_with(site)["registration_access_token"]
    good = initial_token(site)
    wrong = (good[:-1], good + "x", "x", other, "opa_" + good.partition("_")[2])
    for token in wrong:
        response = register(site, WEB, token)
        refused(response, "invalid_token", 401)
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    refused(register(site, WEB, Authorization="Basic eDp4"), "invalid_token", 401)


def registered_with(site):
    return register(site, WEB, initial_token(site)).json


# Management


def test_a_client_reads_what_is_registered(site):
    told = registered(site)
    response = managed(site, told)
    assert response.status_int == 200
    assert response.headers["Cache-Control"] == "no-store"
    del told["client_secret"], told["client_secret_expires_at"]
    assert response.json == told


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_the_client_itself_can_manage_its_registration(site, method):
    mine, other = registered(site), registered(site, MCP)
    document = WEB | {"client_id": mine["client_id"], "client_name": "Stolen"}
    for token in (other["registration_access_token"], mine["client_secret"], "x", "\u00e9"):
        response = managed(site, mine, method, document, token)
        refused(response, "invalid_token", 401)
    uri = mine["registration_client_uri"]
    none = send(site, method, uri, document)
    assert (none.status_int, none.json) == (401, {})
    query = site.send(method, uri, query=b"access_token=" + mine["client_id"].encode())
    assert query.status_int == 401
    assert stored(site, mine).name == "Printer"


@pytest.mark.parametrize("client_id", ["nobody", "%00", "x" * 300, "%C3%A9", "a.b"])
def test_an_unknown_client_looks_like_a_wrong_token(site, client_id):
    token = registered(site)["registration_access_token"]
    response = send(site, "GET", f"/oauth/register/{client_id}", None, token)
    refused(response, "invalid_token", 401)


def test_clients_of_the_console_have_no_registration_access_token(site):
    client = site.app().client
    uri = f"/oauth/register/{client.client_id}"
    for token in ("", "None", client.secrets[0]):
        assert send(site, "DELETE", uri, None, token).status_int == 401
    assert stored(site, {"client_id": client.client_id}) == client


def test_a_disabled_client_cannot_manage_its_registration(site):
    told = registered(site)
    site.registrar.set_disabled(told["client_id"], True)
    for method in ("GET", "PUT", "DELETE"):
        refused(managed(site, told, method, WEB), "access_denied", 403)


def update(site, client, **changes):
    document = WEB | {"client_id": client["client_id"]} | changes
    return managed(site, client, "PUT", document)


def test_rfc_7592_section_2_2_an_update_replaces_everything(site):
    told = registered(
        site,
        WEB
        | {
            "client_uri": "https://app.example/",
            "contacts": ["alice"],
            "policy_uri": "https://app.example/privacy",
            "grant_types": ["authorization_code", "refresh_token"],
        },
    )
    response = update(site, told, client_name="Scanner", contacts=None, scope="photos:read")
    assert response.status_int == 200
    now = response.json
    assert (now["client_name"], now["scope"]) == ("Scanner", EVERYTHING)
    assert stored(site, told).default_scopes == ("photos:read",)
    assert now["grant_types"] == ["authorization_code"]
    assert not now.keys() & {"client_uri", "contacts", "policy_uri", "client_secret"}
    assert now == managed(site, told).json
    assert stored(site, told).secrets == (credentials.digest(told["client_secret"]),)


def test_an_update_that_repeats_the_response_keeps_the_default_scopes(site):
    told = registered(site)
    assert told["scope"] == EVERYTHING
    assert update(site, told, scope=EVERYTHING).json["scope"] == EVERYTHING
    assert stored(site, told).default_scopes == ("profile:read",)


@pytest.mark.parametrize(
    "member",
    [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ],
)
def test_rfc_7592_section_2_2_an_update_with_server_members_is_refused(site, member):
    told = registered(site)
    assert refused(update(site, told, **{member: told[member]})).startswith(member)


def test_rfc_7592_section_2_2_the_client_id_must_match(site):
    told, other = registered(site), registered(site)
    for client_id in (None, "", other["client_id"], [told["client_id"]]):
        refused(update(site, told, client_id=client_id))


def test_rfc_7592_section_2_2_a_client_does_not_choose_its_secret(site):
    told = registered(site)
    for secret in ("chosen", "", ["x"], 1, registered(site)["client_secret"]):
        assert refused(update(site, told, client_secret=secret)).startswith("client_secret")
    assert update(site, told, client_secret=told["client_secret"]).status_int == 200


def test_an_update_cannot_change_the_client_type(site):
    told = registered(site)
    for changes in (
        {"token_endpoint_auth_method": "none"},
        {"application_type": "native", "token_endpoint_auth_method": None},
        {"grant_types": ["client_credentials"]},
    ):
        refused(update(site, told, **changes))
    response = update(site, told, token_endpoint_auth_method="client_secret_post")
    assert response.json["token_endpoint_auth_method"] == "client_secret_post"
    changed = update(site, told, first_party=True, owner="alice", secrets=["x"], disabled_at=1)
    assert changed.status_int == 200
    client = stored(site, told)
    assert (client.first_party, client.owner, client.disabled_at) == (False, None, None)
    assert client.secrets == (credentials.digest(told["client_secret"]),)


def test_a_wrong_update_changes_nothing(site):
    told = registered(site)
    refused(update(site, told, redirect_uris=["javascript:x"]), "invalid_redirect_uri")
    assert managed(site, told).json["redirect_uris"] == [HTTPS]


def test_an_update_works_at_once(site):
    told = registered(site)
    alice = site.browser().sign_up("alice")
    app = App(site, stored(site, told), told["client_secret"])
    app.tokens(alice)
    update(site, told, redirect_uris=["https://app.example/other"])
    assert alice.get(app.authorization_url()).status_int == 400


def test_a_removed_client_is_gone_with_its_tokens(site):
    told = registered(site)
    app = App(site, stored(site, told), told["client_secret"])
    token = app.tokens(site.browser().sign_up("alice"))["access_token"]
    assert app.me(token).status_int == 200
    response = managed(site, told, "DELETE")
    assert (response.status_int, response.body) == (204, b"")
    assert response.headers["Cache-Control"] == "no-store"
    assert app.me(token).status_int == 401
    for method in ("GET", "PUT", "DELETE"):
        refused(managed(site, told, method, WEB), "invalid_token", 401)


# Browsers


@pytest.mark.parametrize(
    ("path", "methods"), [("/oauth/register", "POST"), ("/oauth/register/x", "GET, PUT, DELETE")]
)
def test_browser_apps_of_any_origin_may_register(site, path, methods):
    asked = site.send("OPTIONS", path, Origin=OTHER, Access_Control_Request_Method="POST")
    assert asked.status_int == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert asked.headers["Access-Control-Allow-Methods"] == methods
    assert "content-type" in asked.headers["Access-Control-Allow-Headers"]
    told = register(site, MCP, Origin=OTHER)
    wrong = register(site, {}, Origin=OTHER)
    for response in (told, wrong, managed(site, told.json)):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Set-Cookie" not in response.headers


def test_other_methods_are_405(site):
    for path, allowed in (
        ("/oauth/register", "POST, OPTIONS"),
        ("/oauth/register/x", "GET, PUT, DELETE, OPTIONS"),
    ):
        response = site.send("PATCH", path)
        assert (response.status_int, response.headers["Allow"]) == (405, allowed)
