"""A deployment of the previous version that is upgraded while it serves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.faults.deployment import CALLBACK, PEOPLE, Application, Deployment, Worker
from tests.faults.faults import Fault
from tests.faults.stores import Store
from tests.site import PASSWORD
from tests.upgrades import archive

PREVIOUS, THIS = 0, 1
"""The numbers of the two workers once one of them has been replaced."""
SCOPES = ("openid", "offline_access", "profile:read")

_COMMANDS = """\
import contextlib, io, json, sys
from oauthprov.cli import main
printed = []
for arguments, given in json.load(sys.stdin):
    sys.stdin = io.StringIO(given)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main(arguments)
    if code:
        sys.exit(f"oauthprov {' '.join(arguments)} ended with {code}")
    printed.append(out.getvalue())
print(json.dumps(printed))
"""
"""One process for all: to import the package takes most of the time of a command."""


class Rolling(Deployment):
    """Workers of the previous version, over a store that this version hasn't touched."""

    def __init__(self, store: Store, home: Path) -> None:
        super().__init__(store, home)
        self.previous = archive.unpacked(home / "previous")
        self._started = 0

    def run(
        self, *commands: Sequence[str], code: Path | None = None, given: str = ""
    ) -> list[str]:
        """Run ``oauthprov`` commands of one version, each with ``given`` as its standard input.

        The .ini is put behind the verb. Returns what each has printed.
        """
        every = [([*verb[:2], str(self.ini), *verb[2:]], given) for verb in commands]
        printed = archive.run(_COMMANDS, code=code, given=json.dumps(every))
        found: list[str] = json.loads(printed)
        return found

    def replace(self, number: int, code: Path | None = None) -> None:
        """End a worker, and start one of another version in its place."""
        self.workers[number].process.end()
        self.workers[number] = self._new(self.ports[number], code)
        self.workers[number].start()

    def _worker(self, number: int, port: int) -> Worker:
        return self._new(port, self.previous)

    def _new(self, port: int, code: Path | None) -> Worker:
        self._started += 1
        return Worker(self.ini, self.home / f"worker{self._started}", port, code)

    def _fill(self, settings: dict[str, str]) -> None:
        scopes = [part for scope in SCOPES for part in ("--scope", scope)]
        web = ["--type", "web", "--name", "Printer", "--redirect-uri", CALLBACK, *scopes]
        machine = ["--type", "machine", "--name", "Nightly report", "--scope", "profile:read"]
        *_, app, robot = self.run(
            ["storage", "upgrade"],
            *(["user", "add", name, "--password-stdin"] for name in PEOPLE),
            *(["client", "add", "--json", *how] for how in (web, machine)),
            code=self.previous,
            given=PASSWORD,
        )
        self.app, self.machine = application(app), application(robot)


class Beside(Rolling):
    """The previous version and this one, after this one has upgraded the storage."""

    def _worker(self, number: int, port: int) -> Worker:
        return self._new(port, self.previous if number == PREVIOUS else None)

    def _start(self) -> None:
        self.workers[PREVIOUS].start()
        self.run(["storage", "upgrade"])
        self.workers[THIS].start()


def application(printed: str) -> Application:
    """The client that the command has registered."""
    client = json.loads(printed)
    return Application(client["client_id"], client["client_secret"])


class Upgrade(Fault):
    """The storage is upgraded, and one worker replaced; then the other, to and fro."""

    name = "upgrade"

    def __init__(self, deployment: Rolling) -> None:
        super().__init__()
        self._deployment = deployment
        self.killed = list(deployment.ports)

    def begin(self) -> None:
        self._deployment.run(["storage", "upgrade"])
        self._deployment.replace(PREVIOUS)

    def end(self) -> None:
        for code in (None, self._deployment.previous, None):
            self._deployment.replace(THIS, code)
