"""The command on its own .ini, over real storage; it runs in this process by default."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from oauthprov.cli import main
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from tests import site as sites
from tests.engines import engines
from tests.servers import empty, fresh

PASSWORD = "correct horse battery"


@dataclass
class Done:
    """The result of a run of the command."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Command:
    """``oauthprov GROUP VERB INI ...`` on one .ini."""

    ini: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, group: str, *arguments: str, stdin: str = "") -> Done:
        """Run it; the .ini goes behind the verb."""
        verb = arguments[:1] if group != "settings" else ()
        rest = arguments[len(verb) :]
        return self.bare(group, *verb, str(self.ini), *rest, stdin=stdin)

    def bare(self, *argv: str, stdin: str = "") -> Done:
        """Run it with exactly these arguments."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        try:
            code = main(argv)
        except SystemExit as stopped:
            code = stopped.code
        printed = self.capsys.readouterr()
        return Done(code, printed.out, printed.err)

    def user(self, name: str, *more: str) -> dict:
        return self("user", "add", name, "--password-stdin", "--json", *more, stdin=PASSWORD).json

    def client(self, kind: str = "web", *more: str) -> dict:
        given = ["--type", kind, "--name", "Printer", "--scope", "profile:read", "--json", *more]
        if CLIENT_TYPES[kind].redirects:
            given += ["--redirect-uri", "https://printer.example/callback"]
        return self("client", "add", *given).json

    def storage(self):
        """The storage that the command works on."""
        return open_storage(self.settings().storage_url)

    def settings(self) -> Settings:
        return Settings.from_ini(sites.ini(self.url))

    @property
    def url(self) -> str:
        lines = self.ini.read_text("utf-8").splitlines()
        [line] = [line for line in lines if line.startswith("oauthprov.storage.url")]
        return line.partition(" = ")[2]


def write_ini(path: Path, settings: dict[str, str]) -> Path:
    """Write settings as ``[app:main]`` of an .ini."""
    lines = ["[app:main]", "use = egg:oauthprov"]
    for key, value in settings.items():
        lines.append(f"{key} = " + value.replace("\n", "\n    "))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """The command on a SQLite file that is up to date."""
    url = f"sqlite:///{tmp_path}/oauthprov.sqlite"
    made = Command(write_ini(tmp_path / "server.ini", sites.ini(url)), monkeypatch, capsys)
    fresh(url)
    return made


@pytest.fixture
def on_redis(tmp_path, monkeypatch, capsys, redis_url):
    """The command on a real Redis."""
    empty(redis_url)
    made = Command(write_ini(tmp_path / "redis.ini", sites.ini(redis_url)), monkeypatch, capsys)
    assert made("storage", "upgrade").code == 0
    return made


@pytest.fixture(params=engines(["sqlite", "postgresql", "mariadb", "redis"], "sqlite", "redis"))
def on_each(request, tmp_path, monkeypatch, capsys):
    """The command on each engine in turn."""
    url = f"sqlite:///{tmp_path}/each.sqlite"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{request.param}_url")
    made = Command(write_ini(tmp_path / "each.ini", sites.ini(url)), monkeypatch, capsys)
    assert made("storage", "upgrade").code == 0
    if request.param != "sqlite":
        empty(url)
    return made
