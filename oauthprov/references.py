"""A value of an .ini that stands elsewhere: ``env:NAME`` or ``file:/path``."""

from __future__ import annotations

import os
from pathlib import Path

from oauthprov.credentials import mint


def dereferenced(value: str, *, create: bool = False) -> str:
    """Return ``value``, or what it names by ``env:NAME`` or ``file:/path``.

    ``create`` makes a file that isn't there, with a secret in it. Raises ValueError, OSError.
    """
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        if not os.environ.get(name):
            raise ValueError(f"names the environment variable {name}, which isn't set")
        value = os.environ[name]
    elif value.startswith("file:"):
        value = _file(Path(value.removeprefix("file:")), create)
    return value.strip()


def _file(path: Path, create: bool) -> str:
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as made:
            made.write(mint()[0] + "\n")
    try:
        return path.read_text("utf-8")
    except OSError as wrong:
        raise ValueError(f"names the file {path}, which can't be read: {wrong.strerror}") from None
