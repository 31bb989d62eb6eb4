"""Clients that sign with a key of their own, over HTTP: registered, managed, in the console."""

from __future__ import annotations

import json
import re

import pytest

from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import Client
from tests import site as sites
from tests.fetch.server import JSON, Authority, Server, answer
from tests.site import ISSUER, App

HTTPS = "https://app.example/callback"
FIRST, SECOND = PrivateKey.generate("ES256"), PrivateKey.generate("RS256")


def key_set(*keys):
    return {"keys": [key.public() for key in keys]}


MEMBERS = {
    "redirect_uris": [HTTPS],
    "client_name": "Printer",
    "scope": "profile:read",
    "token_endpoint_auth_method": "private_key_jwt",
}


def signer(site, client_id, key=FIRST):
    """The registered client, which signs with ``key``."""
    return App(site, site.storage.get(Client, client_id).record, None, key)


def is_known(app, aud=ISSUER):
    """Whether the token endpoint accepts its assertion, sent with an invalid code."""
    error = app.exchange("x", **app.proof(aud)).json["error"]
    assert error in ("invalid_grant", "unauthorized_client", "invalid_client")
    return error != "invalid_client"


def send(site, method, path, document, token=None):
    headers = {"Content_Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    return site.send(method, path, body=json.dumps(document).encode(), **headers)


def registered(site, **members):
    response = send(site, "POST", "/oauth/register", MEMBERS | members)
    assert response.status_int == 201, response.text
    return response.json


def update(site, told, **members):
    document = MEMBERS | {"client_id": told["client_id"]} | members
    uri, token = told["registration_client_uri"], told["registration_access_token"]
    return send(site, "PUT", uri, document, token)


def test_a_client_registers_without_a_secret_and_authenticates_by_key(site):
    told = registered(site, jwks=key_set(FIRST))
    assert "client_secret" not in told
    assert "client_secret_expires_at" not in told
    assert told["token_endpoint_auth_method"] == "private_key_jwt"
    app = signer(site, told["client_id"])
    for aud in (ISSUER, f"{ISSUER}/oauth/token", [f"{ISSUER}/oauth/token"]):
        assert is_known(app, aud)
    assert not is_known(app, "https://other.example/oauth/token")
    assert not is_known(signer(site, told["client_id"], SECOND))


@pytest.mark.parametrize("path", ["introspect", "revoke"])
def test_introspection_and_revocation_accept_their_own_url_as_audience(site, path):
    app = signer(site, registered(site, jwks=key_set(FIRST))["client_id"])
    for aud in (f"{ISSUER}/oauth/{path}", f"{ISSUER}/oauth/token", ISSUER):
        assert app.post(f"/oauth/{path}", {"token": "x"} | app.proof(aud)).status_int == 200
    other = {"introspect": "revoke", "revoke": "introspect"}[path]
    proof = app.proof(f"{ISSUER}/oauth/{other}")
    assert app.post(f"/oauth/{path}", {"token": "x"} | proof).status_int == 401


@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({}, "jwks_uri"),
        ({"jwks": {"keys": []}}, "jwks"),
        ({"jwks": {"keys": [FIRST.public() | {"use": "enc"}]}}, "jwks"),
        ({"jwks": key_set(FIRST), "token_endpoint_auth_signing_alg": "RS256"}, "jwks"),
        (
            {"jwks": key_set(FIRST), "token_endpoint_auth_signing_alg": "HS256"},
            "token_endpoint_auth_signing_alg",
        ),
        ({"jwks": key_set(FIRST), "jwks_uri": "https://app.example/jwks"}, "jwks"),
    ],
)
def test_registration_2_private_key_jwt_needs_usable_keys(site, members, member):
    response = send(site, "POST", "/oauth/register", MEMBERS | members)
    assert (response.status_int, response.json["error"]) == (400, "invalid_client_metadata")
    assert response.json["error_description"].startswith(f"{member}: ")


def test_the_algorithm_is_registered_and_returned(site):
    told = registered(site, jwks=key_set(FIRST, SECOND), token_endpoint_auth_signing_alg="RS256")
    assert told["token_endpoint_auth_signing_alg"] == "RS256"
    assert is_known(signer(site, told["client_id"], SECOND))
    assert not is_known(signer(site, told["client_id"], FIRST))


def test_7592_from_a_secret_to_a_key_and_back(site):
    told = registered(site, token_endpoint_auth_method="client_secret_post")
    first = told["client_secret"]
    changed = update(site, told, jwks=key_set(FIRST)).json
    assert "client_secret" not in changed
    assert is_known(signer(site, told["client_id"]))
    assert site.storage.get(Client, told["client_id"]).record.secrets == ()
    back = update(site, told, token_endpoint_auth_method="client_secret_post").json
    assert back["client_secret"] != first
    assert back["client_secret_expires_at"] == 0
    for secret, known in ((first, False), (back["client_secret"], True)):
        form = {"client_id": told["client_id"], "client_secret": secret, "token": "x"}
        assert (site.post("/oauth/revoke", form).status_int == 200) is known
    again = update(site, told, token_endpoint_auth_method="client_secret_post").json
    assert "client_secret" not in again


def test_7592_keys_cannot_be_left_out(site):
    told = registered(site, jwks=key_set(FIRST))
    assert update(site, told).status_int == 400
    assert is_known(signer(site, told["client_id"]))


@pytest.fixture
def publisher(tmp_path):
    """A client's own server, which publishes its keys."""
    authority = Authority(tmp_path)
    made = Server(authority.context("localhost"))
    made.ca_file = authority.file
    yield made
    made.close()


def test_openid_core_10_1_1_keys_change_at_the_jwks_uri(publisher):
    def publish(key):
        publisher.reply = answer(json.dumps(key_set(key)).encode(), JSON)

    settings = {"fetch.allow": f"localhost:{publisher.port}", "fetch.ca_file": publisher.ca_file}
    site = sites.standalone(sites.ini("sqlite://", **settings))
    told = registered(site, jwks_uri=f"https://localhost:{publisher.port}/jwks")
    assert publisher.asked == []
    before, after = (signer(site, told["client_id"], key) for key in (FIRST, SECOND))
    publish(FIRST)
    assert is_known(before)
    assert not is_known(after)
    publish(SECOND)
    site.clock.pass_by(30)
    assert is_known(after)
    assert not is_known(before)
    assert publisher.connections == 2
    site.close()


# The developer console


def form_of(browser, kind="web"):
    form = browser.get(f"/clients/new/{kind}").form
    form["name"] = "Printer"
    if kind == "web":
        form["redirect_uris"] = HTTPS
    form["auth_method"] = "private_key_jwt"
    return form


def the_client(site):
    [stored] = site.storage.find(Client).items
    return stored.record


@pytest.mark.parametrize("kind", ["web", "machine", "api"])
def test_private_key_jwt_can_be_registered_in_the_console(site, alice, kind):
    form = form_of(alice, kind)
    form["jwks"] = json.dumps(key_set(FIRST), indent=2)
    page = alice.follow(form.submit())
    assert page.status_int == 200
    assert "ops_" not in page.text
    assert "CLIENT_SECRET" not in page.text
    assert "Make a new secret" not in page.text
    assert "It authenticates by an assertion that it signs with its own key." in page.text
    assert "oauth.PrivateKeyJwt(" in page.text
    client = the_client(site)
    assert (client.auth_method, client.secrets) == ("private_key_jwt", ())
    assert FIRST.kid in alice.get(f"/clients/{client.client_id}").text
    assert is_known(signer(site, client.client_id))


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("jwks", "", "jwks_uri"),
        ("jwks", "not JSON", "jwks"),
        ("jwks", '{"keys": [], "keys": []}', "jwks"),
        ("jwks_uri", "http://app.example/jwks", "jwks_uri"),
        ("jwks_uri", "javascript:alert(1)", "jwks_uri"),
    ],
)
def test_invalid_keys_stay_in_the_form(site, alice, field, value, named):
    form = form_of(alice)
    form[field] = value
    page = form.submit(expect_errors=True)
    assert page.status_int == 422
    assert page.form[field].value == value
    assert page.html.find(id=named)["aria-invalid"] == "true"
    assert page.html.find("details").has_attr("open")
    assert site.storage.find(Client).items == ()


def test_the_console_can_change_back_to_a_secret(site, alice):
    form = form_of(alice)
    form["jwks_uri"] = "https://app.example/jwks"
    form.submit()
    address = f"/clients/{the_client(site).client_id}"
    edit = alice.get(f"{address}/edit").form
    assert edit["jwks_uri"].value == "https://app.example/jwks"
    edit["auth_method"], edit["jwks_uri"] = "client_secret_basic", ""
    assert edit.submit().status_int == 303
    page = alice.get(address)
    assert "This client has no secret yet" in page.text
    made = alice.follow(page.form.submit("action", value="rotate"))
    assert re.search(r"ops_[A-Za-z0-9_-]{43}", made.text)
    assert len(the_client(site).secrets) == 1


def test_a_forged_form_cannot_add_a_secret(site, alice):
    form = form_of(alice)
    form["jwks"] = json.dumps(key_set(FIRST))
    form.submit()
    address = f"/clients/{the_client(site).client_id}"
    page = alice.get(f"{address}/edit")
    post = {"action": "rotate", "edition": page.form["edition"].value}
    post |= {"csrf_token": page.html.find("input", attrs={"name": "csrf_token"})["value"]}
    response = alice.page.post(site.url(address), post, expect_errors=True)
    assert response.status_int == 400
    assert "signs with its own key has no secret" in response.text
    assert the_client(site).secrets == ()
