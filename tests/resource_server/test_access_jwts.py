"""JWT access tokens are verified by their signature (RFC 9068 section 4), failing closed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jose import LEEWAY
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.resource_server import issuer_keys
from oauthprov.resource_server.issuer import PAUSE, TOKEN_LIMIT
from tests.resource_server.conftest import PHOTOS, RESOURCE, Api, ini
from tests.resource_server.issuer import KEY, in_json, keys_of
from tests.resource_server.test_failing_closed import refused, unavailable

JWT = {"validation": "jwt", "client_id": "", "client_secret": ""}


def jwt_ini(issuer: str, resources: str = RESOURCE, **more: str) -> dict[str, str]:
    return ini(issuer, resources=resources, **JWT | more)


@pytest.fixture
def api(issuer):
    return Api(jwt_ini(issuer.url))


def test_a_valid_token_gets_in_without_a_question(issuer, api):
    for _ in range(3):
        response = api.get(issuer.sign(api.clock()))
        assert response.json == {
            "account": "alice-id",
            "client": "app",
            "scopes": ["photos:read"],
        }
    assert (issuer.read, issuer.keys_read, issuer.asked) == (1, 1, [])


def test_the_token_of_a_machine_has_no_account(issuer, api):
    response = api.get(issuer.sign(api.clock(), sub="app"))
    assert (response.json["account"], response.json["client"]) == (None, "app")


def test_a_token_without_the_scope_gets_the_challenge_with_it(issuer, api):
    for scope in ("photos:write", None):
        response = api.get(issuer.sign(api.clock(), scope=scope))
        assert (response.status_int, response.json["error"]) == (403, "insufficient_scope")
        assert 'scope="photos:read"' in response.headers.getall("WWW-Authenticate")[0]
        assert "resource_metadata=" in response.headers.getall("WWW-Authenticate")[0]


@pytest.mark.parametrize("typ", [None, "JWT", "at+jwtx", "dpop+jwt", "logout+jwt"])
def test_9068_4_another_type_is_refused(issuer, api, typ):
    assert refused(api.get(issuer.sign(api.clock(), typ=typ)))
    assert issuer.keys_read == 1  # for the keys, and never again


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
def test_9068_4_both_spellings_of_the_type_are_accepted(issuer, api, typ):
    assert api.get(issuer.sign(api.clock(), typ=typ)).status_int == 200


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": ["x"]},
        {"aud": "https://notes.example/"},
        {"aud": "https://photos.example"},
        {"aud": "https://PHOTOS.example/"},
        {"aud": [PHOTOS]},
        {"aud": [PHOTOS, "https://notes.example/"]},
        {"aud": None},
        {"aud": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"client_id": None},
        {"client_id": {}},
        {"jti": None},
        {"iat": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"scope": ["photos:read"]},
        {"scope": 7},
        {"cnf": {"jkt": "x"}},
        {"nbf": 1_800_000_000 + LEEWAY + 1},
        {"iat": 1_800_000_000 + LEEWAY + 1},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused(issuer, api, lie, caplog):
    token = issuer.sign(api.clock(), **lie)
    assert refused(api.get(token))
    assert token not in caplog.text


def test_another_issuer_that_begins_like_ours_is_refused(issuer, api):
    assert refused(api.get(issuer.sign(api.clock(), iss=f"{issuer.url}/")))


def test_a_token_expires_and_clocks_may_differ_by_the_leeway(issuer, api):
    token = issuer.sign(api.clock())
    api.clock.pass_by(299 + LEEWAY)
    assert api.get(token).status_int == 200
    api.clock.pass_by(1)
    assert refused(api.get(token))


def altered(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    raw = json.dumps(claims | {"scope": "photos:write"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}.{signature}"


def unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize("forge", [altered, unsigned, lambda token: token[:-4] + "AAAA"])
def test_a_forged_token_is_refused(issuer, api, forge):
    assert refused(api.get(forge(issuer.sign(api.clock()))))


@pytest.mark.parametrize(
    "token", ["opa_grant.secret", "a.b.c", "unknown", "x" * TOKEN_LIMIT + ".a.b"]
)
def test_what_is_no_jwt_is_refused(issuer, api, token):
    assert refused(api.get(token))


def test_an_opaque_token_is_refused_without_the_issuer(issuer, api):
    issuer.metadata = issuer.key_set = (500, {}, b"")
    assert refused(api.get("opa_grant.secret"))
    assert (issuer.read, issuer.keys_read) == (0, 0)


def test_a_resource_may_name_its_algorithm(issuer):
    other = PrivateKey.generate("Ed25519")
    issuer.key_set = keys_of(KEY, other)
    api = Api(jwt_ini(issuer.url, f"{RESOURCE} ES256"))
    assert api.get(issuer.sign(api.clock())).status_int == 200
    issuer.key = other
    assert refused(api.get(issuer.sign(api.clock())))
    assert Api(jwt_ini(issuer.url)).get(issuer.sign(api.clock())).status_int == 200


# The keys


def test_keys_are_read_again_after_some_minutes(issuer, api):
    api.get(issuer.sign(api.clock()))
    api.clock.pass_by(issuer_keys.FRESH - 1)
    api.get(issuer.sign(api.clock()))
    assert issuer.keys_read == 1
    api.clock.pass_by(1)
    assert api.get(issuer.sign(api.clock())).status_int == 200
    assert issuer.keys_read == 2


def test_a_key_that_is_withdrawn_verifies_nothing_after_some_minutes(issuer, api):
    api.get(issuer.sign(api.clock()))
    issuer.key_set = keys_of(PrivateKey.generate("ES256"))
    api.clock.pass_by(issuer_keys.FRESH)
    assert refused(api.get(issuer.sign(api.clock())))


def test_a_new_key_is_found_at_once(issuer, api):
    api.get(issuer.sign(api.clock()))
    issuer.key = PrivateKey.generate("RS256")
    issuer.key_set = keys_of(KEY, issuer.key)
    api.clock.pass_by(issuer_keys.UNKNOWN)
    assert api.get(issuer.sign(api.clock())).status_int == 200
    assert issuer.keys_read == 2


def test_unknown_keys_cost_one_request_a_minute(issuer, api):
    api.get(issuer.sign(api.clock()))
    stranger = PrivateKey.generate("ES256")
    for second in range(3 * issuer_keys.UNKNOWN):
        issuer.key = PrivateKey(f"kid {second}", stranger.alg, stranger.key)
        assert refused(api.get(issuer.sign(api.clock())))
        api.clock.pass_by(1)
    assert issuer.keys_read == 3


def test_a_stranger_s_key_with_the_kid_of_the_issuer_s_verifies_nothing(issuer, api):
    stranger = PrivateKey.generate("ES256")
    issuer.key = PrivateKey(KEY.kid, stranger.alg, stranger.key)
    assert refused(api.get(issuer.sign(api.clock())))


def test_while_the_issuer_is_down_its_keys_stay_in_use_for_an_hour(issuer, api):
    assert api.get(issuer.sign(api.clock())).status_int == 200
    issuer.key_set = (500, {}, b"")
    api.clock.pass_by(issuer_keys.STALE - 1)
    assert api.get(issuer.sign(api.clock())).status_int == 200
    api.clock.pass_by(1)
    assert unavailable(api.get(issuer.sign(api.clock())))
    issuer.key_set = keys_of(KEY)
    api.clock.pass_by(PAUSE)
    assert api.get(issuer.sign(api.clock())).status_int == 200


def test_an_issuer_that_is_down_is_asked_for_keys_every_few_seconds_only(issuer, api):
    api.get(issuer.sign(api.clock()))
    issuer.key_set = (500, {}, b"")
    api.clock.pass_by(issuer_keys.FRESH)
    for _ in range(issuer_keys.RETRY):
        assert api.get(issuer.sign(api.clock())).status_int == 200
        api.clock.pass_by(1)
    assert issuer.keys_read == 2


def test_an_unknown_key_is_503_while_the_keys_cannot_be_read(issuer, api):
    api.get(issuer.sign(api.clock()))
    issuer.key, issuer.key_set = PrivateKey.generate("ES256"), (500, {}, b"")
    api.clock.pass_by(issuer_keys.UNKNOWN)
    for _ in range(2):
        assert unavailable(api.get(issuer.sign(api.clock())))
    assert issuer.keys_read == 2


@pytest.mark.parametrize(
    "reply",
    [
        (200, {"Content-Type": "application/json"}, b""),
        (200, {"Content-Type": "application/json"}, b'{"keys": 7}'),
        in_json({"keys": []}),
        in_json({"keys": [{"kty": "oct", "k": "AAAA"}]}),
        in_json({"keys": [json.loads(KEY.dump())]}),
        (200, {"Content-Type": "text/html"}, b"{}"),
        (200, {"Content-Type": "application/json"}, b" " * 70_000),
        (302, {"Location": "/elsewhere"}, b""),
        (404, {}, b""),
        (500, {}, b""),
    ],
    ids=lambda reply: f"{reply[0]} {reply[2][:20]!r}",
)
def test_without_keys_nobody_gets_in(issuer, api, reply, caplog):
    issuer.key_set = reply
    token = issuer.sign(api.clock())
    assert unavailable(api.get(token))
    assert token not in caplog.text
    assert api.get().status_int == 401  # nobody needs the issuer to refuse a missing token


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"jwks_uri": "https://evil.example/jwks"},
        {"jwks_uri": "http://127.0.0.2:1/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
)
def test_keys_come_from_the_issuer_alone(issuer, api, changes):
    issuer.metadata = issuer.document(**changes)
    assert unavailable(api.get(issuer.sign(api.clock())))
    assert issuer.keys_read == 0


def test_threads_that_need_the_first_keys_share_one_request(issuer, api):
    release = threading.Event()
    keys = keys_of(KEY)

    def slow():
        assert release.wait(60)
        return keys

    issuer.key_set = slow
    token = issuer.sign(api.clock())
    with ThreadPoolExecutor(6) as threads:
        first = [threads.submit(api.get, token) for _ in range(6)]
        release.set()
        assert [one.result(60).status_int for one in first] == [200] * 6
    assert issuer.keys_read == 1


def test_threads_go_on_with_the_old_keys_while_one_reads_new_ones(issuer, api):
    release, began = threading.Event(), threading.Event()
    token = issuer.sign(api.clock(), exp=int(api.clock()) + 9000)
    api.get(token)
    keys = keys_of(KEY)

    def slow():
        began.set()
        assert release.wait(60)
        return keys

    issuer.key_set = slow
    api.clock.pass_by(issuer_keys.FRESH)
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(api.get, token)
        try:
            assert began.wait(60)
            assert api.get(token).status_int == 200
        finally:
            release.set()
        assert reading.result(60).status_int == 200


def test_it_loads_neither_storage_nor_the_engine_nor_oauthlib(issuer):
    token = issuer.sign(1_800_000_000)
    script = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from pyramid.config import Configurator\n"
        f"config = Configurator(settings={jwt_ini(issuer.url)!r})\n"
        "config.registry['oauthprov.clock'] = lambda: 1_800_000_000\n"
        "config.include('oauthprov.resource_server'); config.make_wsgi_app()\n"
        "tokens = config.registry['oauthprov.resource_server.tokens']\n"
        f"assert tokens.token_info({token!r}).client_id == 'app'\n"
        "roots = ('oauthlib', 'sqlalchemy', 'redis', 'oauthprov.storage', 'oauthprov.web',"
        " 'oauthprov.accounts', 'oauthprov.protocol.')\n"
        "print(sorted(name for name in sys.modules if name.startswith(roots)))"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    keys = ("certificates", "distinguished_names", "jose", "json_object", "jwk")
    room = "oauthprov.protocol.keys"
    assert done.stdout.strip() == str([room, *(f"{room}.{name}" for name in keys)])


# With the real provider


def test_the_provider_s_tokens_get_in_elsewhere_and_a_revocation_is_seen_there_at_expiry(
    jwt_provider,
):
    api = Api(jwt_ini(jwt_provider.issuer, f"{RESOURCE} ES256"))
    browser = jwt_provider.browser().sign_up("alice")
    app = jwt_provider.app()
    token = app.tokens(browser, scope="photos:read", resource=PHOTOS)["access_token"]
    response = api.get(token)
    assert response.json["account"] == browser.account_id()
    assert response.json["scopes"] == ["photos:read"]
    assert app.revoke(token).status_int == 200
    assert app.introspect(token) == {"active": False}
    assert api.get(token).status_int == 200
    api.clock.pass_by(300 + LEEWAY)
    assert refused(api.get(token))


def test_a_token_for_another_resource_of_the_provider_is_refused(jwt_provider):
    api = Api(jwt_ini(jwt_provider.issuer))
    browser = jwt_provider.browser().sign_up("alice")
    uri = f"{jwt_provider.issuer}/api"
    answer = jwt_provider.app().tokens(browser, scope="profile:read", resource=uri)
    response = api.get(answer["access_token"])
    assert response.json["error_description"] == "The access token is not valid for this resource."
    # The provider's own view accepts it, and sees its revocation at once.
    app = jwt_provider.app()
    token = app.tokens(browser, scope="profile:read", resource=uri)["access_token"]
    assert app.me(token).status_int == 200
    assert app.revoke(token).status_int == 200
    assert app.me(token).json["error"] == "invalid_token"


def test_a_token_without_a_resource_is_opaque_and_refused(jwt_provider):
    api = Api(jwt_ini(jwt_provider.issuer))
    browser = jwt_provider.browser().sign_up("alice")
    token = jwt_provider.app().tokens(browser, scope="photos:read")["access_token"]
    assert token.startswith("opa_")
    assert refused(api.get(token))


def test_an_api_that_introspects_takes_the_same_tokens(jwt_provider):
    client = jwt_provider.app("api", introspects=(PHOTOS,))
    own = {"client_id": client.client.client_id, "client_secret": client.secret, "cache": "0"}
    api = Api(ini(jwt_provider.issuer, **own))
    machine = jwt_provider.app("machine")
    form = {"grant_type": "client_credentials", "scope": "photos:read", "resource": PHOTOS}
    token = machine.post("token", form).json["access_token"]
    assert api.get(token).json["client"] == machine.client.client_id
    machine.revoke(token)
    assert refused(api.get(token))


def test_a_token_of_another_key_with_the_claims_of_ours_is_refused(jwt_provider):
    api = Api(jwt_ini(jwt_provider.issuer))
    now = api.clock()
    claims = {"iss": jwt_provider.issuer, "aud": PHOTOS, "sub": "a", "client_id": "b"}
    claims |= {"iat": now, "exp": now + 60, "jti": "x", "scope": "photos:read"}
    assert refused(api.get(jose.sign(claims, KEY, typ="at+jwt")))
