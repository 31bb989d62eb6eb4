"""The developer console: registering, showing, editing, rotating and removing clients."""

import re
from dataclasses import replace

import pytest

from bench import filling
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.records import Account, Client
from oauthprov.storage.interface import Replace
from tests import site as sites
from tests.site import App

HTTPS = "https://printer.example/callback"


@pytest.fixture
def with_console():
    """Makes sites whose ``oauthprov.console`` a test chooses."""
    made = []

    def make(console, **more):
        settings = sites.ini("sqlite://", development="true", console=console, **more)
        made.append(sites.standalone(settings))
        return made[-1]

    yield make
    for site in made:
        site.close()


def register(browser, kind="web", **fields):
    """Fill in the form for a client of a type; return the page that follows."""
    form = browser.get(f"/clients/new/{kind}").form
    redirects = CLIENT_TYPES[kind].redirects
    given = {"name": "Printer"} | ({"redirect_uris": HTTPS} if redirects else {})
    for name, value in (given | fields).items():
        form[name] = value
    return browser.follow(form.submit(expect_errors=True))


def registered(site):
    """The one client there is."""
    [stored] = site.storage.find(Client).items
    return stored.record


def secret_on(page):
    found = re.findall(r"ops_[A-Za-z0-9_-]{43}", page.text)
    assert found, "no secret on the page"
    assert len(set(found)) == 1
    return found[0]


def press(page, action):
    return page.form.submit("action", value=action, expect_errors=True)


def rotate(browser, page):
    """Rotate the secret on a client's page; return the page that follows."""
    return browser.follow(press(page, "rotate"))


def works(site, secret):
    """Whether the token endpoint accepts this secret of the client."""
    client = registered(site)
    answer = App(site, client, secret).post("token", {"grant_type": "client_credentials"})
    assert answer.json.get("error") in (None, "invalid_client", "unauthorized_client")
    return answer.json.get("error") != "invalid_client"


def test_a_stranger_is_sent_to_sign_in_and_back(site, alice):
    stranger = site.browser()
    answer = stranger.get("/clients")
    assert answer.status_int == 302
    login = stranger.get(answer.location)
    login.form["name"], login.form["password"] = "alice", sites.PASSWORD
    assert stranger.follow(login.form.submit()).request.path == "/clients"


def test_the_chooser_says_what_each_type_is_for(alice):
    page = alice.get("/clients").click("Register a client")
    for words in ("can keep a secret", "JavaScript in the browser", "own phone", "acts as itself"):
        assert words in page.text
    assert page.click("Machine to machine").form.action.endswith("/clients/new/machine")


def test_an_api_is_registered_without_redirect_uris_and_scopes(site, alice):
    page = alice.get("/clients/new/api")
    fields = set(page.form.fields)
    assert {"name", "auth_method"} <= fields
    assert not {name for name in fields if name and name.startswith(("redirect", "scope."))}
    shown = register(alice, "api")
    assert "only the tokens of your own clients" in shown.text
    assert "-d token=... https://id.example/oauth/introspect" in shown.text
    client_id = registered(site).client_id
    site.registrar.edit(client_id, introspects=["https://photos.example/"])
    assert "https://photos.example/" in alice.get(f"/clients/{client_id}").text
    form = alice.get(f"/clients/{client_id}/edit").form
    form["name"] = "Photos"
    assert form.submit().status_int == 303
    assert registered(site).introspects == ("https://photos.example/",)


@pytest.mark.parametrize("kind", ["web", "machine"])
def test_a_secret_is_shown_once_and_works(site, alice, kind):
    page = register(alice, kind)
    assert page.status_int == 200
    assert page.headers["Cache-Control"] == "no-store"
    secret = secret_on(page)
    assert works(site, secret)
    again = alice.get(f"/clients/{registered(site).client_id}")
    assert "ops_" not in again.text
    assert secret not in repr(alice.page.cookies)
    assert secret not in repr(registered(site))


@pytest.mark.parametrize(("kind", "shown"), [("machine", "all of its scopes"), ("web", "none")])
def test_a_client_without_default_scopes_shows_what_that_means(site, alice, kind, shown):
    app = site.app(kind, owner=alice.account_id(), default_scopes=())
    page = alice.get(f"/clients/{app.client.client_id}")
    label = page.html.find("dt", string="Default scopes")
    assert label.find_next_sibling("dd").get_text(strip=True) == shown


@pytest.mark.parametrize("kind", ["web", "machine", "api"])
def test_a_secret_may_be_sent_by_either_method_unless_one_is_chosen(site, alice, kind):
    register(alice, kind)
    assert registered(site).auth_method == "client_secret"
    form = alice.get(f"/clients/{registered(site).client_id}/edit").form
    assert form["auth_method"].value == "client_secret"


def test_a_client_that_may_omit_pkce_is_shown_as_less_safe():
    settings = {"scopes": sites.OPENID, "development": "true"}
    site = sites.standalone(sites.ini("sqlite://", **settings))
    alice = site.browser().sign_up("alice")
    app = site.app(owner=alice.account_id(), scopes=("openid",))
    page = f"/clients/{app.client.client_id}"
    assert "less safe" not in alice.get(page).text
    site.registrar.edit(app.client.client_id, pkce="optional")
    assert "less safe" in alice.get(page).text
    site.close()


@pytest.mark.parametrize("kind", ["browser", "native"])
def test_a_public_client_has_no_secret(site, alice, kind):
    page = register(alice, kind)
    assert page.status_int == 200
    assert "ops_" not in page.text
    assert "Make a new secret" not in page.text
    assert registered(site).auth_method == "none"


def test_entered_values_are_registered(site, alice):
    page = alice.get("/clients/new/web")
    page.form["name"] = "  Alice's printer "
    page.form["redirect_uris"] = f"{HTTPS}\r\n\r\n http://127.0.0.1:8000/callback\r\n{HTTPS}"
    page.form["homepage_uri"] = "https://printer.example/"
    page.form["scope.photos:read"] = True
    page.form["auth_method"] = "client_secret_post"
    page.form.submit()
    client = registered(site)
    assert client.name == "Alice's printer"
    assert client.redirect_uris == (HTTPS, "http://127.0.0.1:8000/callback")
    assert client.homepage_uri == "https://printer.example/"
    assert client.scopes == ("profile:read", "photos:read")
    assert client.default_scopes == ("profile:read",)
    assert client.auth_method == "client_secret_post"
    assert client.owner == alice.account_id()
    assert not client.first_party


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 101),
        ("redirect_uris", ""),
        ("redirect_uris", "javascript:alert(1)"),
        ("redirect_uris", f"{HTTPS}\nhttp://printer.example/"),
        ("redirect_uris", f"{HTTPS}?state=1"),
        ("homepage_uri", "javascript:alert(1)"),
        ("homepage_uri", "https://alice:secret@printer.example/"),
        ("default.photos:write", True),
        ("scope.profile:read", False),
    ],
)
def test_an_error_is_shown_beside_its_field_and_no_input_is_lost(site, alice, field, value):
    entered = {"name": "Printer", "homepage_uri": "https://printer.example/", field: value}
    page = register(alice, **entered)
    assert page.status_int == 422
    assert page.html.find(attrs={"role": "alert"})
    assert page.html.find(class_="wrong").text.strip()
    assert page.form["name"].value.strip() == entered["name"].strip()
    assert page.form["homepage_uri"].value == entered["homepage_uri"]
    assert site.storage.find(Client).items == ()


def test_unknown_fields_and_types_change_nothing(site, alice):
    page = alice.get("/clients/new/web")
    fields = dict(page.form.submit_fields()) | {"name": "Printer", "redirect_uris": HTTPS}
    fields |= {"first_party": "on", "owner": "bob", "client_type": "native", "type": "native"}
    assert alice.page.post(page.form.action, fields).status_int == 303
    client = registered(site)
    assert (client.client_type, client.first_party) == ("web", False)
    assert client.owner == alice.account_id()
    assert alice.get("/clients/new/daemon").status_int == 404


def test_a_form_without_its_token_registers_nothing(site, alice):
    fields = {"name": "Printer", "redirect_uris": HTTPS, "scope.profile:read": "on"}
    url = site.url("/clients/new/web")
    assert alice.page.post(url, fields, expect_errors=True).status_int == 403
    assert site.storage.find(Client).items == ()


def test_editing_is_in_force_at_once(site, alice):
    app = App(site, registered_by(site, alice), None)
    assert alice.authorize(app).status_int == 200
    form = alice.get(f"/clients/{app.client.client_id}/edit").form
    form["name"], form["redirect_uris"] = "Scanner", "https://scanner.example/"
    assert form.submit().status_int == 303
    assert alice.authorize(app).status_int == 400
    moved = App(site, registered(site), None)
    assert "Scanner" in alice.authorize(moved).text


def test_a_redirect_uri_that_could_not_be_registered_today_keeps_no_form_from_being_sent(
    site, alice
):
    old = (f"{HTTPS}?state=1",)
    client = replace(registered_by(site, alice), redirect_uris=old)
    [stored] = site.storage.find(Client).items
    site.storage.commit(Replace(client, expecting=stored), now=client.created_at)
    form = alice.get(f"/clients/{client.client_id}/edit").form
    form["name"] = "Scanner"
    assert form.submit().status_int == 303
    assert (registered(site).name, registered(site).redirect_uris) == ("Scanner", old)


def registered_by(site, browser, kind="web"):
    register(browser, kind)
    return registered(site)


def test_an_edit_overtaken_by_another_is_shown_and_not_lost(site, alice):
    client = registered_by(site, alice)
    mine = alice.get(f"/clients/{client.client_id}/edit")
    theirs = alice.get(f"/clients/{client.client_id}/edit")
    theirs.form["name"] = "Scanner"
    theirs.form.submit()
    mine.form["name"] = "Copier"
    answer = mine.form.submit(expect_errors=True)
    assert answer.status_int == 409
    assert registered(site).name == "Scanner"
    assert answer.form["name"].value == "Copier"
    assert answer.form.submit().status_int == 303
    assert registered(site).name == "Copier"


def test_two_secrets_work_during_a_rotation(site, alice):
    first = secret_on(register(alice, "machine"))
    address = f"/clients/{registered(site).client_id}"
    page = rotate(alice, alice.get(address))
    second = secret_on(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert works(site, first)
    assert works(site, second)
    assert press(alice.get(address), "retire").status_int == 303
    assert not works(site, first)
    assert works(site, second)


def test_a_second_rotation_ends_the_oldest_secret(site, alice):
    first = secret_on(register(alice, "machine"))
    second = secret_on(rotate(alice, alice.get(f"/clients/{registered(site).client_id}")))
    third = secret_on(rotate(alice, alice.get(f"/clients/{registered(site).client_id}")))
    assert [works(site, secret) for secret in (first, second, third)] == [False, True, True]


def test_a_second_rotation_from_an_outdated_page_is_refused(site, alice):
    first = secret_on(register(alice, "machine"))
    page = alice.get(f"/clients/{registered(site).client_id}")
    press(page, "rotate")
    assert press(page, "rotate").status_int == 409
    assert works(site, first)


def test_a_public_client_gets_no_secret_by_a_forged_form(site, alice):
    client = registered_by(site, alice, "native")
    token = alice.get("/clients/new/web").form["csrf_token"].value
    fields = {"csrf_token": token, "action": "rotate", "edition": "1"}
    answer = alice.page.post(site.url(f"/clients/{client.client_id}"), fields, expect_errors=True)
    assert answer.status_int in (400, 409)
    assert registered(site).secrets == ()


def test_removal_asks_for_the_name_and_kills_tokens(site, alice):
    secret = secret_on(register(alice))
    app = App(site, registered(site), secret)
    tokens = app.tokens(alice)
    assert app.me(tokens["access_token"]).status_int == 200
    page = alice.get(f"/clients/{app.client.client_id}/remove")
    page.form["name"] = "Scanner"
    assert page.form.submit(expect_errors=True).status_int == 422
    page.form["name"] = "Printer"
    answer = alice.follow(page.form.submit())
    assert "The client was removed" in answer.text
    assert app.me(tokens["access_token"]).status_int == 401
    assert app.refresh(tokens["refresh_token"]).status_int == 401


@pytest.mark.parametrize("below", ["", "/edit", "/remove"])
def test_a_developer_cannot_see_or_change_another_s_client(site, alice, below):
    client = registered_by(site, alice)
    bob = site.browser().sign_up("bob")
    token = bob.get("/clients/new/web").form["csrf_token"].value
    fields = {"csrf_token": token, "name": "Printer", "action": "rotate", "edition": "1"}
    address = site.url(f"/clients/{client.client_id}{below}")
    assert bob.get(address).status_int == 404
    assert bob.page.post(address, fields, expect_errors=True).status_int == 404
    assert "Printer" not in bob.get("/clients").text
    assert registered(site) == client


@pytest.mark.parametrize("client_id", ["nobody", "a.b", "%C3%A9", "%00", "x" * 300])
def test_an_odd_client_id_is_not_found(alice, client_id):
    for below in ("", "/edit", "/remove"):
        assert alice.get(f"/clients/{client_id}{below}").status_int == 404


def test_a_long_list_has_pages(site, alice):
    owner = alice.account_id()
    names = {f"Printer {number}" for number in range(60)}
    for name in sorted(names):
        site.app(name=name, owner=owner)
    first = alice.get("/clients")
    second = first.click("More clients")
    shown = [set(re.findall(r">(Printer \d+)<", page.text)) for page in (first, second)]
    assert shown[0].isdisjoint(shown[1])
    assert shown[0] | shown[1] == names
    assert alice.get("/clients?after=nonsense").status_int == 404


def test_a_cursor_of_another_developer_shows_only_the_own_clients(site, alice):
    now, account_id = site.clock(), alice.account_id()
    filling.fill(site.storage, filling.clients(range(60), now, account_id), now)
    link = alice.get("/clients").html.find("a", string="More clients")["href"]
    bob = site.browser().sign_up("bob")
    register(bob, name="Scanner")
    shown = bob.get(link)
    assert shown.status_int == 200
    assert "Client " not in shown.html.main.text


def test_a_search_reads_twenty_pages_and_goes_on_where_it_ended(site, alice):
    now, account_id = site.clock(), alice.account_id()
    filling.fill(site.storage, filling.clients(range(1020), now, account_id), now)
    pages = []
    trips = site.storage.trips(lambda: pages.append(alice.get("/clients?q=nothing-has-this")))
    assert trips == (21, 0)  # the session, and twenty pages of fifty
    assert "None found so far." in pages[0].text
    assert "No client of yours" in pages[0].click("More clients").text


def test_client_names_are_escaped(site, alice):
    register(alice, name="<b>Printer</b>")
    for page in ("", f"/{registered(site).client_id}", f"/{registered(site).client_id}/remove"):
        assert "<b>Printer" not in alice.get(f"/clients{page}").text


def test_only_developers_come_in_when_the_console_is_for_them(with_console):
    site = with_console("developers")
    alice = site.browser().sign_up("alice")
    closed = alice.get("/clients")
    assert closed.status_int == 403
    assert "Only developers can register clients" in closed.text
    assert alice.get("/clients/new/web").status_int == 403
    assert "/clients" not in alice.get("/").text
    people = site.wsgi.registry["oauthprov"].people
    people.set_developer(alice.account_id(), True)
    assert alice.get("/clients").status_int == 200
    assert "/clients" in alice.get("/").text


def test_a_console_that_is_off_has_no_address(with_console):
    site = with_console("off")
    alice = site.browser().sign_up("alice")
    assert alice.get("/clients").status_int == 404
    assert alice.get("/clients/new/web").status_int == 404
    assert alice.get("/").status_int == 200
    assert site.storage.find(Account).items


def test_a_disabled_client_is_marked_as_disabled(site, alice):
    client = registered_by(site, alice)
    site.registrar.set_disabled(client.client_id, True)
    page = alice.get(f"/clients/{client.client_id}")
    assert "has disabled this client" in page.text
    form = alice.get(f"/clients/{client.client_id}/edit").form
    form["name"] = "Scanner"
    form.submit()
    assert registered(site).disabled_at is not None


def test_the_number_of_clients_of_an_account_is_limited(with_console):
    site = with_console("everyone", **{"console.limit_account": "2 per hour"})
    alice, bob = site.browser().sign_up("alice"), site.browser().sign_up("bob")
    assert [register(alice).status_int for _ in range(2)] == [200, 200]
    refused = register(alice, name="Third")
    assert refused.status_int == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many attempts" in refused.text
    assert refused.form["name"].value == "Third"
    assert len(site.storage.find(Client).items) == 2
    assert register(bob).status_int == 200
