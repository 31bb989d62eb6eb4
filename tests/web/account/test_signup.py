"""Sign-up: accepted names and passwords, errors, and who may sign up."""

from __future__ import annotations

import pytest

from oauthprov.records import Account, Login
from tests import site as sites
from tests.site import ISSUER, PASSWORD, Site

GUESSED = (
    "This password is easy to guess: it is a common one, or follows a pattern. "
    "Several unrelated words make a good password."
)
NAMED = "A password can't consist of your user name or the name of this site."


def sign_up(site: Site, name: str, password: str = PASSWORD, **environ):
    form = site.browser().get("/signup").form
    form["name"], form["password"] = name, password
    return form.submit(expect_errors=True, extra_environ=environ)


def test_signing_up_stores_an_account_and_signs_in(site):
    alice = site.browser().sign_up("Alice")
    [stored] = site.storage.walk(Account)
    assert stored.record.name == "Alice"
    assert stored.record.password_hash.startswith("$argon2id$")
    assert not stored.record.developer
    assert "Alice" in alice.get("/account").text


@pytest.mark.parametrize("name", ["alice", "ALICE", "Ａlice", " alice"])  # noqa: RUF001
def test_a_name_is_taken_in_every_spelling(site, alice, name):
    page = sign_up(site, name)
    assert page.status_int == 409
    assert page.html.find(id="problem").text == "This user name is taken."
    assert len(list(site.storage.walk(Account))) == 1


@pytest.mark.parametrize(
    ("name", "password", "field", "says"),
    [
        ("", PASSWORD, "name", "A user name has 1 to 64 characters."),
        ("   ", PASSWORD, "name", "A user name has 1 to 64 characters."),
        ("x" * 65, PASSWORD, "name", "A user name has 1 to 64 characters."),
        ("a\u202eb", PASSWORD, "name", "A user name can't have invisible characters."),
        ("a\nb", PASSWORD, "name", "A user name can't have invisible characters."),
        ("bob", "1234567", "password", "A password needs 15 characters or more."),
        ("bob", "x" * 1025, "password", "A password has at most 1024 characters."),
        ("bob", "passwordpassword", "password", GUESSED),
        ("bob", "Bob 12345 67890 12", "password", NAMED),
        ("bob", "oauthprov-oauthprov", "password", NAMED),
    ],
)
def test_an_unusable_name_or_password_is_reported_at_its_field(site, name, password, field, says):
    page = sign_up(site, name, password)
    assert page.status_int == 422
    assert page.html.find(id="problem").text == says
    assert "problem" in page.html.find(id=field)["aria-describedby"]
    assert list(site.storage.walk(Login)) == []


def test_names_and_passwords_of_every_script_work(site):
    name, password = "Zoë 李 🦉", "пароль и 密码 🔑🔑🔑"
    form = site.browser().get("/signup").form
    form["name"], form["password"] = name, password
    assert form.submit().status_int == 303
    back = site.browser()
    form = back.get("/login").form
    form["name"], form["password"] = name, password
    form.submit()
    assert name in back.get("/account").text


def test_a_name_is_text_and_never_markup(site):
    browser = site.browser().sign_up("<script>alert(1)</script>")
    for path in ("/", "/account", "/logout", "/account/password"):
        assert "<script>" not in browser.get(path).text


def test_a_password_may_be_as_long_as_a_form_allows(site):
    password = "".join(chr(0x1F300 + number * 7919 % 256) for number in range(1024))
    assert sign_up(site, "bob", password).status_int == 303


def test_accounts_from_one_address_are_slowed():
    limit = {"signup.limit_address": "2 per hour"}
    made = sites.standalone(sites.ini("sqlite://", development="true", **limit))
    statuses = [sign_up(made, f"bob{n}", REMOTE_ADDR="192.0.2.1").status_int for n in range(3)]
    assert statuses == [303, 303, 429]
    assert sign_up(made, "bob9", REMOTE_ADDR="192.0.2.2").status_int == 303
    made.close()


def test_where_sign_up_is_off_there_is_no_page():
    made = sites.standalone(sites.ini("sqlite://", development="true", signup="off"))
    assert made.get("/signup").status_int == 404
    assert made.post("/signup", {}).status_int == 404
    for path in ("/", "/login"):
        assert "signup" not in made.get(path).text
    made.close()


def test_signing_up_continues_the_stored_request(site):
    browser = site.browser()
    login = browser.authorize(site.app(name="Printer"))
    assert "to continue to" in login.text
    page = browser.get(login.html.find("a", string="Create one")["href"])
    assert "Printer" in page.html.find(class_="lead").text
    page.form["name"], page.form["password"] = "alice", PASSWORD
    consent = browser.follow(page.form.submit())
    assert "Printer asks for access" in " ".join(consent.html.h1.text.split())


def test_a_signed_in_person_gets_no_sign_up_page(site, alice):
    assert alice.get("/signup").location == f"{ISSUER}/"
