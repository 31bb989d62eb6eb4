"""Processes of one API remember used proofs together, in Redis (RFC 9449 section 11.1)."""

from __future__ import annotations

import http.client
import json
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import redis as driver

from oauthprov.failures import ConfigurationError
from oauthprov.resource_server.shared_proofs import SharedProofs
from oauthprov.resource_server.unavailable import Unavailable
from tests.faults.processes import Process
from tests.proofs import Holder
from tests.resource_server.conftest import RESOURCE, Api, ini
from tests.resource_server.test_failing_closed import unavailable
from tests.resource_server.test_possession import CNF, HOLDER, Use, Verifying, ask, proof, refused
from tests.servers.emptying import empty
from tests.servers.run import free_port
from tests.site import Clock
from tests.storage.proxy import Proxy

PROGRAM = """
import json, sys
from pyramid.config import Configurator
from tests.resource_server.conftest import photos
from waitress import serve

with Configurator(settings=json.loads(sys.argv[1])) as config:
    config.include("oauthprov.resource_server")
    config.add_route("photos", "/album")
    config.add_view(photos, route_name="photos", renderer="json", oauth_scopes=("photos:read",))
    app = config.make_wsgi_app()
serve(app, host="127.0.0.1", port=int(sys.argv[2]), threads=4)
"""


@pytest.fixture
def redis(redis_url):
    empty(redis_url)
    return redis_url


def shared(issuer, redis, **more):
    given = {"validation": "jwt", "resources": RESOURCE, "proofs.url": redis}
    return ini(issuer.url, **given | more)


def app_on(issuer, redis, **more):
    """An app that verifies JWTs, as each of several processes runs it."""
    app = Verifying(issuer)
    app.api = Api(shared(issuer, redis, **more))
    return app


class Processes:
    """Two processes that serve one app; ``status`` asks one of them by a token and its proof."""

    def __init__(self, settings, folder, stack):
        self.ports = [free_port() for _ in range(2)]
        for port in self.ports:
            home = folder / str(port)
            home.mkdir()
            command = [sys.executable, "-c", PROGRAM, json.dumps(settings), str(port)]
            process = Process(command, home, environment={"PYTHONPATH": ":".join(sys.path)})
            stack.callback(process.end)
            process.start(lambda port=port: self.status(port, "x", "x"))

    def status(self, port, token, made):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"DPoP {token}", "DPoP": made}
        try:
            connection.request("GET", "/album", headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()


def test_of_two_processes_one_accepts_a_proof(issuer, redis, tmp_path):
    with ExitStack() as stack:
        two = Processes(shared(issuer, redis), tmp_path, stack)
        token = issuer.sign(time.time(), cnf=CNF)
        proofs = [
            HOLDER.proof("GET", "https://photos.example/album", int(time.time()), token=token)
            for _ in range(10)
        ]
        with ThreadPoolExecutor(4) as pool:
            tries = [(port, token, made) for made in proofs for port in two.ports * 2]
            found = list(pool.map(lambda one: two.status(*one), tries))
        of_each = [found[at : at + 4] for at in range(0, 40, 4)]
        assert [sorted(one) for one in of_each] == [[200, 401, 401, 401]] * 10


def test_what_one_app_has_accepted_another_refuses(issuer, redis):
    first, second = app_on(issuer, redis), app_on(issuer, redis)
    token = first.issue(CNF)
    made = proof(first, token)
    assert ask(first, token, made).status_int == 200
    refused(ask(second, token, made), error="invalid_dpop_proof")
    assert ask(second, token, proof(second, token)).status_int == 200


def test_a_proof_is_kept_as_long_as_it_may_be_used(redis):
    clock = Clock(1000)
    used = SharedProofs(redis, 3, clock)
    assert used.is_first_use(Use("a", 1360))
    clock.pass_by(359)
    assert not used.is_first_use(Use("a", 1360))
    clock.pass_by(1)
    assert used.is_first_use(Use("a", 1720))


def test_a_cluster_remembers_proofs_too(redis_cluster_url):
    empty(redis_cluster_url)
    nodes = [SharedProofs(redis_cluster_url, 3, lambda: 1000) for _ in range(2)]
    for number in range(20):  # they lie on different nodes
        assert [node.is_first_use(Use(f"{number}", 1360)) for node in nodes] == [True, False]


def test_redis_drops_a_proof_that_is_over(redis):
    now = int(time.time())
    assert SharedProofs(redis, 3, lambda: now).is_first_use(Use("a", now + 360))
    with driver.Redis.from_url(redis) as client:
        [name] = client.keys("*")
        assert name.startswith(b"oauthprov:proofs")
        assert 360 <= client.ttl(name) <= 600


def test_while_redis_is_down_nobody_with_a_bound_token_gets_in(issuer, caplog):
    app = app_on(issuer, f"redis://:password-of-redis@127.0.0.1:{free_port()}/0")
    token = app.issue(CNF)
    made = proof(app, token)
    assert unavailable(ask(app, token, made))
    assert ask(app, app.issue(None), scheme="Bearer").status_int == 200
    [logged] = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert "used proofs" in logged.getMessage()
    assert "password-of-redis" not in caplog.text
    assert made not in caplog.text


def test_whether_a_proof_was_used_while_the_answer_of_redis_is_lost_is_not_guessed(issuer, redis):
    parts = urlsplit(redis)
    with Proxy((parts.hostname, parts.port)) as proxy:
        app = app_on(issuer, redis.replace(parts.netloc, f"127.0.0.1:{proxy.port}"))
        token = app.issue(CNF)
        assert ask(app, token, proof(app, token)).status_int == 200
        made = proof(app, token)
        proxy.lose_reply()
        assert unavailable(ask(app, token, made))
        # It is used up, or it isn't: the client makes another one.
        assert ask(app, token, proof(app, token)).status_int == 200


def test_a_mute_redis_is_waited_for_as_long_as_the_issuer(redis):
    parts = urlsplit(redis)
    with Proxy((parts.hostname, parts.port)) as proxy:
        at_proxy = redis.replace(parts.netloc, f"127.0.0.1:{proxy.port}")
        used = SharedProofs(at_proxy, 1, time.time)
        proxy.mute()
        with pytest.raises(Unavailable):
            used.is_first_use(Use("a", int(time.time()) + 360))


@pytest.mark.parametrize("url", ["sqlite://", "redis:/x", "memory://x", "http://localhost", "x"])
def test_only_redis_is_shared(issuer, url):
    with pytest.raises(ConfigurationError, match=r"proofs\.url must be memory:// or a Redis URL"):
        app_on(issuer, url)


@pytest.mark.parametrize("url", ["redis://localhost/x", "redis://:secret@localhost/0?wrong=1"])
def test_a_url_that_the_driver_refuses_stops_the_start(issuer, url):
    with pytest.raises(ConfigurationError, match=r"resource_server\.proofs\.url") as stopped:
        app_on(issuer, url)
    assert "secret" not in str(stopped.value)


def test_another_key_s_proof_with_the_same_jti_is_another_proof(issuer, redis):
    app = app_on(issuer, redis)
    other = Holder()
    for holder in (HOLDER, other):
        token = app.issue({"jkt": holder.jkt})
        now = app.api.clock()
        made = holder.proof("GET", "https://photos.example/album", now, token=token, jti="same")
        assert ask(app, token, made).status_int == 200
