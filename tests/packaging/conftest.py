"""Source distribution and wheel, built as a release is, from a copy of the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest

from tests.once import once

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = (
    "var/oauthprov.sqlite",
    "bench/result.json",
    "docs/decisions/draft.txt",
    "examples/embedded/var/album.sqlite",
    "examples/embedded/__pycache__/album.cpython-311.pyc",
    "tests/__pycache__/site.cpython-311.pyc",
    "tests/.pytest_cache/README.md",
    ".hypothesis/unicode.txt",
    "oauthprov/__pycache__/logs.cpython-311.pyc",
    "oauthprov/templates/login.pt.orig",
    "oauthprov/var/oauthprov.secret",
)
"""What work in a tree leaves in it; none of it belongs into a release."""
_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".hypothesis", "var", "build", "dist", "*.egg-info", ".*_cache", "__pycache__"
)


@dataclass(frozen=True)
class Built:
    """Both distributions of a tree: their files, their metadata, what the build printed."""

    tree: Path
    sdist: Path
    wheel: Path
    printed: str

    @property
    def sdist_files(self) -> set[str]:
        with tarfile.open(self.sdist) as archive:
            names = {member.name for member in archive.getmembers() if member.isfile()}
        return {name.partition("/")[2] for name in names}

    @property
    def wheel_files(self) -> set[str]:
        with zipfile.ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    @property
    def metadata(self) -> Message:
        with zipfile.ZipFile(self.wheel) as archive:
            [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            return BytesParser().parsebytes(archive.read(name))


def copied(tree: Path) -> Path:
    """A copy of the repository as a checkout has it."""
    shutil.copytree(ROOT, tree, ignore=_NOT_COPIED)
    return tree


def build(tree: Path, out: Path) -> Built:
    """Build the source distribution, and the wheel from nothing but that one."""
    printed = _call_backend(tree, "build_sdist", out)
    [sdist] = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(out, filter="data")
    printed += _call_backend(out / sdist.name.removesuffix(".tar.gz"), "build_wheel", out)
    [wheel] = out.glob("*.whl")
    return Built(tree, sdist, wheel, printed)


def _call_backend(tree: Path, hook: str, out: Path) -> str:
    script = f"import sys; from setuptools import build_meta; build_meta.{hook}(sys.argv[1])"
    # With it setuptools warns that it compiles nothing.
    unset = "PYTHONDONTWRITEBYTECODE"
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script, out],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if name != unset},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The distributions of a tree that somebody has worked in."""
    return once(tmp_path_factory, "distributions", build_used)


def build_used(place: Path) -> Built:
    tree = copied(place / "tree")
    for name in LEFT_BEHIND:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"left behind")
    (place / "dist").mkdir()
    return build(tree, place / "dist")
