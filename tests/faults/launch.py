"""Become another program, which is killed when the process that started it is gone.

Run as a script: ``python -I launch.py PARENT UID:GID COMMAND ...``. PARENT is the process id of
the caller, ``UID:GID`` may be empty. Only Linux has this signal; elsewhere the ``finally`` blocks
of the callers end what they started.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, identity: str, command: list[str]) -> None:
    uid, _, gid = identity.partition(":")
    if uid:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After the change of user, which would take it away.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the caller is gone")
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
