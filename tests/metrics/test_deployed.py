"""Metrics of real servers: several workers, one sum."""

from __future__ import annotations

import http.client
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.mmap_dict import MmapedDict

from tests.faults.processes import children
from tests.metrics import SECRET, parsed
from tests.servers.deployed import Deployed, python
from tests.servers.run import free_port, until
from tests.site import bearing

MANY = 60
TOKENS = {"endpoint": "token", "method": "POST", "status": "2xx"}


def deploy(tmp_path, **more) -> Deployed:
    settings = {"metrics.secret": SECRET} | more
    return Deployed.on(f"sqlite:///{tmp_path}/provider.sqlite", tmp_path, **settings)


def scrape(deployed):
    answer = deployed.get("/metrics", **bearing(SECRET))
    assert answer.status == 200, answer.body
    return parsed(answer.body.decode())


def ask_for_tokens(deployed, many=MANY):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: deployed.token(), range(many)))
    assert {answer.status for answer in answers} == {200}


def expect_sums(deployed, many=MANY):
    found = scrape(deployed)
    assert found.of("oauthprov_requests_total", **TOKENS) == many
    assert found.of("oauthprov_request_duration_seconds_count", endpoint="token") == many
    assert found.of("oauthprov_events_total", event="tokens.issued") == many
    assert found.of("oauthprov_storage_duration_seconds_count", verb="commit") >= many
    assert found.of("oauthprov_passwords_hashing") == 0
    bounded = {"endpoint": "token", "le": "+Inf"}
    assert found.of("oauthprov_request_duration_seconds_bucket", **bounded) == many


def gunicorn(port, *more):
    line = ["gunicorn", "oauthprov.wsgi:app", "--workers", "2", "--worker-class", "gthread"]
    line += ["--threads", "4", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    return python("-m", *line, *more)


def test_the_workers_of_serve_are_added(tmp_path):
    deployed = deploy(tmp_path)
    with deployed.served(deployed.by_serve("--workers", "2")):
        ask_for_tokens(deployed)
        until(lambda: expect_sums(deployed))


@pytest.mark.parametrize("more", [(), ("--preload",)])
def test_the_workers_of_gunicorn_are_added(tmp_path, more):
    deployed = deploy(tmp_path)
    folder = tmp_path / "metrics"
    folder.mkdir()
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with deployed.served(gunicorn(deployed.port, *more), environment) as server:
        until(lambda: expect_workers(server))
        ask_for_tokens(deployed)
        until(lambda: expect_sums(deployed))


def expect_workers(server):
    assert len(children(server.pid)) == 2


def test_waitress_counts_in_its_one_process(tmp_path):
    deployed = deploy(tmp_path)
    main = "from pyramid.scripts.pserve import main; main()"
    command = python("-c", main, str(deployed.ini), f"port={deployed.port}")
    with deployed.served(command):
        ask_for_tokens(deployed)
        expect_sums(deployed)


def test_a_dead_worker_is_counted_on_but_does_nothing_any_more(tmp_path):
    deployed = deploy(tmp_path)
    temporary = {"TMPDIR": str(tmp_path)}
    with deployed.served(deployed.by_serve("--workers", "2"), temporary) as server:
        ask_for_tokens(deployed)
        until(lambda: expect_sums(deployed))
        [folder] = tmp_path.glob("oauthprov-metrics-*")
        # A file of a worker that has ended while it hashed a password.
        gone = folder / "gauge_livesum_999999999.db"
        gone.write_bytes(next(folder.glob("gauge_livesum_*.db")).read_bytes())
        values = MmapedDict(str(gone))
        for key, *_ in list(values.read_all_values()):
            values.write_value(key, 1.0, 0.0)
        values.close()
        until(lambda: expect_sums(deployed))
        assert not gone.exists()
        for worker in workers(server):
            os.kill(worker, signal.SIGKILL)
        until(lambda: expect_sums(deployed))
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: expect_absent(folder))


def workers(server):
    """The worker processes that have been started."""
    log = server.log.read_text("utf-8")
    return [int(line.rpartition(" ")[2]) for line in log.splitlines() if "with PID:" in line]


def expect_absent(folder):
    assert not folder.exists()


def ask(port, path="/metrics", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_listener_serves_the_sum_and_another_worker_takes_it_over(tmp_path):
    port = free_port()
    address = {"metrics.secret": "", "metrics.listen": f"127.0.0.1:{port}"}
    deployed = deploy(tmp_path, **address)
    with deployed.served(deployed.by_serve("--workers", "2")) as server:

        def expect_sum():
            status, text = ask(port)
            assert status == 200
            assert parsed(text).of("oauthprov_requests_total", **TOKENS) == MANY

        until(lambda: ask(port))  # before there was any request for it
        ask_for_tokens(deployed)
        until(expect_sum)
        assert ask(port, "/")[0] == 404
        assert deployed.get("/metrics").status == 404
        for worker in workers(server):
            os.kill(worker, signal.SIGKILL)
        until(expect_sum)


def test_a_listener_asks_for_the_secret_if_there_is_one(tmp_path):
    port = free_port()
    deployed = deploy(tmp_path, **{"metrics.listen": f"127.0.0.1:{port}"})
    with deployed.served(deployed.by_serve("--workers", "1")):
        until(lambda: ask(port))
        status, text = ask(port)
        assert (status, "oauthprov_" in text) == (401, False)
        assert ask(port, **bearing(SECRET))[0] == 200
        # Clients that send nothing don't keep others from it.
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        assert ask(port, **bearing(SECRET))[0] == 200
        for one in idle:
            one.close()
