"""Each target in an environment of its own, below ``var/bench``, from pinned requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.compare.targets import BENCH, Target
from tests.servers.programs import program

ROOT = BENCH.parent
PLACE = ROOT / "var" / "bench"
INSTALLED = ".installed"


class Missing(Exception):
    """Something that the comparison needs isn't there, and can't be installed; says what to do."""


@dataclass(frozen=True)
class Installed:
    """A target that can be started: its program (python or node), and the folder to start in."""

    program: Path
    folder: Path


def tool(name: str, package: str, why: str) -> Path:
    """Return the path of a program of the system; raises Missing."""
    found = program(name)
    if found is None:
        raise Missing(f"{name} isn't installed, which {why}: run 'apt-get install {package}'.")
    return found


def install(target: Target, python: Path) -> Installed:
    """Install what the target needs, unless it is there; raises Missing."""
    return _node(target) if not target.app else _python(target, python)


def _node(target: Target) -> Installed:
    node = tool("node", "nodejs npm", f"{target.name} runs on")
    npm = tool("npm", "npm", f"installs {target.name}")
    place = PLACE / target.folder.name
    wanted = "".join(path.read_text() for path in sorted(target.folder.iterdir()))

    def fill() -> None:
        for path in target.folder.iterdir():
            shutil.copy(path, place)
        completed([npm, "ci", "--no-audit", "--no-fund"], place)

    _once(place, wanted, fill)
    return Installed(node, place)


def _python(target: Target, python: Path) -> Installed:
    requirements = target.folder / "requirements.txt"
    build = completed([python, "-c", "import sys; print(sys.version, sys.base_prefix)"], ROOT)
    tag = hashlib.sha256(build.encode()).hexdigest()[:8]
    place = PLACE / f"{target.folder.name}-{build.split()[0]}-{tag}"
    wanted = requirements.read_text()
    options: list[str | Path] = ["-r", requirements]
    if target.ours:
        wanted += (ROOT / "setup.cfg").read_text() + (ROOT / "constraints.txt").read_text()
        extras = "redis,postgresql,cli,speed,metrics"
        options += ["-c", ROOT / "constraints.txt", "-e", f"{ROOT}[{extras}]"]

    def fill() -> None:
        # This interpreter's pip: another one may have been installed without.
        completed([python, "-m", "venv", "--clear", "--without-pip", place], ROOT)
        pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", place / "bin" / "python"]
        completed([*pip, "install", "--quiet", "--disable-pip-version-check", *options], ROOT)

    _once(place, wanted, fill)
    return Installed(place / "bin" / "python", target.folder)


def _once(place: Path, wanted: str, fill: Callable[[], None]) -> None:
    done = place / INSTALLED
    if done.is_file() and done.read_text() == wanted:
        return
    print(f"Installing into {place.relative_to(ROOT)} ...", file=sys.stderr)
    place.mkdir(parents=True, exist_ok=True)
    fill()
    done.write_text(wanted)


def completed(command: list[str | Path], folder: Path) -> str:
    """Run a program to its end, and return what it printed; raises Missing."""
    shown = " ".join(map(str, command))
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)  # noqa: S603
    except OSError as problem:
        raise Missing(f"{command[0]} can't be run: {problem.strerror}.") from None
    if done.returncode != 0:
        raise Missing(f"{shown} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
