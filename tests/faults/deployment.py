"""The provider as it is deployed: several server processes over one store, nothing replaced."""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from oauthprov.accounts import BuiltInAccounts, PasswordPolicy
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Storage
from tests.faults.processes import Process
from tests.faults.stores import Store
from tests.servers.run import free_port
from tests.site import PASSWORD

PEOPLE = ("alice", "bob")
CALLBACK = "https://app.example/callback"
WORKERS = 2
GRACE = 60
"""Seconds in which a lost refresh response is given again: longer than any fault lasts."""

_INI = """\
[DEFAULT]
port = 0
[app:main]
use = egg:oauthprov
pyramid.default_locale_name = en
{settings}
[server:main]
use = egg:waitress#main
host = 127.0.0.1
get port = port
threads = 8
[loggers]
keys = root, queue
[handlers]
keys = console
[formatters]
keys = line
[logger_root]
level = WARNING
handlers = console
[logger_queue]
level = ERROR
handlers =
qualname = waitress.queue
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = line
[formatter_line]
format = %(asctime)s %(levelname)s [%(name)s] %(message)s
"""


@dataclass(frozen=True)
class Application:
    """A registered client and its secret."""

    client_id: str
    secret: str


class Worker:
    """One server process of the provider, on a port of its own.

    ``code`` is the folder of another version's package; None runs this version.
    """

    def __init__(self, ini: Path, home: Path, port: int, code: Path | None = None) -> None:
        home.mkdir()
        pserve = Path(sys.executable).with_name("pserve")
        compiled = home.parent / "templates"
        compiled.mkdir(exist_ok=True)
        environment = {"CHAMELEON_CACHE": str(compiled)} | running(code)
        self.port = port
        self.process = Process([pserve, ini, f"port={port}"], home, environment=environment)

    def start(self) -> None:
        self.process.start(self._health)

    def _health(self) -> None:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            asking.request("GET", "/healthz")
            answer = asking.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"the worker isn't well: /healthz answered {answer.status}")
        finally:
            asking.close()


class Deployment:
    """Workers over a store, with two people and two clients: an app and a machine."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store = store
        self.home = home
        self.ports = [free_port() for _ in range(WORKERS)]
        self.issuer = f"http://127.0.0.1:{self.ports[0]}"
        self.ini = home / "provider.ini"
        self.workers: list[Worker] = []
        self.app = self.machine = Application("", "")

    def start(self) -> None:
        """Start the store and the workers, and register who uses them."""
        self.store.start()
        settings = self._settings()
        lines = [f"{key} = {_indented(value)}" for key, value in settings.items()]
        self.ini.write_text(_INI.format(settings="\n".join(lines)))
        self._fill(settings)
        for number, port in enumerate(self.ports):
            self.workers.append(self._worker(number, port))
        self._start()

    def end(self) -> None:
        """End the workers, then the store."""
        for worker in self.workers:
            worker.process.end()
        self.store.end()

    @contextmanager
    def storage(self) -> Iterator[Storage]:
        """The storage itself, beside the workers."""
        storage = open_storage(self.store.url)
        try:
            yield storage
        finally:
            storage.close()

    def _settings(self) -> dict[str, str]:
        plenty = "1000000 per hour"
        given = {
            "issuer": self.issuer,
            "development": "true",
            "secret": "0123456789abcdefghijklmnopqrstuvwxyz",
            "storage.url": self.store.url,
            "scopes": "openid | Know you when you come back\n"
            "offline_access | Go on while you are away\n"
            "profile:read | See your name",
            "default_scopes": "profile:read",
            "access_token_lifetime": "3600",
            "refresh_token_grace": str(GRACE),
            "login.limit_account": plenty,
            "login.limit_address": plenty,
            "login.limit_success": plenty,
            "password.memory": "8",
            "password.time": "1",
            "keys.algorithms": "ES256 RS256",
            "logout.worker": "false",
        }
        return {f"oauthprov.{key}": value for key, value in given.items()}

    def _worker(self, number: int, port: int) -> Worker:
        return Worker(self.ini, self.home / f"worker{number}", port)

    def _start(self) -> None:
        for worker in self.workers:
            worker.start()

    def _fill(self, settings: dict[str, str]) -> None:
        with self.storage() as storage:
            storage.upgrade()
            self._populate(Settings.from_ini(settings), storage)

    def _populate(self, settings: Settings, storage: Storage) -> None:
        accounts = accounts_of(storage)
        for name in PEOPLE:
            accounts.sign_up(name, PASSWORD)
        registrar = Registrar(settings, storage, _clock)
        scopes = ("openid", "offline_access", "profile:read")
        app, secret = registrar.register(
            type="web", name="Printer", scopes=scopes, redirect_uris=(CALLBACK,)
        )
        self.app = Application(app.client_id, str(secret))
        machine, secret = registrar.register(
            type="machine", name="Nightly report", scopes=("profile:read",)
        )
        self.machine = Application(machine.client_id, str(secret))


def running(code: Path | None) -> dict[str, str]:
    """The environment of a process that runs the package in ``code``; None is this version."""
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join(part for part in (code and str(code), before) if part)
    return {"PYTHONWARNINGS": "ignore"} | ({"PYTHONPATH": path} if path else {})


D = TypeVar("D", bound=Deployment)


@contextmanager
def deployed(
    make: Callable[[Path], Store], kind: Callable[[Store, Path], D] = Deployment
) -> Iterator[D]:
    """A running deployment over the store that ``make`` makes; it leaves nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="oauthprov-faults-"))
    home.chmod(0o711)  # stores under other users pass through it
    made = None
    try:
        made = kind(make(home / "store"), home)
        made.start()
        yield made
    finally:
        if made is not None:
            made.end()
        shutil.rmtree(home, ignore_errors=True)


def accounts_of(storage: Storage) -> BuiltInAccounts:
    """The accounts in a storage; their passwords are as cheap to hash as the workers find them."""
    return BuiltInAccounts.with_costs(
        storage, _clock, memory_kib=8, time_cost=1, policy=PasswordPolicy()
    )


def _clock() -> int:
    return int(time.time())


def _indented(value: str) -> str:
    return value.replace("\n", "\n    ")
