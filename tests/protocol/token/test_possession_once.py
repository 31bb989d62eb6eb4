"""A proof of possession is good once: at the same moment, on every backend, on two nodes."""

import threading

import pytest

from oauthprov.protocol.keys.dpop import verify_proof
from oauthprov.protocol.provider import Provider
from tests.proofs import Holder
from tests.protocol.world import TOKEN_URL, Accounts, World
from tests.servers import fresh

HOLDER = Holder()
THREADS = 20
BACKENDS = ("sqlite", "postgresql", "mariadb", "redis", "redis_cluster")


@pytest.fixture(params=BACKENDS)
def shared(request, tmp_path):
    """A world over a real database that several threads use at once."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/x.sqlite"
    else:
        url = request.getfixturevalue(f"{request.param}_url")
    made = World(**{"storage.url": fresh(url)})
    made.client("job", "machine")
    yield made
    made.storage.close()


def at_once(work):
    """What each of the threads got, which began at the same moment."""
    start, answers = threading.Barrier(THREADS), []

    def run():
        start.wait(60)
        answers.append(work())

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def ask(world, proof):
    return world.post("token", {"grant_type": "client_credentials"}, client_id="job", proof=proof)


def test_of_simultaneous_requests_with_one_proof_one_succeeds(shared):
    proof = HOLDER.proof("POST", TOKEN_URL, shared.now)
    answers = at_once(lambda: ask(shared, proof))
    assert sorted(answer.status for answer in answers) == [200] + [400] * (THREADS - 1)
    refused = {answer.body["error"] for answer in answers if answer.status == 400}
    assert refused == {"invalid_dpop_proof"}


def test_of_simultaneous_uses_at_a_resource_one_succeeds(shared):
    url, token = "https://photos.example/album", "opa_a.b"
    sent = HOLDER.proof("GET", url, shared.now, token=token)
    proof = verify_proof(sent, method="GET", url=url, now=shared.now, access_token=token)
    answers = at_once(lambda: shared.provider.is_first_use(proof))
    assert answers.count(True) == 1


@pytest.mark.parametrize("behind", [30, -30])
def test_on_two_nodes_whose_clocks_differ_a_proof_is_good_once(behind):
    world = World()
    world.client("job", "machine")
    other = Provider(world.settings, world.storage, Accounts(), lambda: world.now - behind)
    begun = world.now
    proof = HOLDER.proof("POST", TOKEN_URL, begun)
    assert ask(world, proof).status == 200
    nodes = (world.provider, other)
    for seconds in range(0, 421, 15):
        world.now = begun + seconds
        for node in nodes:
            world.storage.purge(now=node.clock())
            world.provider = node
            assert ask(world, proof).body["error"] == "invalid_dpop_proof"
        world.provider = nodes[0]
