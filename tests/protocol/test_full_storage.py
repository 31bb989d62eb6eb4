"""A provider on a full Redis: it issues nothing, and revocations still work."""

import pytest
import redis

from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.protocol.purging import Purging
from oauthprov.records import Client, Grant
from oauthprov.storage.interface import StorageFull
from oauthprov.storage.redis.keys import Keys
from tests.conftest import RUN
from tests.protocol.logout.test_ending import (
    WAYS,
    Person,
    change_password,
    disconnect,
    sign_out_everywhere,
)
from tests.protocol.world import SCOPES, openid_world
from tests.servers import empty
from tests.servers.redis import apart


@pytest.fixture
def server(pytestconfig):
    """The URL of a Redis, and a client that sets how much memory it may use."""
    url = apart(pytestconfig.stash[RUN], "full", "--maxmemory-policy", "noeviction")
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", "0")
        empty(url)
        yield url, client
        client.config_set("maxmemory", "0")


@pytest.fixture
def world(server, receiver):
    settings = {"storage.url": server[0], "logout.worker": "false"} | receiver.settings
    made = openid_world(**settings)
    made.change(Client, "app", backchannel_logout_uri=receiver.uri)
    yield made
    made.provider.sweeper.join(60)
    made.storage.close()


@pytest.fixture
def person(world):
    return Person(world)


@pytest.fixture
def fill(server):
    return lambda: server[1].config_set("maxmemory", "1")


@pytest.mark.parametrize("end", WAYS)
def test_a_person_can_end_sessions_and_grants_on_a_full_storage(world, person, fill, end):
    tokens = person.tokens()
    fill()
    if sweep := end(person):
        world.provider.endings.finish(sweep)
    world.provider.sweeper.join(60)
    assert person.is_signed_in() == (end is disconnect)
    assert not world.is_live(tokens["access_token"])
    assert world.refresh(tokens["refresh_token"]).body["error"] == "invalid_grant"
    if end is change_password:
        assert person.people.authenticate("alice", "correct horse battery staple") is None


def test_a_person_signs_out_of_a_cluster_whichever_node_is_full(redis_cluster_url):
    plain = redis_cluster_url.replace("redis+cluster", "redis", 1)
    with redis.RedisCluster.from_url(plain) as client:
        for node in client.get_primaries():
            empty(redis_cluster_url)
            world = openid_world(**{"storage.url": redis_cluster_url, "logout.worker": "false"})
            person = Person(world)
            token = person.tokens()["refresh_token"]
            client.config_set("maxmemory", "1", target_nodes=[node])
            try:
                person.visit.leave()
                assert not person.is_signed_in()
                assert world.refresh(token).body["error"] == "invalid_grant"
            finally:
                client.config_set("maxmemory", "0", target_nodes=[node])
            world.storage.close()


@pytest.mark.parametrize("number", range(3))
def test_one_full_node_of_a_cluster_keeps_no_sweep_from_revoking(redis_cluster_url, number):
    """Clients can't be notified; the tokens are dead nevertheless."""
    empty(redis_cluster_url)
    world = openid_world(**{"storage.url": redis_cluster_url, "logout.worker": "false"})
    names = [f"app{number}" for number in range(20)]
    for name in names:
        uri = f"https://{name}.example/logout"
        world.client(name, scopes=SCOPES, backchannel_logout_uri=uri)
    person = Person(world)
    tokens = [person.visit.tokens(name)["access_token"] for name in names]
    plain = redis_cluster_url.replace("redis+cluster", "redis", 1)
    with redis.RedisCluster.from_url(plain) as client:
        node = sorted(client.get_primaries(), key=lambda node: node.name)[number]
        client.config_set("maxmemory", "1", target_nodes=[node])
        try:
            clients = world.provider.clients
            sweeps = Sweeps(world.settings, world.storage, clients, lambda: world.now)
            sweeps.run(sign_out_everywhere(person))
            assert not any(map(world.is_live, tokens))
        finally:
            client.config_set("maxmemory", "0", target_nodes=[node])
    world.storage.close()


def test_a_client_can_revoke_its_tokens_on_a_full_storage(world, person, fill):
    tokens = person.tokens()
    fill()
    form = {"token": tokens["access_token"]}
    assert world.post("revoke", form, client_id="app").status == 200
    assert not world.is_live(tokens["access_token"])
    form = {"token": tokens["refresh_token"]}
    assert world.post("revoke", form, client_id="app").status == 200
    [grant] = world.all(Grant)
    assert grant.state(world.now) == "revoked"


def test_a_replay_revokes_its_grant_on_a_full_storage(world, person, fill):
    code = world.code(person=person.visit.person, scope="openid")
    token = world.redeem(code).body["access_token"]
    fill()
    assert world.redeem(code).body["error"] == "invalid_grant"
    assert not world.is_live(token)


def test_a_refused_exchange_consumes_neither_code_nor_token(server, world, person, fill):
    person.tokens()  # the first makes the key that signs
    code = world.code(person=person.visit.person, scope="openid")
    fill()
    with pytest.raises(StorageFull):
        world.redeem(code)
    server[1].config_set("maxmemory", "0")
    tokens = world.redeem(code).body
    fill()
    with pytest.raises(StorageFull):
        world.refresh(tokens["refresh_token"])
    server[1].config_set("maxmemory", "0")
    assert world.refresh(tokens["refresh_token"]).status == 200


def test_the_server_purges_a_full_storage(server, world, person, fill):
    person.tokens()
    [grant] = world.all(Grant)
    server[1].delete(Keys("oauthprov").record("grant", grant.record.grant_id))
    fill()
    purge = Purging(world.settings, world.storage, lambda: world.now)
    while purge.work() is not None:
        pass
    assert list(server[1].scan_iter("*grant.account_id")) == []
