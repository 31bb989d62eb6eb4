"""The package of an earlier version, kept as an archive: made, and unpacked to be run.

``python -m tests.upgrades.archive REVISION`` makes it, from that revision of the repository.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.faults.deployment import running

ARCHIVE = Path(__file__).parent / "data" / "previous.tar.xz"
TABLES = Path("oauthprov/storage/sql/tables/__init__.py")
UNUSED = re.compile(r"\.(po|pot)$|^oauthprov/demo/")
"""What neither a server nor a test of it runs."""


def make(revision: str) -> None:
    """Write the archive."""
    command = ["git", "archive", "--format=tar", revision, "oauthprov"]
    every = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603
    with tarfile.open(fileobj=io.BytesIO(every)) as given, tarfile.open(ARCHIVE, "w:xz") as kept:
        for member in given:
            if not UNUSED.search(member.name):
                kept.addfile(member, given.extractfile(member) if member.isfile() else None)


def unpacked(folder: Path) -> Path:
    """Unpack the archive into a folder, which is then one of Python's path."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def schema(code: Path) -> str:
    """The revision of the schema that an unpacked version needs."""
    found = re.search(r'^REVISION = "(\d+)"$', (code / TABLES).read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found.group(1)


CHECK = """\
import sys, oauthprov
assert oauthprov.__file__.startswith(sys.argv.pop(1)), oauthprov.__file__
"""


def run(program: str, *arguments: str, code: Path | None = None, given: str = "") -> str:
    """Run a Python program with a version of the package; None is this version.

    Returns what it prints. ``given`` is its standard input.
    """
    # -P: otherwise the working directory, where this version may be, comes first.
    folder = str(code or "")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-c", CHECK + program, folder, *arguments],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, **running(code)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


if __name__ == "__main__":
    make(*sys.argv[1:])
