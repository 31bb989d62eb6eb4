"""A small disk that can be filled up: a file system in memory, on Linux and as root only."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CLONE_NEWNS = 0x00020000
STEP = 1 << 16


class NoDisk(Exception):
    """No file system can be mounted here."""


class Disk:
    """A file system of its own at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Write until nothing fits any more."""
        with self._ballast.open("wb", buffering=0) as file:
            for size in (STEP, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)


def mount_privately() -> None:
    """Let no mount of this process be seen by others, nor outlive it. Raises NoDisk."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoDisk("a small disk needs root on Linux")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise NoDisk(f"no namespace for mounts: {os.strerror(ctypes.get_errno())}")
    _run("mount", "--make-rprivate", "/")


@contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """A disk of that size, unmounted afterwards. Raises NoDisk.

    Call :func:`mount_privately` first, so that the mount ends with the process at the latest.
    """
    path = Path(tempfile.mkdtemp(prefix="oauthprov-disk-"))
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "oauthprov", str(path))
        try:
            yield Disk(path)
        finally:
            _run("umount", "--lazy", str(path))
    finally:
        with suppress(OSError):
            path.rmdir()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise NoDisk(done.stderr.strip())
