"""What a run was made with: revision, interpreter, versions, machine; no host names, no paths."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.compare.installing import ROOT, Installed, completed
from bench.compare.results import Interpreter
from bench.compare.targets import Target
from tests.servers import postgresql, redis

_INTERPRETER = """
import json, platform, sys, sysconfig, timeit
flags = " ".join(str(sysconfig.get_config_var(name)) for name in ("CONFIG_ARGS", "PY_CFLAGS"))
work = "sorted(map(str, range(50))); {n: [n] for n in range(50)}; '-'.join(map(repr, range(50)))"
print(json.dumps({
    "version": platform.python_version() + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "pgo": "--enable-optimizations" in flags,
    "lto": "--with-lto" in flags or "-flto" in flags,
    "prefix": sys.base_prefix,
    "microseconds": min(timeit.repeat(work, number=2000, repeat=9)) / 2000 * 1e6,
}))
"""

_PACKAGES = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""


def interpreter(python: Path) -> Interpreter:
    """Return what an interpreter is; raises Missing.

    ``microseconds`` is the best time of a piece of pure Python. Distributions build with PGO and
    LTO, but not all leave a record of it in sysconfig; this time shows it.
    """
    found = dict(json.loads(completed([python, "-c", _INTERPRETER], ROOT)))
    kept = " and ".join(name.upper() for name in ("pgo", "lto") if found.pop(name))
    if found.pop("prefix") == "/usr":
        found["build"] = (
            f"distribution package, {kept or 'its use of PGO and LTO is not recorded'}"
        )
    else:
        found["build"] = f"built from source, {kept or 'without PGO and LTO'}"
    found["microseconds"] = round(found["microseconds"], 1)
    return Interpreter(**found)


def versions(installed: Mapping[Target, Installed]) -> dict[str, dict[str, str]]:
    """Return the versions of what each target is made of, and of the tools around them."""
    found = {"tools": _tools()}
    for target, where in installed.items():
        if target.app:
            found[target.name] = json.loads(
                _said(where.program, "-c", _PACKAGES, *target.packages)
            )
        else:
            found[target.name] = {"node": _said(where.program, "--version").lstrip("v")}
            for name in target.packages:
                text = (where.folder / "node_modules" / name / "package.json").read_text()
                found[target.name][name] = json.loads(text)["version"]
    return found


def _tools() -> dict[str, str]:
    commands: dict[str, tuple[str | Path, str]] = {
        "wrk": ("wrk", "-v"),
        "postgresql": (postgresql.directory() / "postgres", "--version"),
        "redis": (redis.binary(), "--version"),
    }
    return {name: _number(_said(*line)) for name, line in commands.items()}


def _number(text: str) -> str:
    found = re.search(r"\d+(\.\d+)+", text)
    return found.group() if found else "unknown"


def revision() -> str:
    """Return the short commit id of this tree, with "+" if files differ; "unknown" without git."""
    commit = _said("git", "-C", ROOT, "rev-parse", "--short", "HEAD")
    if not re.fullmatch("[0-9a-f]+", commit):
        return "unknown"
    changed = _said("git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no")
    return commit + "+" * bool(changed)


def machine() -> str:
    """Return the machine in words."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _said(*command: str | Path) -> str:
    """Return what a program printed, wherever it did; wrk's exit code for its version is 1."""
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    return (done.stdout or done.stderr).strip()
