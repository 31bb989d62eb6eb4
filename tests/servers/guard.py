"""Run one server until the run of tests that wants it is over, however it ended.

The process that opened the run holds a shared lock on a file; the kernel releases it even when
that process is killed, and then the guard gets its exclusive lock. Run as a script, which returns
at once: ``python guard.py HOME UID:GID COMMAND ...``, where HOME is a directory inside that of the
run, and ``UID:GID`` may be empty.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

LOCK = "lock"
LOG = "log"
PID = "process"
ENDED = "ended"


def main(home: Path, identity: str, command: list[str]) -> None:
    with (home.parent / LOCK).open() as lock, (home / LOG).open("wb") as log:
        server = start(home, identity, command, log)
        (home / PID).write_text(str(server.pid))
        waiting = threading.Thread(target=stop_after_run, args=(lock, server))
        waiting.start()
        server.wait()
        (home / ENDED).touch()
        waiting.join()
        shutil.rmtree(home, ignore_errors=True)
        remove_if_unused(home.parent)


def start(
    home: Path, identity: str, command: list[str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    uid, _, gid = identity.partition(":")
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        user=int(uid) if uid else None,
        group=int(gid) if gid else None,
        extra_groups=[] if uid else None,
    )


def stop_after_run(lock: IO[str], server: subprocess.Popen[bytes]) -> None:
    """Wait for the lock, then end the server: politely, for it may own shared memory."""
    fcntl.flock(lock, fcntl.LOCK_EX)
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()


def remove_if_unused(run: Path) -> None:
    """Remove the directory of a run that has no server left. Needs the exclusive lock."""
    if run.exists() and not any(entry.is_dir() for entry in run.iterdir()):
        shutil.rmtree(run, ignore_errors=True)


def leave_the_terminal() -> None:
    """Go on in the background, where an interrupt of the tests isn't ours."""
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)


if __name__ == "__main__":
    leave_the_terminal()
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
