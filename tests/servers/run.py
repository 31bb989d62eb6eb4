"""One run of the tests: a directory that its servers live in, and a lock that they live by."""

from __future__ import annotations

import fcntl
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import guard

DIRECTORY = "OAUTHPROV_TEST_RUN"
PATIENCE = 60.0
PORTS = range(15000, 32000)
_RESERVED: set[int] = set()


class Run:
    """The first process of a run opens it; xdist's workers join it through the environment."""

    def __init__(self) -> None:
        self._owned = DIRECTORY not in os.environ
        if self._owned:
            os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="oauthprov-")
        self.directory = Path(os.environ[DIRECTORY])
        if self._owned:
            self.directory.chmod(0o711)  # servers under other users pass through it
            self._lock = (self.directory / guard.LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let the servers go, if this process opened the run. The kernel does it in a crash."""
        if self._owned:
            del os.environ[DIRECTORY]
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            guard.remove_if_unused(self.directory)
            self._lock.close()

    def once(self, name: str, start: Callable[[Path], str]) -> str:
        """Return what ``start`` returned; among all workers only the first calls it."""
        answer = self.directory / f"{name}.url"
        with (self.directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not answer.exists():
                home = self.directory / name
                home.mkdir()
                try:
                    answer.write_text(start(home))
                except BaseException:
                    shutil.rmtree(home, ignore_errors=True)
                    raise
            return answer.read_text()


def identity(user: str) -> dict[str, Any]:
    """What subprocess needs to run as ``user``, or nobody; nothing unless we are root."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give(path: Path, user: str) -> None:
    """Make ``path`` belong to whom ``identity`` names."""
    owner = identity(user)
    if owner:
        os.chown(path, owner["user"], owner["group"])


def prepare(command: list[str | Path], home: Path, user: str) -> None:
    """Run a command to its end, as ``user`` in ``home``, which becomes theirs."""
    give(home, user)
    done = subprocess.run(  # noqa: S603
        command, cwd=home, capture_output=True, text=True, **identity(user)
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def serve(
    command: list[str | Path],
    home: Path,
    user: str,
    answers: Callable[[], object],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Start a server that ends with the run; return when ``answers`` raises no more.

    The server's process id is in the file ``guard.PID`` of ``home`` then.
    """
    who = identity(user)
    owner = f"{who['user']}:{who['group']}" if who else ""
    give(home, user)
    subprocess.run(  # noqa: S603
        [sys.executable, "-I", guard.__file__, home, owner, *command],
        env=environment,
        check=True,
    )
    with explained_by(home):
        until(answers, lambda: not (home / guard.ENDED).exists())


def until(
    answers: Callable[[], object],
    hopeful: Callable[[], bool] = lambda: True,
    patience: float = PATIENCE,
) -> None:
    """Call ``answers`` until it raises nothing; give up after ``patience`` or without hope."""
    deadline = time.monotonic() + patience
    while True:
        try:
            answers()
            return
        except Exception:
            if time.monotonic() > deadline or not hopeful():
                raise
            time.sleep(0.01)


@contextmanager
def explained_by(home: Path) -> Iterator[None]:
    """Add the server's own words to an error of starting it."""
    try:
        yield
    except Exception as error:
        log = home / guard.LOG
        error.add_note(log.read_text(errors="replace") if log.exists() else "it never started")
        raise


def free_port() -> int:
    """Return a TCP port that is free on 127.0.0.1 and that this run hasn't handed out before.

    It lies below the ports that the kernel gives to outgoing connections, so that none of them
    takes it before the server does.
    """
    while True:
        port = random.choice(PORTS)  # noqa: S311
        if _is_free(port) and _reserve(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        # As servers do: a port whose last connections are still closing is free for them.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _reserve(port: int) -> bool:
    """Take a port for this process and, in a run, for all its workers; False if it was taken."""
    if port in _RESERVED:
        return False
    _RESERVED.add(port)
    if DIRECTORY not in os.environ:
        return True
    try:
        (Path(os.environ[DIRECTORY]) / f"{port}.port").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
