"""Signing in that begins at the provider (OpenID Connect Core section 4)."""

from __future__ import annotations

import pytest

from tests import site as sites
from tests.web.openid import openid_site, register_itself, relying_party

START = "https://printer.example/start"
LED = f"{START}?iss=https%3A%2F%2Fid.example"


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


def started(page) -> list[str]:
    """Where the links lead that begin a sign-in."""
    return [a["href"] for a in page.html.select("a") if "Sign in to" in " ".join(a.text.split())]


def test_a_client_can_register_initiate_login_uri(site):
    made = register_itself(site, initiate_login_uri=START)
    assert (made.status_int, made.json["initiate_login_uri"]) == (201, START)
    token = made.json["registration_access_token"]
    read = site.get(
        made.json["registration_client_uri"], headers={"Authorization": f"Bearer {token}"}
    )
    assert read.json["initiate_login_uri"] == START


@pytest.mark.parametrize(
    "uri",
    [
        "http://printer.example/start",
        "javascript:alert(1)",
        "data:text/html,x",
        f"{START}#fragment",
        "https://user@printer.example/",
        "https:\\\\printer.example",
        "/start",
        7,
    ],
)
def test_initiate_login_uri_must_be_https(site, uri):
    refused = register_itself(site, initiate_login_uri=uri)
    assert (refused.status_int, refused.json["error"]) == (400, "invalid_client_metadata")
    assert refused.json["error_description"].startswith("initiate_login_uri: ")


def test_initiate_login_uri_may_be_http_on_localhost_in_development(site):
    assert register_itself(site, initiate_login_uri="http://localhost:8000/x").status_int == 201


def test_initiate_login_uri_is_ignored_where_openid_is_off():
    site = sites.standalone(sites.ini("sqlite://", development="true"))
    made = register_itself(site, initiate_login_uri=START)
    assert "initiate_login_uri" not in made.json
    app = site.app(scopes=("profile:read",), initiate_login_uri=START)
    assert started(site.get(f"/clients/{app.client.client_id}/about")) == []
    site.close()


def test_a_visitor_can_start_a_sign_in_from_the_page_of_the_app(site):
    app = relying_party(site, initiate_login_uri=START)
    page = site.get(f"/clients/{app.client.client_id}/about")
    assert started(page) == [LED]
    assert "You will be sent to printer.example" in " ".join(page.html.main.text.split())


def test_the_query_of_initiate_login_uri_is_kept(site):
    app = relying_party(site, initiate_login_uri=f"{START}?a=b&c")
    page = site.get(f"/clients/{app.client.client_id}/about")
    assert started(page) == [f"{START}?a=b&c&iss=https%3A%2F%2Fid.example"]


def test_request_parameters_cannot_change_the_destination(site):
    app = relying_party(site, initiate_login_uri=START)
    query = "iss=https://evil.example&target_link_uri=https://evil.example&initiate_login_uri=x"
    page = site.get(f"/clients/{app.client.client_id}/about?{query}")
    assert started(page) == [LED]
    assert "evil.example" not in page.text


def test_a_person_can_start_a_sign_in_from_the_list_of_apps(site):
    app = relying_party(site, initiate_login_uri=START)
    without = relying_party(site, name="Scanner")
    alice = site.browser().sign_up("alice")
    assert started(alice.get("/")) == []
    alice.connect(app, scope="openid")
    alice.connect(without, scope="openid")
    assert started(alice.get("/")) == [LED]
    [link] = alice.get("/account").html.select(f'a[href="{LED}"]')
    assert " ".join(link.text.split()) == "Sign in at printer.example to Printer"
    assert started(site.get("/")) == []


def test_a_removed_app_offers_no_sign_in(site):
    app = relying_party(site, initiate_login_uri=START)
    alice = site.browser().sign_up("alice")
    alice.connect(app, scope="openid")
    site.registrar.remove(app.client.client_id)
    assert started(alice.get("/")) == []
    assert LED not in alice.get("/account").text


def test_a_machine_has_no_initiate_login_uri(site):
    alice = site.browser().sign_up("alice")
    assert "initiate_login_uri" not in alice.get("/clients/new/machine").form.fields
    form = alice.get("/clients/new/web").form
    form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
    form["initiate_login_uri"] = START
    assert START in alice.follow(form.submit()).text
