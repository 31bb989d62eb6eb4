"""Signing in with the provider, and each ID token that is refused."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from webob import Response

from tests.demo.standin_openid_provider import forged, key_of, said_in

OTHER = "https://other.example"


def rows(page, section):
    """The table of a section, by its first column."""
    table = page.html.find(id=section).find_parent("section").table.tbody
    return {row.th.text: (row.td.span or row.td).text for row in table.find_all("tr")}


def refusal(browser):
    """The reason why the sign-in failed."""
    page = browser.sign_in()
    assert page.html.h1.text == "Not connected"
    assert "The sign-in was refused" in page.html.find(role="alert").text
    assert browser.get("/signed-in").status_code == 303
    return page.html.find(role="alert").text


def test_the_page_shows_the_name_of_the_signed_in_person(person, openid):
    page = person.sign_in()
    assert page.html.h1.text == "Signed in as Alice <b>"
    assert page.request.path == "/signed-in"
    claims = rows(page, "claims")
    assert claims["iss"] == openid.issuer
    assert claims["sub"] == "account-of-alice"
    assert claims["exp"] == "2027-01-15 08:02:00 UTC"
    assert rows(page, "userinfo")["email"] == "alice@example.org"
    assert "alice@example.org" in page.html.find(id="who").find_parent("section").text
    assert "Alice <b>" in person.get("/").html.find(id="person").find_parent("section").text


def test_no_token_is_on_any_page(person, openid):
    page = person.sign_in()
    for token in (*openid.id_tokens, *openid.access_tokens, *openid.refresh_tokens):
        assert token not in page.text
        assert token.rpartition(".")[2] not in page.text


def test_the_request_has_scope_nonce_and_for_signing_in_again_prompt_and_hint(person, openid):
    person.sign_in()
    [asked] = openid.requests
    assert asked["scope"] == "openid profile email"
    assert len(asked["nonce"]) >= 43
    assert not {"prompt", "max_age", "resource"} & asked.keys()
    again = parse_qs(urlsplit(person.get("/sign-in?again=yes").location).query)
    assert (again["prompt"], again["max_age"]) == (["login"], ["0"])
    assert again["nonce"] != [asked["nonce"]]
    assert again["login_hint"] == ["alice"]


def test_a_resource_that_is_set_is_for_access_alone(open_browser, openid):
    browser = open_browser(openid, resource_indicator="https://api.example/")
    browser.sign_in()
    assert "resource" not in openid.requests[0] | openid.token_requests[0]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "Ed25519"])
def test_every_signature_algorithm_is_accepted_with_its_hash(person, openid, alg):
    openid.alg = alg
    assert person.sign_in().html.h1.text == "Signed in as Alice <b>"
    openid.claims = {"at_hash": "x" * 22}
    person.get("/")
    assert "(at_hash)" in person.sign_in().html.find(role="alert").text


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": OTHER}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["the demo", "another"]}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"azp": "another"}, "azp"),
        ({"azp": None, "aud": ["another"]}, "aud"),
        ({"exp": 1_800_000_000 - 30}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"iat": 1_800_000_000 - 301}, "iat"),
        ({"iat": 1_800_000_000 + 31}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": 1_800_000_000 + 31}, "nbf"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 7}, "nonce"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "é"}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"sid": 7}, "sid"),
        ({"at_hash": "another"}, "at_hash"),
    ],
)
def test_id_tokens_with_wrong_claims_are_refused(person, openid, claims, reason):
    """OpenID Connect Core section 3.1.3.7."""
    openid.claims = claims
    assert f"({reason})" in refusal(person)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["the demo"]},
        {"azp": "the demo"},
        {"at_hash": None},
        {"sid": None},
        {"auth_time": None},
        {"exp": 1_800_000_000 - 29},
        {"iat": 1_800_000_000 + 30},
    ],
)
def test_id_tokens_with_good_claims_are_accepted(person, openid, claims):
    openid.claims = claims
    assert person.sign_in().html.h1.text == "Signed in as Alice <b>"


@pytest.mark.parametrize(
    ("auth_time", "held"), [(1_800_000_000 - 30, True), (1_800_000_000 - 31, False), (None, False)]
)
def test_signing_in_again_must_have_happened(person, openid, auth_time, held):
    """OpenID Connect Core section 3.1.2.1: max_age makes the provider say auth_time."""
    person.sign_in()
    openid.claims = {"auth_time": auth_time}
    page = person.sign_in("/sign-in?again=yes")
    assert (page.html.find(role="alert") is None) is held
    if not held:
        assert "(auth_time)" in page.html.find(role="alert").text


def test_time_on_the_pages_of_the_provider_does_not_count(person, openid, clock):
    """auth_time is compared with the time of the request."""
    openid.claims = {"auth_time": clock.now}
    address = person.authorization_response("/sign-in?again=yes")
    clock.now += 200
    assert person.get_following(address).html.h1.text == "Signed in as Alice <b>"


def none(token):
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def confused(token):
    """HS256 with the public key as the secret."""
    public = OctKey.import_key(key_of("RS256").as_dict(private=False)["n"])
    return jwt.encode({"alg": "HS256", "kid": "first"}, said_in(token), public)


def changed(token):
    head, _, signature = token.split(".")
    claims = json.dumps(said_in(token) | {"sub": "account-of-bob"})
    body = base64.urlsafe_b64encode(claims.encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (none, "(alg)"),
        (confused, "(alg)"),
        (forged, "The signature is wrong"),
        (changed, "The signature is wrong"),
        (lambda token: token.rpartition(".")[0] + ".", "The signature is wrong"),
        (lambda token: "a.b.c", "isn't a signed JWT"),
        (lambda token: "é", "isn't a signed JWT"),
        (lambda token: token + "x" * 16_384, "too long"),
        (lambda token: None, "sent no ID token"),
    ],
)
def test_forged_id_tokens_are_refused(person, openid, change, reason):
    openid.change_token = change
    assert reason in refusal(person)


def test_a_key_that_the_token_brings_along_is_not_used(person, openid):
    openid.alg = "ES256"
    mallory = key_of("ES256", "mallory")
    header = {"alg": "ES256", "kid": "first", "jwk": mallory.as_dict(private=False)}
    openid.change_token = lambda token: jwt.encode(header, said_in(token), mallory)
    assert "The signature is wrong" in refusal(person)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": "logout+jwt"}, "(typ)"),
        ({"typ": "at+jwt"}, "(typ)"),
        ({"typ": ""}, "(typ)"),
        ({"kid": "another"}, "(kid)"),
    ],
)
def test_id_tokens_with_wrong_headers_are_refused(person, openid, header, reason):
    openid.header = header
    assert reason in refusal(person)


def test_an_unannounced_algorithm_is_refused(person, openid):
    openid.metadata_changes = {"id_token_signing_alg_values_supported": ["ES256"]}
    assert "(alg)" in refusal(person)


def test_a_provider_without_a_sound_algorithm_is_refused(person, openid):
    openid.metadata_changes = {"id_token_signing_alg_values_supported": ["HS256", "none"]}
    assert "no known algorithm" in person.get("/sign-in", status=502).text


def test_a_key_without_a_name_must_be_the_only_one(person, openid):
    openid.header = {"kid": None}
    assert person.sign_in().html.h1.text == "Signed in as Alice <b>"


def test_an_id_token_without_kid_is_refused_when_there_are_two_keys(person, openid):
    second = key_of("RS256", "second").as_dict(private=False)
    openid.published = [openid.jwk(), second | {"kid": "second"}]
    openid.header = {"kid": None}
    assert "(kid)" in refusal(person)


@pytest.mark.parametrize(
    "change", [{"use": "enc"}, {"alg": "PS256"}, {"kty": "EC"}, {"n": "?"}, {"d": "AQAB"}]
)
def test_a_key_not_meant_for_verifying_signatures_is_refused(person, openid, change):
    openid.published = [openid.jwk() | change]
    assert "(kid)" in refusal(person)


def test_a_new_key_is_fetched_once(person, openid, clock):
    """Core section 10.1.1: an unknown kid makes the demo look again, but not all the time."""
    person.sign_in()
    openid.kid = "second"
    assert "(kid)" in person.sign_in().html.find(role="alert").text
    assert openid.calls.count("/jwks") == 1
    clock.now += 30
    assert person.sign_in().html.h1.text == "Signed in as Alice <b>"
    assert openid.calls.count("/jwks") == 2


def test_a_key_that_is_no_longer_published_is_refused(person, openid, clock):
    person.sign_in()
    openid.published = []
    clock.now += 3600
    assert "(kid)" in person.sign_in().html.find(role="alert").text


def test_sign_in_fails_when_the_key_set_cannot_be_fetched(person, openid):
    openid.metadata_changes = {"jwks_uri": f"{openid.root}/nothing"}
    page = person.sign_in()
    assert "status 404" in page.html.find(role="alert").text
    assert person.get("/signed-in").status_code == 303


@pytest.mark.parametrize("sub", ["account-of-bob", None, 7])
def test_userinfo_of_somebody_else_is_refused(person, openid, sub):
    """OpenID Connect Core section 5.3.2."""
    openid.userinfo = {"sub": sub}
    assert "UserInfo is about somebody else" in refusal(person)


@pytest.mark.parametrize(
    "answer", [Response(json_body=[]), Response("no"), Response(status=500)], ids=str
)
def test_unreadable_userinfo_fails_the_sign_in(person, openid, answer):
    openid.userinfo_answer = answer
    assert person.sign_in().html.h1.text == "Not connected"


def test_without_userinfo_the_id_token_is_enough(person, openid):
    openid.metadata_changes = {"userinfo_endpoint": None}
    page = person.sign_in()
    assert page.html.h1.text == "Signed in as account-of-alice"
    assert "not shared" in page.html.text


def test_a_response_to_another_browser_is_refused(person, open_browser, openid):
    address = person.authorization_response("/sign-in")
    victim = open_browser(openid)
    victim.get(address, status=400)
    assert victim.get("/signed-in").status_code == 303


def test_another_person_does_not_get_the_tokens(person, openid):
    person.sign_in()
    person.connect()
    openid.claims = {"sub": "account-of-bob"}
    openid.userinfo = {"sub": "account-of-bob", "name": "Bob"}
    assert person.sign_in().html.h1.text == "Signed in as Bob"
    assert person.get("/").html.h1.text == "Not connected"


def test_a_failed_sign_in_leaves_the_person_signed_in(person, openid):
    person.sign_in()
    openid.deny = "access_denied"
    assert "You did not give access" in person.sign_in().text
    assert person.get("/signed-in").html.h1.text == "Signed in as Alice <b>"


def test_the_session_gets_a_new_key(person):
    person.get("/sign-in")
    before = person.app.cookies["demo_sid"]
    person.sign_in()
    assert person.app.cookies["demo_sid"] != before
