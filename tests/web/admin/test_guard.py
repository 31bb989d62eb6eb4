"""Who may open the admin pages, and what a form there takes."""

from __future__ import annotations

import pytest
from pyramid.interfaces import IRoutesMapper

from oauthprov.accounts.roles import set_admin
from oauthprov.events.trail import of_request
from oauthprov.records import Client
from oauthprov.web.signed_in import RECENT
from tests.site import ISSUER, PASSWORD
from tests.web.admin.conftest import account, forge, id_of, press
from tests.web.factors.conftest import answer, shown_code, weaken

PATHS = (
    "",
    "/people",
    "/people/{account}",
    "/people/{account}/remove",
    "/clients",
    "/clients/{client}",
    "/clients/{client}/remove",
    "/client-hosts",
    "/registration-tokens",
    "/keys",
    "/health",
    "/audit",
)
POSTS = (
    ("/people/{account}", {"action": "disable"}),
    ("/people/{account}", {"action": "sign_out"}),
    ("/people/{account}/remove", {"name": "bob"}),
    ("/clients/{client}", {"action": "disable"}),
    ("/clients/{client}/remove", {"name": "Printer"}),
    ("/client-hosts", {"action": "disable", "host": "app.example"}),
    ("/registration-tokens", {"action": "create", "days": "1"}),
    ("/keys", {"alg": "RS256"}),
)


@pytest.fixture
def paths(site, bob_id):
    """Makes the address of an admin page, for bob and for a client."""
    client_id = site.app().client.client_id
    return lambda path: "/admin" + path.format(account=bob_id, client=client_id)


def nothing_changed(site, bob_id) -> bool:
    [client] = site.storage.find(Client).items
    bob = account(site, bob_id)
    return not bob.closed and bob.epoch == 0 and client.record.disabled_at is None


def test_the_tests_here_visit_every_page(site):
    names = {"{account_id}": "{account}", "{client_id}": "{client}"}
    routes = [route.pattern for route in site.wsgi.registry.getUtility(IRoutesMapper).get_routes()]
    ours = [pattern.removeprefix("/admin") for pattern in routes if pattern.startswith("/admin")]
    for theirs, our in names.items():
        ours = [path.replace(theirs, our) for path in ours]
    assert sorted(ours) == sorted(PATHS)


def test_an_admin_opens_every_page_and_nothing_is_kept_in_a_cache(alice, paths):
    for path in PATHS:
        page = alice.get(paths(path))
        assert page.status_int == 200, path
        assert page.headers["Cache-Control"] == "no-store"


def test_a_stranger_is_sent_to_sign_in_and_comes_back_to_the_very_page(site, owner, paths):
    for path in PATHS:
        sent = site.browser().get(paths(path))
        assert sent.status_int == 302
        assert sent.location.startswith(ISSUER + "/login?page=admin")
    there = paths("/people/{account}")
    browser = site.browser()
    query = "?" + browser.get(there).location.partition("?")[2]
    _, page = owner.password(browser, query)
    assert browser.follow(answer(page, owner.code())).request.path == there


@pytest.mark.parametrize("path", ["https:%2F%2Fevil.example", "..%2Flogin", "a%2F%2Fb", "a%0Ab"])
def test_the_sign_in_leads_to_admin_pages_only(site, owner, path):
    browser, page = owner.password(site.browser(), f"?page=admin&at={path}")
    assert browser.follow(answer(page, owner.code())).request.url == ISSUER + "/admin"


def test_without_the_role_every_page_and_every_form_is_refused(site, bob, bob_id, paths):
    for path in PATHS:
        page = bob.get(paths(path))
        assert page.status_int == 403, path
        assert "Only admins" in page.text
    token = bob.get("/account").forms[0]["csrf_token"].value
    for path, fields in POSTS:
        sent = bob.page.post(
            site.url(paths(path)), {"csrf_token": token, **fields}, expect_errors=True
        )
        assert sent.status_int == 403, path
    assert nothing_changed(site, bob_id)


def test_who_opens_the_pages_without_the_role_is_in_the_audit(site, bob, bob_id):
    answer = bob.get("/admin/people")
    [entry] = noted_in(site, answer)
    assert (entry.event, entry.account_id) == ("request.refused", bob_id)
    assert "admin role" in entry.details


def test_a_refused_form_is_explained(site, alice, bob_id, paths):
    path, fields = POSTS[0]
    answer = alice.page.post(site.url(paths(path)), fields, expect_errors=True)
    [entry] = noted_in(site, answer)
    assert entry.event == "request.refused"
    assert "the browser refuses cookies" in entry.details


def test_an_address_that_is_none_is_not_in_the_audit(site, alice):
    assert not noted_in(site, alice.get("/admin/people/nobody"))


def noted_in(site, answer):
    """What the audit says about the request of this answer."""
    site.wsgi.registry["oauthprov"].events.recorder.join(60)
    return of_request(site.storage, answer.headers["X-Request-Id"])


def test_only_admins_see_a_link_to_the_pages(alice, bob):
    assert alice.get("/account").html.find("a", href=ISSUER + "/admin")
    assert not bob.get("/account").html.find("a", href=ISSUER + "/admin")


def test_a_form_without_its_token_changes_nothing(site, alice, bob_id, paths):
    for path, fields in POSTS:
        for token in ({}, {"csrf_token": "wrong"}):
            sent = alice.page.post(site.url(paths(path)), fields | token, expect_errors=True)
            assert sent.status_int == 403, path
    assert nothing_changed(site, bob_id)


def test_a_form_from_another_site_changes_nothing(site, alice, bob_id, paths):
    token = alice.get("/admin/registration-tokens").forms[0]["csrf_token"].value
    for path, fields in POSTS:
        sent = alice.page.post(
            site.url(paths(path)),
            {"csrf_token": token, **fields},
            headers={"Origin": "https://evil.example"},
            expect_errors=True,
        )
        assert sent.status_int == 403, path
    assert nothing_changed(site, bob_id)


def test_a_role_that_was_taken_ends_at_once(site, alice, owner):
    set_admin(site.storage, owner.account_id, False, site.clock())
    assert alice.get("/admin/people").status_int == 403


def test_a_form_long_after_the_sign_in_asks_to_sign_in_again(site, alice, owner, bob_id, paths):
    page = alice.get(paths("/people/{account}"))
    site.clock.pass_by(RECENT)
    sent = press(page, "disable")
    assert sent.status_int == 303
    assert nothing_changed(site, bob_id)
    assert alice.get(paths("/people/{account}")).status_int == 200  # reading goes on
    login = alice.get(sent.location)
    assert "to administer this server" in login.text
    login.forms[0]["password"] = PASSWORD
    step = alice.follow(login.forms[0].submit())
    back = alice.follow(answer(step, owner.code()))
    assert back.request.path == paths("/people/{account}")
    assert press(back, "disable").status_int == 303
    assert account(site, bob_id).disabled_at is not None


def test_every_form_wants_a_recent_sign_in(site, alice, bob_id, paths):
    token = alice.get("/admin/registration-tokens").forms[0]["csrf_token"].value
    site.clock.pass_by(RECENT)
    for path, fields in POSTS:
        sent = alice.page.post(site.url(paths(path)), {"csrf_token": token, **fields})
        assert sent.location.startswith(ISSUER + "/login?page=admin"), path
    assert nothing_changed(site, bob_id)


def test_an_admin_without_a_second_factor_sets_one_up_first(site):
    browser = site.browser().sign_up("alice")
    set_admin(site.storage, id_of(site, "alice"), True, site.clock())
    sent = browser.get("/admin/people")
    assert sent.status_int == 302
    login = browser.follow(sent)
    login.forms[0]["password"] = PASSWORD
    setup = browser.follow(login.forms[0].submit())
    assert setup.request.path == "/login/factor/setup"
    codes = answer(setup, shown_code(site, setup))
    assert codes.click("I have kept them").request.path == "/admin/people"


def test_an_older_session_does_not_do_once_there_is_a_factor(site, owner):
    browser = owner.sign_in()
    weaken(site)
    assert browser.get("/account").status_int == 200
    assert browser.get("/admin").location == ISSUER + "/login?page=admin"


def test_two_admins_who_do_the_same_both_get_an_answer(alice, owner, paths):
    other = owner.sign_in()
    pages = [browser.get(paths("/people/{account}")) for browser in (alice, other)]
    assert [press(page, "disable").status_int for page in pages] == [303, 303]
    pages = [browser.get(paths("/clients/{client}")) for browser in (alice, other)]
    assert press(pages[0], "verify").status_int == 303
    refused = press(pages[1], "first_party")
    assert refused.status_int == 409
    assert "Somebody changed this client" in refused.text
    pages = [browser.get(paths("/clients/{client}/remove")) for browser in (alice, other)]
    for page, status in zip(pages, (303, 404), strict=True):
        page.form["name"] = "Printer"
        assert page.form.submit(expect_errors=True).status_int == status


def test_a_change_between_an_admin_s_read_and_write_is_not_overwritten(site, alice, bob_id, paths):
    people = site.wsgi.registry["oauthprov"].people
    registrar = site.wsgi.registry["oauthprov"].provider.registrar
    page = alice.get(paths("/people/{account}"))
    site.storage.meanwhile.append(lambda: people.set_developer(bob_id, True))
    assert press(page, "disable").status_int == 303
    bob = account(site, bob_id)
    assert (bob.disabled_at is not None, bob.developer) == (True, True)
    page = alice.get(paths("/clients/{client}"))
    [client] = site.storage.find(Client).items
    client_id = client.record.client_id
    site.storage.meanwhile.append(lambda: registrar.edit(client_id, name="Scanner"))
    assert press(page, "disable").status_int == 409
    [client] = site.storage.find(Client).items
    assert (client.record.name, client.record.disabled_at) == ("Scanner", None)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/people/nobody", {"action": "disable"}, 404),
        ("/people/nobody", {"action": "enable"}, 404),
        ("/people/nobody", {"action": "sign_out"}, 404),
        ("/people/nobody", {"action": "end_session", "session": "x"}, 404),
        ("/people/nobody", {"action": "reset_factors"}, 404),
        ("/people/nobody", {"action": "withdraw", "client": "x"}, 404),
        ("/people/nobody", {"action": "revoke", "grant": "x"}, 404),
        ("/people/nobody", {"action": "keep"}, 404),
        ("/people/nobody/remove", {"name": "x"}, 404),
        ("/people/{account}", {"action": "withdraw", "client": "{client}"}, 404),
        ("/people/{account}", {"action": "withdraw", "client": "\u2028" * 300}, 404),
        ("/people/{account}", {"action": "withdraw"}, 404),
        ("/people/{account}", {"action": "revoke", "grant": "\u202e"}, 404),
        ("/people/{account}", {"action": "revoke"}, 404),
        ("/people/{account}", {"action": "keep"}, 404),
        ("/people/{account}", {"action": "explode"}, 400),
        ("/people/{account}", {}, 400),
        ("/clients/nobody", {"action": "verify"}, 404),
        ("/clients/{client}", {"action": "verify", "edition": "another"}, 409),
        ("/clients/{client}", {"action": "withdraw", "account": "nobody"}, 404),
        ("/clients/{client}", {"action": "explode"}, 400),
        ("/clients/nobody/remove", {"name": "x"}, 404),
        ("/registration-tokens", {"action": "revoke", "token": "nobody"}, 404),
        ("/registration-tokens", {"action": "explode"}, 400),
        ("/client-hosts", {"action": "explode"}, 400),
        ("/client-hosts", {"action": "enable", "host": "nobody.example"}, 404),
        ("/client-hosts", {"action": "disable", "host": "https://app.example/"}, 422),
        ("/client-hosts", {"action": "disable"}, 422),
        ("/keys", {"alg": "none"}, 400),
        ("/keys", {}, 400),
    ],
)
def test_what_a_form_names_is_looked_up(site, alice, bob_id, paths, path, fields, status):
    client_id = paths("{client}").removeprefix("/admin")
    fields = {name: value.replace("{client}", client_id) for name, value in fields.items()}
    assert forge(alice, paths(path), **fields).status_int == status
    assert nothing_changed(site, bob_id)


@pytest.mark.parametrize(
    "path",
    [
        "/people/nobody",
        "/people/nobody/remove",
        "/people?after=x",
        "/people/{account}?sessions=x",
        "/people/{account}?apps=x",
        "/people/{account}?grants=x",
        "/people/%E2%80%AE",
        "/clients?after=x",
        "/clients/nobody",
        "/clients/nobody/remove",
        "/clients/{client}?users=x",
        "/registration-tokens?after=x",
    ],
)
def test_pages_that_do_not_exist_are_not_found(alice, paths, path):
    assert alice.get(paths(path)).status_int == 404


@pytest.mark.parametrize("text", ["\u202e\n\u200b", "x" * 5000, "%", "'", '"><script>', "."])
def test_any_text_can_be_searched_for(alice, text):
    for path in ("/admin/people", "/admin/clients"):
        page = alice.get(path, params={"q": text})
        assert page.status_int == 200
        assert "<script>" not in page.text
