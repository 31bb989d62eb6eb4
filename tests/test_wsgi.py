"""``oauthprov.wsgi:app`` under the servers that docs/deployment.md names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.faults.processes import Process, children
from tests.servers.deployed import Deployed, python
from tests.servers.run import free_port, until

APP = "oauthprov.wsgi:app"
WORKERS = 2


def gunicorn(port: int, *more: str) -> list[str]:
    """The command line of docs/deployment.md for gunicorn."""
    line = ["gunicorn", APP, "--workers", str(WORKERS), "--worker-class", "gthread"]
    line += ["--threads", "8", "--limit-request-line", "8190", "--forwarded-allow-ips", ""]
    return python("-m", *line, "--bind", f"127.0.0.1:{port}", "--no-control-socket", *more)


def granian(port: int) -> list[str]:
    """The command line of docs/deployment.md for granian's own command."""
    line = ["granian", APP, "--interface", "wsgi", "--http", "1", "--workers", str(WORKERS)]
    line += ["--blocking-threads", "8", "--backpressure", "512"]
    line += ["--workers-kill-timeout", "30"]
    return python("-m", *line, "--http1-header-read-timeout", "10000", "--port", str(port))


SERVERS = {
    "gunicorn": gunicorn,
    "gunicorn --preload": lambda port: gunicorn(port, "--preload"),
    "granian": granian,
}


@pytest.fixture(params=["postgresql_url", "redis_url"])
def deployed(request, tmp_path) -> Deployed:
    return Deployed.on(request.getfixturevalue(request.param), tmp_path)


@contextmanager
def served(deployed: Deployed, name: str) -> Iterator[None]:
    """Run a server; all its workers serve when the block begins.

    granian's command forgets a signal to stop that comes while a worker loads.
    """
    with deployed.served(SERVERS[name](deployed.port)) as server:
        until(lambda: expect_workers(server, name))
        yield


def expect_workers(server: Process, name: str) -> None:
    log = server.log.read_text("utf-8")
    started = log.count("Started worker-") if name == "granian" else len(children(server.pid))
    assert started == WORKERS


@pytest.mark.parametrize("name", SERVERS)
def test_forked_workers_serve_tokens_side_by_side(deployed, name):
    with served(deployed, name), ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: deployed.token(), range(80)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["access_token"] for answer in answers}) == 80


METADATA = '{"redirect_uris": ["https://app.example/callback"]}'


@pytest.mark.parametrize("name", SERVERS)
def test_limits_count_the_address_that_the_trusted_proxy_reports(redis_url, tmp_path, name):
    limits = {"registration.limit_address": "1 per hour", "limits.url": redis_url}
    deployed = Deployed.on(redis_url, tmp_path, **limits)

    def register(forwarded: str) -> int:
        headers = {"Content-Type": "application/json", "X-Forwarded-For": forwarded}
        return deployed.post("/oauth/register", METADATA, **headers).status

    with served(deployed, name):
        assert register("192.0.2.1") == 201
        assert register("192.0.2.2") == 201
        assert register("192.0.2.3, 192.0.2.1") == 429


def imported(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter and script
        python("-c", script),
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=60,
        check=False,
    )


def test_no_thread_starts_before_the_first_request(deployed):
    script = (
        "import threading\nimport oauthprov.wsgi\n"
        "print([thread.name for thread in threading.enumerate()])\n"
        "print(len(__import__('os').listdir('/proc/self/task')))"
    )
    done = imported(script, OAUTHPROV_INI=str(deployed.ini))
    assert done.stdout.splitlines() == ["['MainThread']", "1"], done.stderr


def test_the_file_is_production_ini_in_the_working_directory_by_default(deployed):
    with served(deployed, "granian"):
        assert deployed.token().status == 200


@pytest.mark.parametrize("text", [None, "[app:main]\nuse = egg:oauthprov\n"])
def test_a_missing_or_invalid_file_ends_the_process_with_one_message(tmp_path, text):
    ini = tmp_path / "some.ini"
    if text is not None:
        ini.write_text(text, "utf-8")
    done = imported("import oauthprov.wsgi", OAUTHPROV_INI=str(ini))
    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(f"{ini} can't be read" if text is None else "oauthprov can't")


@pytest.mark.parametrize("name", SERVERS)
def test_no_server_goes_on_trying_an_invalid_file(tmp_path, name):
    done = subprocess.run(  # noqa: S603 - our own interpreter
        SERVERS[name](free_port()),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "production.ini can't be read" in done.stderr
