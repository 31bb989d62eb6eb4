"""An assertion is accepted once, in every flow and on every backend: RFC 7523 section 3.7."""

import threading
from urllib.parse import urlencode

import pytest

from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.request.answers import Call
from oauthprov.records import Client, Grant, ReplayMark
from tests.engines import engines
from tests.proofs import Holder
from tests.protocol.assertions import SigningWorld, ask, proof, signed, worker, works
from tests.protocol.world import FORM, ISSUER, TOKEN_URL
from tests.servers import fresh

OTHER_KEY = PrivateKey.generate("ES256")
START = 1_000_000
THREADS = 20
ENGINES = ["sqlite", "postgresql", "mariadb", "redis", "redis_cluster"]


@pytest.fixture
def world():
    made = SigningWorld()
    made.signer("worker", "machine")
    return made


@pytest.fixture(params=engines(ENGINES, "sqlite", "redis", "redis_cluster"))
def shared(request, tmp_path):
    """A world over a real database that several threads use at once."""
    url = f"sqlite:///{tmp_path}/x.sqlite"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{request.param}_url")
    made = SigningWorld(**{"storage.url": fresh(url)})
    yield made
    made.storage.close()


def test_7523_3_7_a_jti_is_accepted_once(world):
    assertion = worker()
    assert works(world, assertion)
    assert not works(world, assertion)
    assert works(world, worker(jti="1"))
    assert not works(world, worker(jti="1", exp=START + 90))


def test_7523_3_7_a_jti_is_remembered_as_long_as_its_assertion_is_accepted(world):
    assertion = worker(exp=START + 5)
    assert works(world, assertion)
    for _ in range(5 + jose.LEEWAY + 1):
        assert not works(world, assertion)
        world.now += 1
        world.storage.purge(now=world.now)


def test_7523_3_7_two_clients_may_use_the_same_jti(world):
    world.signer("other", "machine")
    assert works(world, worker(jti="1"))
    assert works(world, signed("other", jti="1"))


def test_an_unverified_assertion_consumes_no_jti(world):
    assert not works(world, worker(jti="1", key=OTHER_KEY))
    assert not works(world, worker(jti="1", aud="https://other.example"))
    assert world.all(ReplayMark) == []
    assert works(world, worker(jti="1"))


def test_a_failed_request_consumes_its_assertion(world):
    assertion = signed()
    answer = world.exchange("opc_x.y", assertion)
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    code = world.code()
    assert world.exchange(code, assertion).body["error"] == "invalid_client"
    assert world.exchange(code, signed()).status == 200


def test_9449_8_a_round_trip_for_a_nonce_uses_up_no_assertion():
    world, holder, assertion = SigningWorld(**{"dpop.nonce": "true"}), Holder(), worker()
    world.signer("worker", "machine")
    form = {"grant_type": "client_credentials"} | proof(assertion)

    def asked(**claims):
        made = holder.proof("POST", TOKEN_URL, world.now, **claims)
        body = urlencode(form).encode()
        call = Call("POST", b"", body, FORM | {"dpop": made}, (TOKEN_URL,), url=TOKEN_URL)
        return world.provider.endpoints.token(call)

    first = asked()
    assert (first.status, first.body["error"]) == (400, "use_dpop_nonce")
    assert world.all(ReplayMark) == []
    nonce = first.headers["DPoP-Nonce"]
    assert asked(nonce=nonce).status == 200
    assert asked(nonce=nonce).body["error"] == "invalid_client"


@pytest.mark.parametrize(
    "changes", [{}, {"code_verifier": "w" * 50}, {"redirect_uri": "https://x/"}, {"scope": "x"}]
)
def test_a_replayed_assertion_reveals_nothing_of_the_rest_of_the_request(world, changes):
    code, assertion = world.code(), signed()
    assert world.exchange("opc_x.y", assertion).status == 400
    answer = world.exchange(code, assertion, **changes)
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def test_a_replayed_assertion_neither_consumes_a_code_nor_revokes(world):
    assertion, code = signed(), world.code()
    tokens = world.exchange(code, assertion).body
    assert world.exchange(code, assertion).body["error"] == "invalid_client"
    assert world.is_live(tokens["access_token"])
    later = world.code()
    assert world.exchange(later, assertion).body["error"] == "invalid_client"
    assert world.exchange(later, signed()).status == 200


# In the flows


def test_a_code_replayed_with_a_new_assertion_revokes_its_tokens(world):
    code = world.code()
    tokens = world.exchange(code, signed()).body
    assert world.exchange(code, signed()).body["error"] == "invalid_grant"
    assert not world.is_live(tokens["access_token"])


def test_a_lost_refresh_response_is_given_again_for_a_new_assertion(world):
    token = world.exchange(world.code(), signed()).body["refresh_token"]
    assertion = signed()
    first = world.renew(token, assertion)
    assert world.renew(token, assertion).body["error"] == "invalid_client"
    again = world.renew(token, signed())
    assert (again.status, again.body) == (200, first.body)


def test_a_repeated_refresh_response_consumes_its_assertion_too(world):
    token = world.exchange(world.code(), signed()).body["refresh_token"]
    world.renew(token, signed())
    assertion = signed()
    assert world.renew(token, assertion).status == 200
    assert world.renew(token, assertion).body["error"] == "invalid_client"


def test_a_conflicting_mark_of_use_does_not_consume_the_assertion(world):
    token = world.exchange(world.code(), signed()).body["refresh_token"]
    world.now += 3600
    world.storage.meanwhile.append(lambda: touch(world))
    claims = {"iat": world.now, "exp": world.now + 60}
    assert world.renew(token, signed(**claims)).status == 200


def touch(world):
    """Use the one grant at the same moment, as another process does."""
    [grant] = world.all(Grant)
    world.change(Grant, grant.record.grant_id, last_used_at=world.now)


def test_introspection_and_revocation_take_assertions(world):
    tokens = world.exchange(world.code(), signed()).body
    access = tokens["access_token"]
    for name in ("token", "introspect"):
        form = {"token": access} | proof(signed(aud=f"{ISSUER}/oauth/{name}"))
        assert world.send("introspect", form).body["active"] is True
    form = {"token": access} | proof(signed(aud=f"{ISSUER}/oauth/revoke"))
    assert world.send("revoke", form).status == 200
    assert not world.is_live(access)


@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
@pytest.mark.parametrize("which", ["live", "unknown", "dead", "another client's"])
def test_introspection_and_revocation_consume_the_assertion_for_any_token(world, endpoint, which):
    token = "opa_x.y"
    if which != "unknown":
        owner = "worker" if which == "another client's" else "app"
        form = {"grant_type": "client_credentials"} | proof(signed(owner))
        world.change(Client, "app", grant_types=("authorization_code", "client_credentials"))
        token = world.send("token", form).body["access_token"]
    if which == "dead":
        world.send("revoke", {"token": token} | proof(signed()))
    form = {"token": token} | proof(signed())
    assert world.send(endpoint, form).status in (200, 400)
    assert world.send(endpoint, form).body == {
        "error": "invalid_client",
        "error_description": "Client authentication failed.",
    }


def test_assertions_cost_no_further_trip_to_storage(world):
    def cold():
        world.provider = world.another_process()

    code = world.code()
    cold()
    with world.counted(reads=2, writes=1):
        tokens = world.exchange(code, signed()).body
    cold()
    with world.counted(reads=2, writes=1):
        tokens = world.renew(tokens["refresh_token"], signed()).body
    cold()
    with world.counted(reads=1, writes=1):
        assert works(world, worker())
    cold()
    form = {"token": tokens["access_token"]}
    with world.counted(reads=2, writes=1):
        assert world.send("introspect", form | proof(signed())).body["active"]
    cold()
    with world.counted(reads=2, writes=1):
        assert world.send("revoke", form | proof(signed())).status == 200


# On several backends


def test_of_simultaneous_requests_with_one_assertion_one_succeeds(shared):
    shared.signer("worker", "machine")
    assertion, start, answers = worker(), threading.Barrier(THREADS), []

    def run():
        start.wait(60)
        answers.append(ask(shared, assertion))

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] + [401] * (THREADS - 1)
    assert {a.body["error"] for a in answers if a.status == 401} == {"invalid_client"}


def test_a_code_that_two_redeem_at_once_is_a_replay(shared):
    code, won = shared.code(), []
    shared.storage.meanwhile.append(lambda: won.append(shared.exchange(code, signed())))
    assert shared.exchange(code, signed()).status in (400, 401)
    assert won[0].status == 200
    assert not shared.is_live(won[0].body["access_token"])


def test_an_assertion_that_two_codes_share_redeems_one(shared):
    first, second, assertion, won = shared.code(), shared.code(), signed(), []
    shared.storage.meanwhile.append(lambda: won.append(shared.exchange(first, assertion)))
    assert shared.exchange(second, assertion).body["error"] == "invalid_client"
    assert shared.is_live(won[0].body["access_token"])
    assert shared.exchange(second, signed()).status == 200
