"""An issuer that is slow, down or wrong: nobody gets in, and the response is 503."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.resource import OAuthSecurityPolicy
from oauthprov.resource_server.issuer import PAUSE, TOKEN_LIMIT
from tests.resource_server.conftest import SECRET, Api, ini
from tests.resource_server.issuer import in_json

TOKEN = "opa_grant.secret-of-alice"


def unavailable(response):
    assert (response.status_int, response.json["error"]) == (503, "temporarily_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in response.headers
    return True


def refused(response):
    assert (response.status_int, response.json["error"]) == (401, "invalid_token")
    return True


def test_a_live_token_gets_in(issuer, api):
    issuer.reply = in_json(issuer.live(api.clock()))
    response = api.get(TOKEN)
    assert response.json == {"account": "alice-id", "client": "app", "scopes": ["photos:read"]}
    [(form, headers)] = issuer.asked
    assert form == {"token": TOKEN, "token_type_hint": "access_token"}
    assert headers["Authorization"].startswith("Basic ")
    assert headers["Accept"] == "application/json"


def test_an_inactive_token_is_refused(api):
    refused(api.get(TOKEN))


@pytest.mark.parametrize(
    "lie",
    [
        {"active": "yes"},
        {"active": 1},
        {"active": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"scope": ["photos:read"]},
        {"scope": None},
        {"client_id": 7},
        {"client_id": None},
        {"sub": {"x": 1}},
        {"exp": "tomorrow"},
        {"exp": None},
        {"exp": True},
        {"exp": 1.8e9},
        {"iat": None},
        {"aud": {"https://photos.example/": True}},
        {"aud": [7]},
        {"aud": []},
        {"token_type": 7},
    ],
)
def test_a_lie_is_503(issuer, api, lie, caplog):
    issuer.reply = in_json(issuer.live(api.clock(), **lie))
    assert unavailable(api.get(TOKEN))
    assert "the response of the issuer is invalid" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "other",
    [
        {"aud": "https://notes.example/"},
        {"aud": ["https://notes.example/", "https://photos.example"]},
        {"token_type": None},  # as of a refresh token
        {"token_type": "DPoP"},
        {"cnf": {"jkt": "x"}},
        {"exp": 1_800_000_000},
    ],
)
def test_a_token_for_something_else_is_refused(issuer, api, other):
    issuer.reply = in_json(issuer.live(api.clock(), **other))
    assert refused(api.get(TOKEN))


@pytest.mark.parametrize(
    "reply",
    [
        (200, {"Content-Type": "application/json"}, b""),
        (200, {"Content-Type": "application/json"}, b"\xff\xfe"),
        (200, {"Content-Type": "application/json"}, b"[" * 60_000),
        (200, {"Content-Type": "application/json"}, b"[true]"),
        (200, {"Content-Type": "application/json"}, b'{"active": true'),
        (200, {"Content-Type": "text/html"}, b'{"active": true}'),
        (200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"x"),
        (200, {"Content-Type": "application/json"}, b'{"active": true}' + b" " * 5_000_000),
        (
            200,
            {"Content-Type": "application/json", "Content-Length": "9000"},
            b'{"active": false}',
        ),
        (302, {"Location": "/elsewhere"}, b""),
        (307, {"Location": "/oauth/introspect"}, b""),
        (204, {}, b""),
        (400, {"Content-Type": "application/json"}, b'{"error": "invalid_request"}'),
        (401, {"Content-Type": "application/json"}, b'{"active": true}'),
        (404, {}, b""),
        (500, {}, b""),
        (503, {"Retry-After": "1"}, b""),
    ],
    ids=lambda reply: f"{reply[0]} {reply[2][:20]!r}",
)
def test_garbage_and_any_other_status_are_503(issuer, api, reply):
    issuer.reply = reply
    assert unavailable(api.get(TOKEN))
    assert api.get(path="/untouched").status_int == 200
    assert api.get().status_int == 401  # nobody needs the issuer to refuse a missing token


def test_a_refused_client_is_an_error_in_the_log_without_its_secret(issuer, api, caplog):
    issuer.reply = in_json({"error": "invalid_client"}, 401)
    assert unavailable(api.get(TOKEN))
    [record] = [r for r in caplog.records if r.levelname == "ERROR"]
    assert "oauthprov.resource_server.client_id" in record.getMessage()
    assert SECRET not in caplog.text


def test_an_issuer_that_is_down_is_503():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    api = Api(ini(f"http://127.0.0.1:{port}"))
    assert unavailable(api.get(TOKEN))


def test_a_slow_issuer_is_503_and_holds_up_no_second_request(issuer):
    release = threading.Event()

    def slow():
        release.wait(60)
        return in_json({"active": False})

    issuer.reply = slow
    api = Api(ini(issuer.url, timeout="1"))
    try:
        assert unavailable(api.get(TOKEN))
        assert unavailable(api.get(f"{TOKEN}-2"))
        assert len(issuer.asked) == 1
    finally:
        release.set()
    api.clock.pass_by(PAUSE)
    issuer.reply = in_json({"active": False})
    assert refused(api.get(f"{TOKEN}-2"))


def test_requests_with_one_token_at_the_same_time_are_one_question(issuer, api):
    release = threading.Event()
    live = in_json(issuer.live(api.clock()))

    def slow():
        assert release.wait(60)
        return live

    issuer.reply = slow
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(api.get, TOKEN)
        issuer.wait(1)
        others = [threads.submit(api.get, TOKEN) for _ in range(5)]
        release.set()
        responses = [first.result(60), *(other.result(60) for other in others)]
    assert [response.status_int for response in responses] == [200] * 6
    assert len(issuer.asked) == 1


def test_a_token_of_many_characters_is_refused_without_a_question(issuer, api):
    assert refused(api.get("x" * (TOKEN_LIMIT + 1)))
    assert issuer.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"introspection_endpoint": "http://127.0.0.2:1/introspect"},
        {"introspection_endpoint": "https://evil.example/introspect"},
        {"introspection_endpoint": "file:///etc/passwd"},
        {"introspection_endpoint": 7},
        {"introspection_endpoint": None},
    ],
)
def test_metadata_that_isn_t_the_issuer_s_sends_the_secret_nowhere(issuer, api, changes):
    issuer.metadata = issuer.document(**changes)
    assert unavailable(api.get(TOKEN))
    assert issuer.asked == []


@pytest.mark.parametrize(
    "reply",
    [(404, {}, b""), (302, {"Location": "/x"}, b""), (200, {}, b"{}"), in_json(["x"])],
    ids=["404", "302", "no type", "a list"],
)
def test_no_metadata_is_503_until_there_is_one(issuer, api, reply):
    issuer.metadata = reply
    assert unavailable(api.get(TOKEN))
    issuer.metadata = issuer.document()
    api.clock.pass_by(PAUSE)
    assert refused(api.get(TOKEN))


def test_metadata_is_read_once(issuer, api):
    for number in range(3):
        refused(api.get(f"{TOKEN}-{number}"))
    assert (issuer.read, len(issuer.asked)) == (1, 3)


def test_an_endpoint_that_has_moved_is_looked_for_again(issuer, api):
    refused(api.get(TOKEN))
    issuer.reply = (404, {}, b"")
    unavailable(api.get(f"{TOKEN}-2"))
    issuer.reply = in_json({"active": False})
    refused(api.get(f"{TOKEN}-2"))
    assert issuer.read == 2


def test_the_policy_and_bearer_fail_closed_too(issuer):
    def with_policy(config):
        config.set_security_policy(OAuthSecurityPolicy())
        config.add_route("whoami", "/whoami")
        config.add_view(
            lambda request: {"userid": request.authenticated_userid},
            route_name="whoami",
            renderer="json",
            permission="photos:write",
        )

    api = Api(ini(issuer.url), with_policy)
    issuer.reply = in_json(issuer.live(api.clock(), scope="photos:write"))
    assert api.get(TOKEN, "/whoami").json == {"userid": "alice-id"}
    assert api.get(path="/whoami").status_int == 403
    issuer.reply = (500, {}, b"")
    assert unavailable(api.get(f"{TOKEN}-2", "/whoami"))


def test_a_token_is_never_shown_in_the_representation_of_its_data(issuer, api):
    issuer.reply = in_json(issuer.live(api.clock()))
    cache = api.wsgi.registry["oauthprov.resource_server.tokens"]
    assert isinstance(cache.token_info(TOKEN), TokenInfo)
    assert TOKEN not in json.dumps([repr(vars(cache)), repr(cache.token_info(TOKEN))])
    assert SECRET not in repr(api.wsgi.registry["oauthprov.resource_server.settings"])
