"""``oauthprov serve``: the real server over real HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from oauthprov.cli.serve import cores
from tests.faults.processes import Process, children
from tests.servers.deployed import GRANT, Deployed
from tests.servers.run import until
from tests.site import FORM

METADATA = '{"redirect_uris": ["https://app.example/callback"]}'
ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/provider.sqlite"


@pytest.fixture
def deployed(url, tmp_path) -> Deployed:
    return Deployed.on(url, tmp_path)


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a server that must end by itself."""
    return subprocess.run(  # noqa: S603 - our own interpreter
        command, capture_output=True, text=True, timeout=60, check=False
    )


def refusal(command: list[str]) -> str:
    """What a server that refuses to start prints."""
    done = run(command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def expect_ended(server: Process) -> None:
    assert not server.runs


def expect_refused(deployed: Deployed) -> None:
    with suppress(ConnectionRefusedError), deployed.connect():
        raise AssertionError("it still listens")


def test_workers_share_a_sqlite_file_and_stop_at_sigterm(deployed):
    with deployed.served(deployed.by_serve("--workers", "4")) as server:
        until(lambda: expect_started(server, 4))
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: deployed.token(), range(80)))
        assert {answer.status for answer in answers} == {200}
        assert len({answer.json["access_token"] for answer in answers}) == 80
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: expect_ended(server))
        assert server.status == 0
    expect_refused(deployed)


def workers(server: Process) -> list[int]:
    """The ids of all workers that were started, in order."""
    started = re.findall(r"Spawning worker-\d+ with PID: (\d+)", server.log.read_text("utf-8"))
    return [int(pid) for pid in started]


def expect_started(server: Process, workers: int) -> None:
    assert server.log.read_text("utf-8").count("Started worker-") == workers


def test_a_running_request_is_finished_after_sigterm(deployed):
    with (
        deployed.served(deployed.by_serve("--workers", "1")) as server,
        deployed.connect() as slow,
    ):
        deployed.begin_token(slow)
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: expect_refused(deployed))
        slow.sendall(GRANT.encode())
        answer = slow.makefile("rb").read()
        until(lambda: expect_ended(server))
        assert server.status == 0
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["token_type"] == "Bearer"


def test_a_request_that_never_ends_does_not_keep_the_server_from_stopping(deployed):
    command = deployed.by_serve("--workers", "1")
    index = command.index("-c") + 1
    command[index] = f"import oauthprov.cli.serve as s; s.STOP_TIMEOUT = 0.1; {command[index]}"
    with deployed.served(command) as server, deployed.connect() as slow:
        deployed.begin_token(slow)
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: expect_ended(server))
        assert "to stop: killing it" in server.log.read_text("utf-8")


HELD = """
import pathlib, threading

def app(global_config, **settings):
    here = pathlib.Path(__file__)
    if here.with_name("tried").exists():  # the trial was before: this is a worker
        here.with_name("loading").touch()
        threading.Event().wait(120)
    here.with_name("tried").touch()
    return lambda environ, start_response: []
"""


def test_a_signal_to_stop_while_workers_load_is_not_lost(deployed):
    folder = deployed.ini.parent
    (folder / "held.py").write_text(HELD, "utf-8")
    text = deployed.ini.read_text("utf-8")
    deployed.ini.write_text(
        text.replace("use = egg:oauthprov", "paste.app_factory = held:app", 1), "utf-8"
    )
    server = Process(deployed.by_serve("--workers", "1"), folder)
    try:
        server.start(lambda: (folder / "loading").stat())
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: expect_ended(server))
        assert "killing it" not in server.log.read_text("utf-8")
    finally:
        server.end()


def test_a_body_in_chunks_is_refused_since_half_of_it_would_look_whole(deployed):
    with deployed.served(deployed.by_serve("--workers", "1")), deployed.connect() as client:
        head = [
            "POST /oauth/token HTTP/1.1",
            f"Host: 127.0.0.1:{deployed.port}",
            f"Content-Type: {FORM}",
            "Transfer-Encoding: chunked",
            *(f"{name}: {value}" for name, value in deployed.credentials.items()),
        ]
        chunk = b"1d\r\ngrant_type=client_credentials\r\n"
        client.sendall(("\r\n".join(head) + "\r\n\r\n").encode() + chunk + b"40\r\n&sco")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100).startswith(b"HTTP/1.1 411 ")
        assert deployed.token().status == 200


def test_a_worker_that_dies_is_replaced(deployed):
    with deployed.served(deployed.by_serve("--workers", "2")) as server:
        until(lambda: expect_started(server, 2))
        first, second = workers(server)
        os.kill(first, signal.SIGKILL)
        until(lambda: expect_started(server, 3))
        _, _, third = workers(server)
        assert {first, second, third} & set(children(server.pid)) == {second, third}
        assert {deployed.token().status for _ in range(20)} == {200}


def test_no_worker_outlives_the_main_process(deployed):
    with deployed.served(deployed.by_serve("--workers", "2")) as server:
        until(lambda: expect_started(server, 2))
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: expect_refused(deployed))


def register(deployed: Deployed, forwarded: str | None = None) -> int:
    given = {} if forwarded is None else {"X_Forwarded_For": forwarded}
    kind = {"Content_Type": "application/json"}
    return deployed.post("/oauth/register", METADATA, **kind, **given).status


LIMITED = {"registration.limit_address": "1 per hour"}


def test_limits_count_the_address_that_the_trusted_proxy_reports(url, tmp_path):
    deployed = Deployed.on(url, tmp_path, **LIMITED)
    with deployed.served(deployed.by_serve("--workers", "1")):
        assert register(deployed, "192.0.2.1") == 201
        assert register(deployed, "192.0.2.1") == 429
        assert register(deployed, "192.0.2.2") == 201
        # The proxy appends the address it sees: what the client claims comes before it.
        assert register(deployed, "192.0.2.3, 192.0.2.2") == 429


def test_the_forwarded_header_can_t_be_imitated(url, tmp_path):
    lines = "trusted_proxy = 127.0.0.1\ntrusted_proxy_headers = forwarded"
    deployed = Deployed.on(url, tmp_path, lines, **LIMITED)

    def sent(proxy: str, *claims: str) -> int:
        lines = [*claims, f"Forwarded: {proxy}", *claims, f"Content-Length: {len(METADATA)}"]
        head = ["POST /oauth/register HTTP/1.1", "Host: a", "Content-Type: application/json"]
        with deployed.connect() as connection:
            text = "\r\n".join([*head, *lines, "Connection: close", "", METADATA])
            connection.sendall(text.encode())
            return int(connection.makefile("rb").readline().split()[1])

    claims = (
        "X_Forwarded_For: 192.0.2.9",
        "X-Forwarded-For: 192.0.2.9",
        "_Forwarded: for=192.0.2.9",
    )
    with deployed.served(deployed.by_serve("--workers", "1")):
        assert sent("for=192.0.2.1", *claims) == 201
        assert sent("for=192.0.2.1", *claims) == 429
        assert sent('for="[2001:db8::1]"', *claims) == 201


@pytest.mark.parametrize("lines", ["", "trusted_proxy = 192.0.2.9"])
def test_limits_count_the_sender_s_address_unless_it_is_the_trusted_proxy(url, tmp_path, lines):
    deployed = Deployed.on(url, tmp_path, lines, **LIMITED)
    with deployed.served(deployed.by_serve("--workers", "1")):
        assert register(deployed, "192.0.2.1") == 201
        assert register(deployed, "192.0.2.2") == 429


def test_the_address_is_that_of_the_ini_unless_options_override_it(deployed):
    listening = deployed.by_serve("--workers", "1")
    with deployed.served(listening):
        assert deployed.token().status == 200
    listening.remove(f"port={deployed.port}")
    with deployed.served([*listening, "--host", "localhost", "--port", str(deployed.port)]):
        assert deployed.token().status == 200


def test_the_log_is_written_as_the_ini_says(deployed):
    production = (ROOT / "production.ini").read_text("utf-8")
    with deployed.ini.open("a", encoding="utf-8") as ini:
        ini.write(production[production.index("[loggers]") :])
    with deployed.served(deployed.by_serve("--workers", "1")) as server:
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: expect_ended(server))
        lines = [json.loads(line) for line in server.log.read_text("utf-8").splitlines()]
    said = " ".join(line["message"] for line in lines)
    assert f"Listening at: http://127.0.0.1:{deployed.port}" in said
    assert not [line for line in lines if line["level"] != "INFO"]


def test_several_workers_with_limits_in_memory_are_warned_of(deployed):
    with deployed.served(deployed.by_serve("--workers", "2")) as server:
        assert "oauthprov.limits.url" in server.log.read_text("utf-8")
    with deployed.served(deployed.by_serve("--workers", "1")) as server:
        pass
    assert server.log.read_text("utf-8").count("oauthprov.limits.url") == 1


def test_a_core_gets_a_worker():
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_a_port_in_use_is_refused_in_one_sentence(deployed):
    with socket.create_server(("127.0.0.1", deployed.port)):
        said = refusal(deployed.by_serve())
    assert said.startswith(f"Port {deployed.port} of 127.0.0.1 is in use")
    assert len(said.splitlines()) == 1


def test_a_second_server_does_not_share_the_port(deployed):
    with deployed.served(deployed.by_serve("--workers", "1")):
        assert "is in use" in refusal(deployed.by_serve())


def test_invalid_settings_are_refused_before_anything_listens(deployed):
    text = deployed.ini.read_text("utf-8")
    deployed.ini.write_text(re.sub("(?m)^oauthprov.secret = .*", "", text), "utf-8")
    said = refusal(deployed.by_serve())
    assert said == "oauthprov can't start:\n  - oauthprov.secret is required\n"


def test_a_missing_ini_is_refused_in_one_sentence(deployed):
    deployed.ini.unlink()
    said = refusal(deployed.by_serve())
    assert "can't be read" in said
    assert len(said.splitlines()) == 1


def test_a_missing_granian_is_named(deployed):
    command = deployed.by_serve()
    index = command.index("-c") + 1
    command[index] = f"import sys; sys.modules['granian'] = None; {command[index]}"
    assert "pip install 'oauthprov[serve]'" in refusal(command)


@pytest.mark.parametrize("wrong", [("--workers", "0"), ("--port", "65536"), ("--workers", "x")])
def test_a_number_out_of_range_is_wrong_usage(command, wrong):
    done = command.bare("serve", str(command.ini), *wrong)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: oauthprov serve")
