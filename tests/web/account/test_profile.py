"""What people say of themselves, and what apps then know: OpenID Connect Core section 5.1."""

from __future__ import annotations

import pytest

from oauthprov.accounts.profile import FIELDS, WrongProfile, checked
from tests.site import OPENID
from tests.web.openid import openid_site, relying_party

FILLED = {
    "name": "Alice Liddell",
    "given_name": "Alice",
    "middle_name": "Pleasance",
    "family_name": "Liddell",
    "nickname": "Al",
    "profile": "https://alice.example/about",
    "picture": "https://alice.example/me.png",
    "website": "https://alice.example",
    "gender": "female",
    "birthdate": "1852-05-04",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "email": "alice@example.org",
    "phone_number": "+44 1865 270000",
    "street_address": "Tom Quad\nSt Aldate's",
    "postal_code": "OX1 1DP",
    "locality": "Oxford",
    "region": "Oxfordshire",
    "country": "England",
}


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


def save(browser, **fields):
    form = browser.get("/account/profile").form
    for name, value in fields.items():
        form[name] = value
    return form.submit(expect_errors=True)


def test_all_of_it_reaches_an_app(site, alice):
    site.clock.pass_by(60)
    saved = save(alice, **FILLED)
    assert (saved.status_int, saved.location) == (303, f"{site.issuer}/account?done=profile")
    app = relying_party(site)
    scope = "openid profile email address phone"
    said = app.userinfo(app.tokens(alice, scope=scope)["access_token"]).json
    address = said.pop("address")
    assert address == {
        "formatted": "Tom Quad\nSt Aldate's\nOX1 1DP Oxford\nOxfordshire\nEngland",
        "street_address": "Tom Quad\nSt Aldate's",
        "postal_code": "OX1 1DP",
        "locality": "Oxford",
        "region": "Oxfordshire",
        "country": "England",
    }
    theirs = {name: value for name, value in FILLED.items() if name not in address}
    assert said == theirs | {
        "sub": alice.account_id(),
        "preferred_username": "alice",
        "updated_at": site.clock.now,
        "email_verified": False,
        "phone_number_verified": False,
    }


def test_the_form_shows_what_was_saved_and_forgets_what_is_emptied(alice):
    save(alice, **FILLED)
    form = alice.get("/account/profile").form
    assert {name: form[name].value.replace("\r\n", "\n") for name in FILLED} == FILLED
    save(alice, **dict.fromkeys(FILLED, ""))
    form = alice.get("/account/profile").form
    assert {form[name].value for name in FILLED} == {""}


def test_what_is_wrong_is_shown_beside_what_was_written(alice):
    page = save(alice, email="nobody", name="<script>alert(1)</script>")
    assert page.status_int == 422
    assert "This is not an e-mail address." in page
    assert page.form["email"].value == "nobody"
    assert "<script>alert" not in page
    assert alice.get("/account/profile").form["name"].value == ""


def test_who_is_not_signed_in_signs_in_and_comes_back(site):
    site.browser().sign_up("alice")
    browser = site.browser()
    sent = browser.get("/account/profile")
    assert sent.location == f"{site.issuer}/login?page=profile"


def test_only_what_some_app_may_ask_for_is_shown():
    kept = "\n".join(line for line in OPENID.split("\n") if not line.startswith("address"))
    site = openid_site(scopes=kept)
    alice = site.browser().sign_up("alice")
    assert "country" not in alice.get("/account/profile").form.fields
    people = site.wsgi.registry["oauthprov"].people
    people.set_profile(alice.account_id(), FILLED)
    save(alice, name="Al")
    assert people.profile(alice.account_id())["address"]["country"] == "England"
    site.close()


def test_no_page_where_openid_is_off():
    site = openid_site(scopes=OPENID.replace("openid |", "openly |"))
    alice = site.browser().sign_up("alice")
    assert alice.get("/account/profile").status_int == 404
    assert "/account/profile" not in alice.get("/account")
    site.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "a@b@c"),
        ("email", "a b@example.org"),
        ("email", "a@example.org\r\nBcc: x"),
        ("email", "x" * 250 + "@example.org"),
        ("profile", "javascript:alert(1)"),
        ("picture", "data:image/png;base64,x"),
        ("website", "https://user@host.example"),
        ("website", "https://"),
        ("website", "https://[x"),
        ("website", "https://a.exa\tmple/"),
        ("birthdate", "2000-02-30"),
        ("birthdate", "20000101"),
        ("birthdate", "yesterday"),
        ("zoneinfo", "../../etc/passwd"),
        ("locale", "en_GB"),
        ("phone_number", "0123 456"),
        ("name", "x" * 201),
        ("name", "a\u202eb"),
        ("street_address", "a\x00b"),
        ("street_address", "a\n" * 101 + "b"),
    ],
)
def test_what_is_refused(name, value):
    with pytest.raises(WrongProfile) as refused:
        checked({name: value, "gender": "female"}, {})
    assert refused.value.problems.keys() == {name}


@pytest.mark.parametrize("value", ["1852", "0000-02-29", "2000-02-29"])
def test_birthdays(value):
    """A year alone, a day alone, or both."""
    assert checked({"birthdate": value}, {}) == {"birthdate": value}


@pytest.mark.parametrize("name", ["email", "phone_number"])
def test_only_what_stays_as_it_was_stays_verified(name):
    value = {"email": "a@example.org", "phone_number": "+44 1865 270000"}[name]
    before = {name: value, f"{name}_verified": True}
    assert checked({name: value}, before)[f"{name}_verified"] is True
    other = value.replace("a@", "b@").replace("+44", "+45")
    assert checked({name: other}, before)[f"{name}_verified"] is False
    assert checked({}, before) == {}


def test_nothing_else_gets_in():
    fields = {"sub": "admin", "email_verified": "true", "updated_at": "0"}
    assert checked(fields, {}) == {}
    assert {field.name for field in FIELDS} == FILLED.keys()
