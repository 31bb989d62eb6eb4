"""The authorization request: refusals and errors to the client. RFC 6749 section 4.1."""

from urllib.parse import urlencode

import pytest

from oauthprov.protocol.request.answers import (
    Call,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.records import AuthorizationCode, Client, Interaction
from tests.protocol.world import ALICE, BROWSER, CALLBACK, ISSUER, World, challenge


def assert_told(answer, error):
    """The error goes to the client's redirect URI, with state and iss."""
    assert isinstance(answer, Redirect), answer
    assert answer.redirect_uri == CALLBACK
    params = dict(answer.params)
    assert params["error"] == error
    assert params["state"] == "s t&=ä"
    assert params["iss"] == ISSUER
    assert "code" not in params


def assert_refused(answer, error="invalid_request"):
    """The error is a page for the person, without a redirect."""
    assert isinstance(answer, Refusal), answer
    assert (answer.error, answer.status) == (error, 400)
    assert answer.description


def test_a_code_with_state_and_iss(world):
    answer = world.allow()
    assert answer["code"].startswith("opc_")
    assert (answer["state"], answer["iss"]) == ("s t&=ä", ISSUER)


def test_a_request_without_state_gets_none_back(world):
    assert "state" not in world.allow(state=None)


def test_the_code_stores_client_redirect_uri_challenge_and_scopes(world):
    world.allow(scope="read write")
    (code,) = [stored.record for stored in world.all(AuthorizationCode)]
    assert code.client_id == "app"
    assert code.redirect_uri == CALLBACK
    assert code.code_challenge == challenge()
    assert code.scopes == ("read", "write")
    assert code.expires_at - code.issued_at == 60


@pytest.mark.parametrize("client_id", [None, "", "nobody", "a.b", "ä", "x" * 300, "app ", "APP"])
def test_an_unknown_client_is_refused(world, client_id):
    assert_refused(world.authorize(client_id))


def test_a_disabled_client_is_refused(world):
    world.change(Client, "app", disabled_at=world.now)
    assert_refused(world.authorize())


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://app.example/callback/",
        "https://app.example/callback/../callback",
        "https://app.example/callback/%2e%2e/callback",
        "https://app.example/other",
        "https://app.example/callback?x=1",
        "https://app.example/callback#fragment",
        "https://app.example:443/callback",
        "https://app.example:8443/callback",
        "https://APP.example/callback",
        "HTTPS://app.example/callback",
        "https://user@app.example/callback",
        "https://app.example@evil.example/callback",
        "https://app.example.evil.example/callback",
        "https://evil.example/https://app.example/callback",
        "https://app.example\\@evil.example/callback",
        "https://app.example/callbac\u212a",
        "https://\u0430pp.example/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "/callback",
        "callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "urn:ietf:wg:oauth:2.0:oob",
        " https://app.example/callback",
        "https://app.example/callback\r\nX: y",
    ],
)
def test_look_alikes_of_the_redirect_uri_are_refused(world, redirect_uri):
    assert_refused(world.authorize(redirect_uri=redirect_uri))


class TestARefusalShowsTheParametersAtFault:
    @pytest.mark.parametrize("client_id", ["nobody", "a.b", "app "])
    def test_an_unknown_client_id(self, world, client_id):
        answer = world.authorize(client_id)
        assert answer.sent == (("client_id", client_id.replace(" ", "%20")),)

    @pytest.mark.parametrize("uri", ["https://app.example/other?a=b&c=%20[1]", "callback"])
    def test_a_redirect_uri_and_whose_it_should_be(self, world, uri):
        answer = world.authorize(redirect_uri=uri)
        assert answer.sent == (("redirect_uri", uri), ("client_id", "app"))

    def test_a_missing_redirect_uri(self):
        world = World()
        world.client(redirect_uris=(CALLBACK, CALLBACK + "2"))
        assert world.authorize(redirect_uri=None).sent == (("client_id", "app"),)

    def test_only_what_a_uri_may_hold_is_shown_as_it_was_sent(self, world):
        uri = 'https://a.example/<b>"x" call us\u202e\u4e2d\n'
        [(_, shown), _] = world.authorize(redirect_uri=uri).sent
        assert shown == "https://a.example/%3Cb%3E%22x%22%20call%20us%E2%80%AE%E4%B8%AD%0A"

    def test_the_rest_of_a_long_value_is_left_out(self, world):
        [(_, shown)] = world.authorize("x" * 1000).sent
        assert shown == "x" * 300 + "..."

    def test_a_secret_among_the_other_parameters_is_not_shown(self, world):
        answer = world.authorize("nobody", state="secret-value", request="secret-value")
        assert "secret-value" not in repr(answer)


def test_the_only_registered_redirect_uri_is_the_default(world):
    assert world.allow(redirect_uri=None)["code"]
    assert world.redeem(world.code(redirect_uri="")).status == 200


def test_two_registered_redirect_uris_have_no_default():
    world = World()
    world.client(redirect_uris=(CALLBACK, CALLBACK + "2"))
    assert_refused(world.authorize(redirect_uri=None))


def test_a_native_app_uses_any_loopback_port():
    world = World()
    world.client("cli", "native", redirect_uris=("http://127.0.0.1/cb",))
    code = world.code("cli", redirect_uri="http://127.0.0.1:54321/cb")
    assert world.redeem(code, "cli", redirect_uri="http://127.0.0.1:54321/cb").status == 200
    other = world.code("cli", redirect_uri="http://127.0.0.1:54321/cb")
    wrong_port = world.redeem(other, "cli", redirect_uri="http://127.0.0.1:54322/cb")
    assert wrong_port.body["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "response_type",
    ["codexyz", "id_token code", "code token", "token", "none", "Code", "code code"],
)
def test_any_response_type_but_code_is_refused(world, response_type):
    assert_told(world.authorize(response_type=response_type), "unsupported_response_type")


def test_a_missing_response_type_is_reported_to_the_client(world):
    assert_told(world.authorize(response_type=None), "invalid_request")
    assert_told(world.authorize(response_type=""), "invalid_request")


def test_a_client_without_the_code_grant_gets_unauthorized_client():
    world = World()
    world.client(grant_types=("client_credentials",))
    assert_told(world.authorize(), "unauthorized_client")


@pytest.mark.parametrize("code_challenge", [None, "", "short", "c" * 44, "c" * 42 + "=", "ä" * 43])
def test_a_challenge_is_required_and_well_formed(world, code_challenge):
    assert_told(world.authorize(code_challenge=code_challenge), "invalid_request")


@pytest.mark.parametrize("method", [None, "", "plain", "s256", "S512"])
def test_only_s256_is_a_challenge_method(world, method):
    assert_told(world.authorize(code_challenge_method=method), "invalid_request")


@pytest.mark.parametrize("scope", ["admin", "read admin", "read  write", "read\nwrite", "reád"])
def test_an_unknown_scope_is_reported_to_the_client(world, scope):
    assert_told(world.authorize(scope=scope), "invalid_scope")


def test_a_scope_outside_the_registered_ones_is_reported_to_the_client():
    world = World()
    world.client(scopes=("read",))
    assert_told(world.authorize(scope="write"), "invalid_scope")


def test_scopes_have_defaults(world):
    assert world.tokens(scope=None)["scope"] == "read"
    world.client("own", default_scopes=("write", "notes"))
    assert world.tokens("own", scope=None)["scope"] == "write notes"


def test_no_scope_and_no_default_is_reported_to_the_client():
    world = World(default_scopes="")
    world.client()
    assert_told(world.authorize(scope=None), "invalid_scope")


def test_a_repeated_scope_token_counts_once(world):
    assert world.tokens(scope="read write read")["scope"] == "read write"


@pytest.mark.parametrize("mode", ["query.jwe", "JWT", ".jwt", "jwt.query", "Fragment", "x"])
def test_an_unknown_response_mode_is_reported_to_the_client(world, mode):
    answer = world.authorize(response_mode=mode)
    assert_told(answer, "invalid_request")
    assert answer.response_mode == "query"


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_the_response_uses_the_requested_response_mode(world, mode):
    world.allow()
    for changes in ({}, {"scope": "unknown"}, {"code_challenge": None}):
        answer = world.authorize(response_mode=mode, **changes)
        assert answer.response_mode == mode
        assert ("error" in dict(answer.params)) == bool(changes)


@pytest.mark.parametrize(
    "name",
    [
        "response_type",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
        "request",
        "request_uri",
    ],
)
def test_a_repeated_parameter_is_reported_to_the_client(world, name):
    value = dict(world.query()).get(name, "")
    assert_told(world.authorize(**{name: [value, value]}), "invalid_request")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_repeated_client_id_or_redirect_uri_is_refused(world, name):
    value = dict(world.query())[name]
    query = urlencode([*world.query(), (name, value)]).encode()
    assert_refused(world.authorization.begin(Call("GET", query), lambda: Visitor(BROWSER, ALICE)))


def test_a_repeated_state_is_reported_without_state(world):
    answer = world.authorize(state=["a", "b"])
    assert dict(answer.params)["error"] == "invalid_request"
    assert "state" not in dict(answer.params)


@pytest.mark.parametrize(
    "query",
    [
        b"client_id=app&state=%",
        b"client_id=app&state=%zz",
        b"client_id=app&state=%ff",
        b"client_id=app&state=%00",
        b"client_id=app&state=\xff",
        b"client_id=app&state=" + b"x" * 9000,
        b"&".join(b"p%d=1" % i for i in range(10_000)),
        b"",
        b"=&=&&",
        b"client_id",
    ],
)
def test_an_unreadable_query_is_refused(world, query):
    assert_refused(world.authorization.begin(Call("GET", query), lambda: Visitor(BROWSER, ALICE)))


def test_a_bad_request_is_reported_before_sign_in(world):
    assert_told(world.authorize(person=None, scope="admin"), "invalid_scope")


def test_nothing_is_stored_for_a_bad_request(world):
    with world.counted(reads=1, writes=0):
        world.authorize(person=None, scope="admin")
        world.authorize(person=None, redirect_uri="https://evil.example")


def test_a_posted_request_is_stored(world):
    body = urlencode(world.query()).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    parked = world.authorization.store(Call("POST", b"", body, form))
    assert isinstance(world.resume(parked), InteractionRequired)


def test_a_bad_posted_request_is_reported_to_the_client_or_refused(world):
    form = {"content-type": "application/x-www-form-urlencoded"}

    def park(query=b"", headers=form, **changes):
        body = urlencode(world.query(**changes)).encode()
        return world.authorization.store(Call("POST", query, body, headers))

    assert_told(park(scope="admin"), "invalid_scope")
    assert_refused(park(redirect_uri="https://evil.example"))
    assert_refused(park(headers={"content-type": "application/json"}))
    assert_refused(park(headers={}))
    assert_refused(park(query=b"client_id=app"))
    assert_refused(park(state="x" * 9000))
    assert_refused(park(client_id="nobody"))
    assert_refused(park(client_id=None))
    assert world.all(Interaction) == []


def test_a_request_is_validated_once_on_its_way_to_a_code(world, monkeypatch):
    checked = []
    validator = world.provider.validator
    ask = validator.validate_redirect_uri

    def count(client_id, redirect_uri, *args):
        checked.append(redirect_uri)
        return ask(client_id, redirect_uri, *args)

    monkeypatch.setattr(validator, "validate_redirect_uri", count)
    world.allow(scope="read")
    assert len(checked) == 2, "once when it came, once when it was allowed"
    checked.clear()
    world.code(scope="read")
    assert len(checked) == 1, "a consent that is remembered needs no second look"
