"""The profile, and the claims that apps get from it: OpenID Connect Core section 5.1."""

from __future__ import annotations

import pytest

from oauthprov.accounts.profile import FIELDS, LANGUAGES, WrongProfile, checked, zones
from tests.done import in_words
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


def test_every_member_of_a_profile_reaches_an_app(site, alice):
    site.clock.pass_by(60)
    set_email(alice, "alice@example.org")
    saved = save(alice, **FILLED)
    assert saved.status_int == 303
    assert in_words(saved.location) == f"{site.issuer}/account?done=profile"
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
        "email": "alice@example.org",
        "email_verified": False,
        "phone_number_verified": False,
    }


def set_email(browser, email):
    form = browser.get("/account/email/new").form
    form["email"] = email
    return form.submit(expect_errors=True)


def test_the_form_shows_saved_values_and_removes_emptied_ones(alice):
    save(alice, **FILLED)
    form = alice.get("/account/profile").form
    assert {name: form[name].value.replace("\r\n", "\n") for name in FILLED} == FILLED
    save(alice, **dict.fromkeys(FILLED, ""))
    form = alice.get("/account/profile").form
    assert {form[name].value for name in FILLED} == {""}


def test_a_profile_saved_while_the_address_changes_leaves_the_new_address(
    site, alice, monkeypatch
):
    people = site.wsgi.registry["oauthprov"].people
    people.set_email(alice.account_id(), "alice@example.org")
    set_profile = people.set_profile

    def after_a_change_of_the_address(account_id, fields):
        people.set_email(account_id, "alice@example.com")
        set_profile(account_id, fields)

    monkeypatch.setattr(people, "set_profile", after_a_change_of_the_address)
    assert save(alice, nickname="Al").status_int == 303
    claims = people.profile(alice.account_id())
    assert (claims["nickname"], claims["email"]) == ("Al", "alice@example.com")


def test_errors_are_shown_beside_the_entered_values(alice):
    page = save(alice, website="nobody", name="<script>alert(1)</script>")
    assert page.status_int == 422
    assert "Give an address that begins with https:// or http://." in page
    assert page.form["website"].value == "nobody"
    assert "<script>alert" not in page
    assert alice.get("/account/profile").form["name"].value == ""


def test_a_visitor_signs_in_and_returns_to_the_profile(site):
    site.browser().sign_up("alice")
    browser = site.browser()
    sent = browser.get("/account/profile")
    assert sent.location == f"{site.issuer}/login?page=profile"


def test_only_members_that_an_app_can_request_are_shown():
    kept = "\n".join(line for line in OPENID.split("\n") if not line.startswith("address"))
    site = openid_site(scopes=kept)
    alice = site.browser().sign_up("alice")
    assert "country" not in alice.get("/account/profile").form.fields
    people = site.wsgi.registry["oauthprov"].people
    people.set_profile(alice.account_id(), FILLED)
    save(alice, name="Al")
    assert people.profile(alice.account_id())["address"]["country"] == "England"
    site.close()


def test_without_openid_there_is_no_profile_page():
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
def test_an_invalid_member_is_refused_by_name(name, value):
    with pytest.raises(WrongProfile) as refused:
        checked({name: value, "gender": "female"}, {})
    assert refused.value.problems.keys() == {name}


@pytest.mark.parametrize("value", ["1852", "0000-02-29", "2000-02-29"])
def test_a_birthdate_may_be_a_year_a_day_or_both(value):
    """A year alone, a day alone, or both."""
    assert checked({"birthdate": value}, {}) == {"birthdate": value}


@pytest.mark.parametrize("name", ["email", "phone_number"])
def test_a_changed_address_or_number_is_no_longer_verified(name):
    value = {"email": "a@example.org", "phone_number": "+44 1865 270000"}[name]
    before = {name: value, f"{name}_verified": True}
    assert checked({name: value}, before)[f"{name}_verified"] is True
    other = value.replace("a@", "b@").replace("+44", "+45")
    assert checked({name: other}, before)[f"{name}_verified"] is False
    assert checked({}, before) == {}


def test_unknown_form_fields_are_not_stored():
    fields = {"sub": "admin", "email_verified": "true", "updated_at": "0"}
    assert checked(fields, {}) == {}
    assert {field.name for field in FIELDS} == {"email", *FILLED}


def test_each_field_has_the_type_that_helps_to_fill_it_in(alice):
    page = alice.get("/account/profile").html
    kinds = {element["name"]: element["type"] for element in page.select(".field input")}
    assert kinds["birthdate"] == "date"
    assert kinds["phone_number"] == "tel"
    assert {kinds[name] for name in ("website", "profile", "picture")} == {"url"}
    for name, value in (("locale", "de"), ("zoneinfo", "Europe/Paris")):
        suggested = page.find(id=page.find(id=name)["list"])
        assert suggested.find("option", value=value) is not None
        assert checked({name: value}, {}) == {name: value}


def test_every_suggestion_is_accepted():
    for name, values in (("locale", LANGUAGES), ("zoneinfo", zones())):
        assert all(checked({name: value}, {}) for value in values)
    assert len(zones()) > 100


@pytest.mark.parametrize("value", ["1990", "0000-05-04"])
def test_a_birthday_that_a_date_field_cannot_show_is_kept(alice, value):
    save(alice, birthdate=value)
    field = alice.get("/account/profile").html.find(id="birthdate")
    assert (field["type"], field["value"]) == ("text", value)
    save(alice, name="Al")
    assert alice.get("/account/profile").form["birthdate"].value == value


def test_the_address_is_kept_when_the_profile_is_saved(site, alice):
    set_email(alice, "alice@example.org")
    save(alice, name="Al")
    people = site.wsgi.registry["oauthprov"].people
    assert people.profile(alice.account_id())["email"] == "alice@example.org"
