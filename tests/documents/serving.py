"""Running what a document shows: Python programs, and a server of its .ini."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.run import until


def environment() -> Mapping[str, str]:
    """The environment in which modules of the folder are found."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    modules = os.pathsep.join([".", *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PATH": programs, "PYTHONPATH": modules, "PYTHONWARNINGS": "ignore"}


def run(folder: Path, *command: str) -> str:
    """Return what a command prints in the folder; it must succeed."""
    done = subprocess.run(  # noqa: S603 - our own programs
        command,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def served(folder: Path, ini: str, url: str, *values: str) -> Iterator[None]:
    """Serve an .ini of the folder by pserve, until the end of the block; ``url`` answers then."""
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "pyramid.scripts.pserve", ini, *values],
            cwd=folder,
            env=environment(),
            stdout=log,
            stderr=log,
        )
        try:
            until(lambda: fetched(url), lambda: server.poll() is None)
            yield
        finally:
            server.terminate()
            server.wait(30)


def fetched(url: str, status: int = 200) -> bytes:
    """Return the body of a response, which must have this status."""
    try:
        response = urllib.request.urlopen(url, timeout=30)  # noqa: S310 - our own server
    except urllib.error.HTTPError as refused:
        response = refused
    with response:
        assert response.status == status
        return bytes(response.read())
