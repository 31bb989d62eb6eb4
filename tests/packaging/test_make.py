"""The Makefile as a newcomer meets it: help, taken ports, other Pythons, what it says and when."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.programs import missing
from tests.servers.run import free_port

ROOT = Path(__file__).parents[2]
INTERNAL = {
    "DEMO_HOST",
    "V",
    "BIN",
    "PIP",
    "QUIET",
    "LISTENING",
    "ASK_VERSION",
    "NEED_PYTHON",
    "CHECK_PYTHON",
}
PORTS = [("run", "PORT"), ("demo", "DEMO_PORT"), ("mcp", "PORT"), ("mcp", "MCP_PORT")]
TINY = "[metadata]\nname = tiny\nversion = 1\n[options]\npy_modules =\n[options.extras_require]\n"


def environment() -> dict[str, str]:
    """What make gets where no other make runs it."""
    inherited = ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL", "PYTHON")
    return {name: value for name, value in os.environ.items() if name not in inherited}


@contextmanager
def started(tree: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run make; at the end of the block everything that it started ends too."""
    process = subprocess.Popen(  # noqa: S603 - our own Makefile
        [shutil.which("make") or missing("make"), *arguments],
        cwd=tree,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


@dataclass(frozen=True)
class Done:
    """How a run of make ended."""

    code: int
    lines: list[str]


def make(tree: Path, *arguments: str) -> Done:
    """Run make until it ends by itself."""
    with started(tree, *arguments) as process:
        printed, _ = process.communicate(timeout=120)
    return Done(process.returncode, printed.splitlines())


def refused(done: Done) -> str:
    """The one sentence of a make that failed; what make itself says of it isn't counted."""
    assert done.code == 2, done.lines
    [sentence] = [line for line in done.lines if not line.startswith("make: ***")]
    return sentence


@pytest.fixture
def tree(tmp_path) -> Path:
    """What make needs of the repository, without a .venv."""
    names = ("Makefile", "constraints.txt", "development.ini", "pyproject.toml", "setup.py")
    for name in (*names, "setup.cfg", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def program(path: Path, *command: str) -> Path:
    """A program that runs another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def ready(tree) -> Path:
    """That with a .venv in which this environment is installed."""
    programs = Path(sys.executable).parent
    for name in ("python", "pserve"):
        program(tree / ".venv" / "bin" / name, str(programs / name))
    for name in (".run", ".mcp"):
        (tree / ".venv" / name).touch()
    return tree


def another_python(path: Path, version: tuple[int, ...]) -> Path:
    """A Python that says it is of this version, which isn't installed everywhere."""
    pretend = f"import sys; sys.version_info = {version}; exec(sys.argv[2])"
    return program(path, sys.executable, "-c", pretend)


def test_help_lists_every_variable(tree):
    used = set(re.findall(r"\$\(([A-Z_]+)\)", (tree / "Makefile").read_text("utf-8")))
    described = set(re.findall(r"^ +(\w+)=", "\n".join(make(tree, "help").lines), re.M))
    assert described == used - INTERNAL | {"CLIENT_ID", "CLIENT_SECRET"}


def test_help_lists_every_target(tree):
    [targets] = re.findall(r"^\.PHONY: (.+)$", (tree / "Makefile").read_text("utf-8"), re.M)
    described = re.findall(r"^make (\w+)", "\n".join(make(tree).lines), re.M)
    assert set(described) == set(targets.split()) - {"help", "named-python"}


def test_what_make_test_leaves_out_is_run_by_a_command_that_ci_calls():
    makefile, ci = ((ROOT / name).read_text("utf-8") for name in ("Makefile", ".ci/run"))
    marks = r"^(\w+): \$\(V\)/\.test\n\t.*pytest -m (\"not engines\"|engines) "
    selected = re.findall(marks, makefile, re.M)
    assert selected == [("test", '"not engines"'), ("engines", "engines")]
    assert re.findall(r"make test PYTEST_ARGS=\"-m '' ", ci)  # the last -m counts: every mark


@pytest.mark.parametrize(("target", "variable"), PORTS)
def test_a_taken_port_gives_one_sentence(ready, target, variable):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        said = refused(make(ready, target, f"{variable}={port}"))
    assert said.startswith(f"Port {port} is in use: ")
    assert re.search(rf"{variable}=\d+\.$", said)


@pytest.mark.parametrize(("target", "variable"), PORTS)
@pytest.mark.parametrize("port", ["", "0", "http", "65536", "-1"])
def test_an_invalid_port_gives_one_sentence(ready, target, variable, port):
    said = refused(make(ready, target, f"{variable}={port}"))
    assert said == f"{variable}={port} is not a port: choose a number from 1 to 65535."


@pytest.mark.parametrize("there", ["nothing", "a .venv"])
@pytest.mark.parametrize("name", ["/nonexistent", "true"])
def test_a_python_that_cannot_run_gives_one_sentence(tree, request, there, name):
    if there == "a .venv":
        request.getfixturevalue("ready")
    said = refused(make(tree, "run", f"PYTHON={name}"))
    assert said.startswith(f"{name} can't be run as Python: oauthprov needs Python 3.11 or newer")
    assert (tree / ".venv").exists() == (there == "a .venv")


def test_a_too_old_python_gives_one_sentence(tree):
    for version in ((2, 7, 18), (3, 10, 9)):
        old = another_python(tree / "old", version)
        said = refused(make(tree, "test", f"PYTHON={old}"))
        assert said.startswith(f"{old} is too old: oauthprov needs Python 3.11 or newer")
    assert not (tree / ".venv").exists()


def test_a_missing_python_gives_one_sentence(tree):
    said = refused(make(tree, "run", "PYTHON="))
    assert said.startswith("There is no Python 3.11 or newer on PATH: install")


def test_a_python_other_than_the_venv_s_gives_one_sentence(ready):
    other = another_python(ready / "other", (3, 99, 0))
    said = refused(make(ready, "run", f"PYTHON={other}"))
    assert said.startswith(
        f".venv and PYTHON={other} have different Python versions: run 'make clean' first"
    )


@pytest.mark.parametrize(
    ("target", "variable", "sentence"),
    [
        ("run", "PORT", "oauthprov is on http://127.0.0.1:{}"),
        ("run HOST=localhost", "PORT", "oauthprov is on http://localhost:{}"),
        ("demo", "DEMO_PORT", "The demo client is on http://localhost:{}"),
    ],
)
def test_make_prints_the_address_once_the_server_listens(ready, target, variable, sentence):
    port = free_port()
    with started(ready, *target.split(), f"{variable}={port}") as process:
        printed = []
        while sentence.format(port) not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed.append(line.rstrip("\n"))
        # The first request succeeds: it isn't repeated.
        address = sentence.format(port).split()[-1]
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310
            assert answer.status == 200


def test_make_prints_no_address_when_the_server_fails(ready):
    (ready / "development.ini").write_text("[app:main]\nuse = egg:nothing-of-this-name\n")
    done = make(ready, "run", f"PORT={free_port()}")
    assert done.code == 2
    assert not [line for line in done.lines if line.startswith("oauthprov is on")]


def test_make_prints_what_it_installs(tree):
    (tree / "setup.py").write_text("from setuptools import setup\nsetup()\n", "utf-8")
    extras = "".join(f"{extra} =\n" for extra in ("redis", "postgresql", "mysql", "demo", "cli"))
    (tree / "setup.cfg").write_text(TINY + extras, "utf-8")
    done = make(tree, ".venv/.run", f"PYTHON={sys.executable}")
    assert done.code == 0, done.lines
    first, second, *rest = done.lines
    assert first.startswith("Making .venv with ")
    assert second.startswith("Installing oauthprov and its dependencies into .venv: ")
    for words in ("Obtaining file://", "Successfully installed tiny-1"):
        assert any(line.startswith(words) for line in rest), "pip says what it does"
