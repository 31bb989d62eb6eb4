"""What people see of a client on every page that names one."""

from __future__ import annotations

import dataclasses

import pytest

from oauthprov.records import Client
from oauthprov.storage.interface import Replace
from tests.web.openid import login_page, openid_site, register_itself, relying_party

LINKS = {
    "homepage_uri": "https://printer.example/",
    "policy_uri": "https://printer.example/privacy?x=1&y=2",
    "tos_uri": "http://printer.example/terms",
}
HTML = "<b>\"Printer\"</b> & 'co' ${1 + 1} <script>alert(1)</script>"
ARABIC = "\u0635\u0648\u0631 (\u0635\u0648\u0631) 123"
TRICKS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "https://user:password@printer.example/",
    "https:\\\\printer.example/",
    "//printer.example/",
    "/account",
    "https://",
    "https://[",
)


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


def words(node) -> str:
    return " ".join(node.text.split())


def links(page) -> dict[str, dict[str, str]]:
    """The links among what is shown of the client, by where they lead."""
    return {a["href"]: a.attrs for a in page.html.select(".standing a")}


def about(site, client: Client):
    return site.get(f"/clients/{client.client_id}/about")


def page_that_names(site, app, where: str):
    alice = site.browser().sign_up("alice")
    match where:
        case "login":
            return login_page(site, app.client.client_id)
        case "signup":
            return login_page(site, app.client.client_id).click("Create one")
        case "choose":
            return alice.authorize(app, scope="openid", prompt="select_account")
        case "consent":
            return alice.authorize(app, scope="openid")
        case "account":
            alice.connect(app, scope="openid")
            return alice.get("/account")
    return about(site, app.client)


PLACES = ("login", "signup", "choose", "consent", "account", "about")
EVERYWHERE = pytest.mark.parametrize("where", PLACES)


@EVERYWHERE
def test_the_links_of_an_app_are_on_every_page_about_it(site, where):
    page = page_that_names(site, relying_party(site, **LINKS), where)
    found = links(page)
    assert list(found) == list(LINKS.values())
    for attributes in found.values():
        assert attributes["rel"] == ["noopener", "noreferrer", "nofollow"]
        assert attributes["target"] == "_blank"
    assert "printer.example" in words(page.html.select_one(".standing"))


@EVERYWHERE
def test_the_name_of_an_app_is_escaped(site, where):
    page = page_that_names(site, relying_party(site, name=HTML), where)
    assert HTML in [name.text for name in page.html.select("bdi")]
    assert page.html.main.find("script") is None
    assert "<b>" not in page.text


@EVERYWHERE
def test_a_right_to_left_name_is_isolated(site, where):
    page = page_that_names(site, relying_party(site, name=ARABIC), where)
    assert ARABIC in [name.text for name in page.html.select("bdi")]


@EVERYWHERE
def test_an_app_without_a_logo_shows_its_initial(site, where):
    page = page_that_names(site, relying_party(site, name="(\u00e9tude)"), where)
    assert words(page.html.select_one(".logo")) == "\u00c9"


@pytest.mark.parametrize("member", ["client_uri", "logo_uri", "policy_uri", "tos_uri"])
@pytest.mark.parametrize("uri", TRICKS)
def test_a_link_must_be_a_web_address(site, member, uri):
    refused = register_itself(site, **{member: uri})
    assert (refused.status_int, refused.json["error"]) == (400, "invalid_client_metadata")
    assert refused.json["error_description"].startswith(f"{member}: ")


@pytest.mark.parametrize("uri", TRICKS)
def test_a_stored_link_that_is_no_web_address_is_not_shown(site, uri):
    client = relying_party(site).client
    stored = site.storage.get(Client, client.client_id)
    record = dataclasses.replace(client, **dict.fromkeys((*LINKS, "initiate_login_uri"), uri))
    site.storage.commit(Replace(record, expecting=stored), now=site.clock.now)
    page = about(site, client)
    assert page.status_int == 200
    assert links(page) == {}
    assert page.html.select("#start") == []


def test_a_self_registered_app_is_shown_as_not_verified(site):
    made = register_itself(site).json
    page = login_page(site, made["client_id"])
    assert "Not verified" in page.text
    assert page.html.select_one(".caution").text.startswith("This app registered itself.")
    explained = page.html.select_one("details:has(summary.mark)")
    assert "has not checked who runs this app" in explained.text


def test_an_app_of_a_developer_is_shown_as_not_verified(site):
    page = about(site, relying_party(site).client)
    assert "Not verified" in page.text
    assert "registered itself" not in page.text


@pytest.mark.parametrize("word", ["verified", "first_party"])
def test_an_app_marked_by_the_operator_is_shown_as_verified(site, word):
    page = about(site, relying_party(site, **{word: True}).client)
    assert words(page.html.select_one(".mark")) == "Verified"


@pytest.mark.parametrize("member", ["verified", "first_party"])
def test_an_app_cannot_mark_itself_as_verified(site, member):
    made = register_itself(site, **{member: True}).json
    assert "Not verified" in about(site, Client(made["client_id"], "", "web", 0)).text


def test_a_developer_cannot_mark_an_app_as_verified(site):
    alice = site.browser().sign_up("alice")
    form = alice.get("/clients/new/web").form
    form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
    fields = {**dict(form.submit_fields()), "verified": "on", "first_party": "on"}
    assert alice.page.post(form.action, fields).status_int == 303
    [stored] = site.storage.find(Client).items
    assert not stored.record.verified
    assert not stored.record.first_party


def test_a_developer_can_set_the_links_of_an_app(site):
    alice = site.browser().sign_up("alice")
    form = alice.get("/clients/new/web").form
    form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
    for field, uri in LINKS.items():
        form[field] = uri
    assert list(links(alice.follow(form.submit()))) == list(LINKS.values())
    [stored] = site.storage.find(Client).items
    assert (
        alice.get(f"/clients/{stored.record.client_id}/edit").form["tos_uri"].value
        == (LINKS["tos_uri"])
    )


@pytest.mark.parametrize("client_id", ["nobody", "%ff", "a" * 300, "a.b"])
def test_the_page_of_an_unknown_app_is_an_error(site, client_id):
    assert site.get(f"/clients/{client_id}/about").status_int in (400, 404)


def test_a_machine_has_no_page(site):
    assert about(site, site.app("machine", scopes=()).client).status_int == 404


def test_a_disabled_app_has_no_page(site):
    client = relying_party(site).client
    site.registrar.set_disabled(client.client_id, True)
    assert about(site, client).status_int == 404
