"""The wheel in an environment of its own: init, the steps that it names, and the server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import oauthprov
from tests.packaging.conftest import ROOT, Built
from tests.servers.run import free_port, until

PASSWORD = "correct horse battery"
ISSUER = "https://id.example.org"


def test_the_installed_wheel_serves(built: Built, tmp_path):
    programs = installed(built.wheel, tmp_path / "environment")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONWARNINGS": "ignore:pkg_resources"}
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)

    version = run(programs / "oauthprov", "--version", cwd=tmp_path, env=environment)
    assert version.stdout == f"oauthprov {oauthprov.__version__}\n"

    folder = tmp_path / "sign in"
    done = run(programs / "oauthprov", "init", folder, cwd=tmp_path, env=environment)
    assert (folder / "production.ini").read_bytes() == (ROOT / "production.ini").read_bytes()
    steps = re.findall("^    (.+)$", done.stderr, re.MULTILINE)

    with started(steps, tmp_path, environment) as origin:
        assert (folder / "oauthprov.secret").stat().st_mode & 0o777 == 0o600
        said = json.loads(get(f"{origin}/.well-known/openid-configuration")[1])
        assert said["issuer"] == ISSUER
        page = get(f"{origin}/login")[1].decode()
        sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
        assert sheets
        for sheet in sheets:
            kind, text = get(origin + sheet.removeprefix(ISSUER))
            assert kind.startswith("text/css")
            assert text


def installed(wheel: Path, place: Path) -> Path:
    """Install the wheel and what it needs into a new environment; return its programs' folder."""
    run(sys.executable, "-m", "venv", "--without-pip", place)
    pip = [sys.executable, "-m", "pip", "--python", place / "bin" / "python", "install"]
    pip += ["--quiet", "--disable-pip-version-check", "--no-compile"]
    run(*pip, "-c", ROOT / "constraints.txt", wheel)
    return place / "bin"


def run(*command: str | Path, **more) -> subprocess.CompletedProcess[str]:
    """Run a program, which must succeed."""
    done = subprocess.run(  # noqa: S603 - our own programs
        command, capture_output=True, text=True, timeout=300, check=False, **more
    )
    assert done.returncode == 0, done.stderr
    return done


@contextmanager
def started(steps: list[str], cwd: Path, environment: dict[str, str]) -> Iterator[str]:
    """Take the steps, of which the last starts the server; yield its origin when it answers."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    *before, start = steps
    script = "\n".join(["set -e", *before, f"exec {start} port={port}"])
    script = script.replace("--developer", "--developer --password-stdin")
    log = cwd / "steps.log"
    with log.open("wb") as printed:
        server = subprocess.Popen(  # noqa: S603 - our own programs
            ["/bin/sh", "-c", script],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=printed,
        )
    try:
        server.stdin.write(PASSWORD.encode())
        server.stdin.close()
        until(lambda: get(f"{origin}/healthz"), lambda: server.poll() is None)
        yield origin
    except Exception as error:
        error.add_note(log.read_text("utf-8", errors="replace"))
        raise
    finally:
        server.terminate()
        server.wait(30)


def get(url: str) -> tuple[str, bytes]:
    """What the server answers to its proxy: kind and body of a success."""
    headers = {"Host": "id.example.org", "X-Forwarded-Proto": "https"}
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - http, to this machine
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        return answer.headers["Content-Type"], answer.read()
