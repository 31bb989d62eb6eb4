"""Clients whose servers are slow beside clients whose servers aren't, over real TLS servers."""

import threading
from contextlib import ExitStack, contextmanager

import pytest

from oauthprov.fetch.places import PLACES
from oauthprov.protocol.request.answers import Redirect
from tests.fetch.server import JSON, Authority, Names, Server, answer
from tests.protocol.assertions import KEY, SigningWorld, proof, published, signed
from tests.protocol.authorize.test_request_objects import ONLY_INSIDE
from tests.protocol.world import CALLBACK, OPENID

SLOW, HONEST = "slow.example", "honest.example"
SLOW_URIS = 50


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def honest(authority):
    made = Server(authority.context(HONEST))
    made.reply = answer(published(KEY).encode(), JSON)
    yield made
    made.close()


@pytest.fixture
def slow(authority):
    """A server that answers nothing until it is closed."""
    made = Server(authority.context(SLOW))
    made.gate = threading.Event()
    made.reply = lambda connection: made.gate.wait(60)
    yield made
    made.gate.set()
    made.close()


@pytest.fixture
def world(authority, honest, slow):
    allowed = f"{HONEST}:{honest.port} {SLOW}:{slow.port}"
    settings = {"scopes": OPENID, "default_scopes": "", "resources": "", "registration": "open"}
    made = SigningWorld(**settings, **{"fetch.allow": allowed, "fetch.ca_file": authority.file})
    names = Names()
    names.names = {host: [["127.0.0.1"]] for host in (HONEST, SLOW)}
    made.provider.fetcher._lookup = names
    made.jwks_uri = f"https://{HONEST}:{honest.port}/jwks"
    made.slow_uris = tuple(f"https://{SLOW}:{slow.port}/{n}" for n in range(SLOW_URIS))
    made.client("greedy", jwks=published(KEY), request_uris=made.slow_uris, scopes=("openid",))
    return made


def by_reference(world, uri, **outside):
    """Send a request of the greedy client by reference."""
    return world.authorize("greedy", **ONLY_INSIDE | {"request_uri": uri} | outside)


def redeem(world, client_id):
    """Authenticate the client at the token endpoint with an invalid code."""
    form = {"grant_type": "authorization_code", "code": "x", "code_verifier": "v" * 43}
    return world.send("token", form | proof(signed(client_id)))


@contextmanager
def nothing_free(world):
    """Let other clients take every place."""
    with ExitStack() as held:
        for number in range(PLACES):
            uri = f"https://{number}.example/"
            held.enter_context(world.provider.fetcher.waiting(uri, f"other {number}"))
        yield


def test_fifty_slow_request_uris_of_one_client_block_no_other_key_fetch(world, slow):
    told, threads = [], []
    for uri in world.slow_uris:

        def ask(uri=uri):
            told.append(by_reference(world, uri, redirect_uri=CALLBACK))

        threads.append(threading.Thread(target=ask))
    for thread in threads:
        thread.start()
    slow.wait(1)
    for number in range(8):
        world.signer(f"honest-{number}", jwks_uri=world.jwks_uri)
        answered = redeem(world, f"honest-{number}")
        assert (answered.status, answered.body["error"]) == (400, "invalid_grant")
    slow.gate.set()
    for thread in threads:
        thread.join(60)
    errors = {dict(answered.params)["error"] for answered in told}
    assert errors <= {"temporarily_unavailable", "invalid_request_uri"}
    assert "temporarily_unavailable" in errors


def test_a_client_whose_keys_cannot_be_fetched_now_gets_a_503(world, caplog):
    world.signer("honest", jwks_uri=world.jwks_uri)
    with nothing_free(world):
        for endpoint in ("token", "introspect", "revoke"):
            form = {"token": "x", "grant_type": "client_credentials"} | proof(signed("honest"))
            answered = world.send(endpoint, form)
            assert (answered.status, answered.body["error"]) == (503, "temporarily_unavailable")
    assert "every place is taken (client 'honest', host honest.example)" in caplog.text
    assert redeem(world, "honest").body["error"] == "invalid_grant"


def test_cached_keys_need_no_place_to_fetch(world):
    world.signer("honest", jwks_uri=world.jwks_uri)
    redeem(world, "honest")
    world.now += 3600
    world.provider.keys.jwks()
    with nothing_free(world):
        assertion = signed("honest", iat=world.now, exp=world.now + 60)
        form = {"token": "x"} | proof(assertion)
        assert world.send("revoke", form).status == 200


def test_a_request_uri_that_cannot_be_fetched_now_is_temporarily_unavailable(world):
    with nothing_free(world):
        answered = by_reference(world, world.slow_uris[0], redirect_uri=CALLBACK)
        assert isinstance(answered, Redirect)
        assert dict(answered.params)["error"] == "temporarily_unavailable"
        refused = by_reference(world, world.slow_uris[0])
    assert (refused.error, refused.status) == ("temporarily_unavailable", 503)


def test_a_document_refused_for_lack_of_a_place_is_fetched_at_the_next_request(world, honest):
    world.signer("honest", jwks_uri=world.jwks_uri)
    with nothing_free(world):
        redeem(world, "honest")
    assert redeem(world, "honest").body["error"] == "invalid_grant"
    assert honest.connections == 1
