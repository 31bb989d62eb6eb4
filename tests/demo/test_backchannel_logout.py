"""The provider ends sessions of the demo, and each logout token that is refused."""

import pytest

from tests.demo.standin_openid_provider import EVENT, forged

PATH = "/backchannel-logout"


def tell(browser, token, status=200):
    """Post a logout token as the provider does, without cookies."""
    browser.app.reset()
    answer = browser.app.post(PATH, {"logout_token": token}, status=status)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer


@pytest.fixture
def alice(person):
    """A browser in which alice is signed in, which remembers its cookie."""
    person.sign_in()
    person.cookie = person.app.cookies["demo_sid"]
    return person


def is_in(browser):
    headers = {"Cookie": f"demo_sid={browser.cookie}"}
    return browser.get("/signed-in", headers=headers).status_code == 200


@pytest.mark.parametrize("changes", [{}, {"sub": None}, {"sid": None}], ids=str)
def test_a_logout_token_ends_the_session(alice, openid, changes):
    tell(alice, openid.logout_token(**changes))
    assert not is_in(alice)


@pytest.mark.parametrize(
    "changes",
    [{"sid": "session-2"}, {"sub": "account-of-bob"}, {"sub": None, "sid": "x"}],
    ids=str,
)
def test_a_logout_token_leaves_other_sessions(alice, openid, changes):
    """Back-Channel Logout section 2.7: an unknown session counts as ended."""
    tell(alice, openid.logout_token(**changes))
    assert is_in(alice)


def test_of_two_browsers_only_that_session_ends(alice, openid):
    first = alice.cookie
    openid.claims = {"sid": "session-2"}
    alice.app.reset()
    alice.sign_in()
    alice.cookie = alice.app.cookies["demo_sid"]
    tell(alice, openid.logout_token())
    assert is_in(alice)
    alice.cookie = first
    assert not is_in(alice)


def test_a_logout_token_without_sid_ends_all_sessions_of_a_person(alice, openid):
    openid.claims = {"sid": None}
    alice.app.reset()
    alice.sign_in()
    alice.cookie, first = alice.app.cookies["demo_sid"], alice.cookie
    tell(alice, openid.logout_token(sid=None))
    assert not is_in(alice)
    alice.cookie = first
    assert not is_in(alice)


def test_the_tokens_of_the_session_are_forgotten(alice, openid):
    alice.connect()
    alice.cookie = alice.app.cookies["demo_sid"]
    tell(alice, openid.logout_token())
    page = alice.get("/", headers={"Cookie": f"demo_sid={alice.cookie}"})
    assert page.html.h1.text == "Not connected"


def test_a_logout_token_is_accepted_once(alice, openid):
    token = openid.logout_token()
    tell(alice, token)
    assert "(jti)" in tell(alice, token, 400).json["error_description"]


def test_a_jti_is_remembered_as_long_as_its_token_is_accepted(alice, openid, clock):
    ahead = clock.now + 30
    token = openid.logout_token(iat=ahead, exp=clock.now + 3600)
    tell(alice, token)
    clock.now = ahead + 300
    assert "(jti)" in tell(alice, token, 400).json["error_description"]
    clock.now += 1
    assert "(iat)" in tell(alice, token, 400).json["error_description"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example"}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"exp": 1_800_000_000 - 30}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": 1_800_000_000 - 301}, "iat"),
        ({"iat": None}, "iat"),
        ({"sub": None, "sid": None}, "sub, sid"),
        ({"sid": 7}, "sid"),
        ({"sub": ["account-of-alice"]}, "sub"),
        ({"events": None}, "events"),
        ({"events": {}}, "events"),
        ({"events": [EVENT]}, "events"),
        ({"events": {EVENT: True}}, "events"),
        ({"nonce": "n"}, "nonce"),
        ({"jti": None}, "jti"),
        ({"jti": 7}, "jti"),
    ],
)
def test_a_logout_token_with_a_wrong_claim_is_refused(alice, openid, changes, reason):
    """Back-Channel Logout section 2.6."""
    said = tell(alice, openid.logout_token(**changes), 400).json
    assert said["error"] == "invalid_request"
    assert reason in said["error_description"]
    assert is_in(alice)


@pytest.mark.parametrize(
    ("header", "reason"), [({"typ": "at+jwt"}, "(typ)"), ({"kid": "another"}, "(kid)")]
)
def test_a_logout_token_with_a_wrong_header_is_refused(alice, openid, header, reason):
    said = tell(alice, openid.logout_token(header), 400).json
    assert reason in said["error_description"]
    assert is_in(alice)


@pytest.mark.parametrize("typ", [None, "JWT", "application/logout+jwt"])
def test_a_logout_token_may_omit_the_typ_header(alice, openid, typ):
    tell(alice, openid.logout_token({"typ": typ}))
    assert not is_in(alice)


def test_an_id_token_is_no_logout_token(alice, openid):
    assert "events" in tell(alice, openid.id_tokens[0], 400).text
    assert is_in(alice)


def test_a_logout_token_that_somebody_else_signed_is_refused(alice, openid):
    assert "signature" in tell(alice, forged(openid.logout_token()), 400).text
    assert is_in(alice)


@pytest.mark.parametrize(
    "form", [[], [("logout_token", "")], [("logout_token", "a"), ("logout_token", "b")]], ids=str
)
def test_a_request_without_exactly_one_logout_token_is_refused(alice, form):
    answer = alice.app.post(PATH, form, status=400)
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_logout_by_get(alice):
    alice.get(PATH, status=404)
    assert is_in(alice)


def test_a_logout_token_is_refused_while_the_provider_is_down(alice, openid, clock):
    token = openid.logout_token({"kid": "another"})
    clock.now += 30
    openid.close()
    assert "can't be reached" in tell(alice, token, 400).text
