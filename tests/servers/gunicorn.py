"""A real gunicorn of one worker process with threads, on an address of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What pyramid imports says so itself.
QUIET = {"PYTHONWARNINGS": "ignore:pkg_resources is deprecated"}


@contextmanager
def gunicorn(app: str, folder: Path, threads: int = 8) -> Iterator[tuple[str, int]]:
    """Serve the WSGI app that ``module:name`` in ``folder`` is; yield host and port.

    The socket listens before the server starts, so that nobody is refused: they wait.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()
        command = [sys.executable, "-m", "gunicorn", app, "--bind", f"fd://{listener.fileno()}"]
        command += ["--workers", "1", "--worker-class", "gthread", "--threads", str(threads)]
        command += ["--graceful-timeout", "1", "--no-control-socket"]
        with (folder / "gunicorn.log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                cwd=folder,
                env=os.environ | QUIET,
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=log,
            )
    try:
        yield place
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
