"""Programs that people write with a library for sign-in, each served at an address of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.clients import javascript
from tests.clients.person import Person
from tests.servers.run import free_port, until

HERE = Path(__file__).parent
PYTHON = (sys.executable, "-W", "ignore")


def by_visit(person: Person, root: str) -> requests.Response:
    return person.visit(f"{root}/sign-in")


@dataclass(frozen=True)
class Program:
    """How a program is started, what its client needs, and which paths it has."""

    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    callback: str = "/callback"
    begin: Callable[[Person, str], requests.Response] = by_visit
    sign_out: str | None = "/sign-out"
    refreshes: bool = True
    client: dict[str, object] = field(default_factory=dict)

    def line(self) -> list[str]:
        name = self.command[0]
        if name.endswith(".py"):
            return [*PYTHON, str(HERE / "parties" / name), *self.command[1:]]
        return [str(javascript.node()), str(javascript.HOME / name), *self.command[1:]]


@contextmanager
def served(program: Program, root: str, **environment: str) -> Iterator[None]:
    """Run a program until the end of the block."""
    given = os.environ | program.environment | environment | {"ROOT": root}
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(  # noqa: S603
            program.line(), env=given, cwd=folder, stdout=log, stderr=log
        ) as running,
    ):
        try:
            until(lambda: requests.get(f"{root}/me", timeout=30), lambda: running.poll() is None)
            yield
        except BaseException as error:
            log.seek(0)
            error.add_note(log.read()[-4000:])
            raise
        finally:
            running.terminate()


def free_root() -> str:
    return f"http://localhost:{free_port()}"
