"""Wrong settings: every way to start a server lists all problems, and shows no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyramid.config import Configurator

import oauthprov
from oauthprov.errors import ConfigurationError
from tests import site as sites
from tests.cli.conftest import write_ini
from tests.servers.deployed import python

WRONG = {
    "issuer": "http://id.example",
    "code_lifetime": "soon",
    "surprise": "yes",
    "mail.url": "smtp://mail.example",
    "limits.url": "postgresql://alice:hush-hush@db.example/limits",
    "storage.pool_size": "many",
    "storage.colour": "red",
}
PROBLEMS = (
    "oauthprov.issuer must be an https URL",
    "oauthprov.code_lifetime ",
    "oauthprov.surprise is not a setting",
    "oauthprov.mail.sender is required when mail.url names a mail server",
    "oauthprov.limits.url ",
    "oauthprov.storage.pool_size must be a whole number above 0",
    "oauthprov.storage.colour is no option of this storage",
)
COMMAND = ("-c", "import sys; from oauthprov.cli import main; sys.exit(main())")
STARTS = {
    "pserve": (1, ("-m", "pyramid.scripts.pserve", "wrong.ini")),
    "serve": (1, (*COMMAND, "serve", "wrong.ini")),
    "wsgi": (3, ("-c", "import oauthprov.wsgi")),
    "settings": (1, (*COMMAND, "settings", "wrong.ini")),
    "a command": (1, (*COMMAND, "user", "list", "wrong.ini")),
}


def expect_the_list(said: str, problems=PROBLEMS) -> None:
    lines = said.splitlines()
    assert lines[0] == "oauthprov can't start:", said
    assert "Traceback" not in said
    assert "hush" not in said
    for problem in problems:
        assert [line for line in lines[1:] if line.startswith(f"  - {problem}")], problem
    assert len(lines) == 1 + len(problems), said


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    settings = sites.ini("sqlite:///wrong.sqlite", **WRONG)
    ini = write_ini(tmp_path / "wrong.ini", settings)
    ini.write_text(ini.read_text("utf-8") + "[server:main]\nuse = egg:waitress#main\n", "utf-8")
    return ini


def start(folder: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter and file
        python(*arguments),
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OAUTHPROV_INI": "wrong.ini"},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("way", STARTS)
def test_every_start_lists_all_problems_without_a_traceback(wrong, way):
    code, arguments = STARTS[way]
    done = start(wrong.parent, arguments)
    assert (done.returncode, done.stdout) == (code, "")
    expect_the_list(done.stderr)


@pytest.mark.parametrize("way", ["pserve", "serve", "wsgi"])
def test_a_storage_without_tables_is_a_problem_without_a_traceback(tmp_path, way):
    write_ini(tmp_path / "wrong.ini", sites.ini("sqlite:///wrong.sqlite"))
    with (tmp_path / "wrong.ini").open("a", encoding="utf-8") as ini:
        ini.write("[server:main]\nuse = egg:waitress#main\n")
    code, arguments = STARTS[way]
    done = start(tmp_path, arguments)
    assert done.returncode == code
    expect_the_list(done.stderr, ["the database has no tables of oauthprov"])


UNREADABLE = {
    "[app:main]\noauthprov.secret = hush%hush\n": "the value of oauthprov.secret in [app:main]",
    "[app:main]\noauthprov.secret = hush%(x)s\n": "the value of oauthprov.secret in [app:main]",
    "[app:main]\nhush-hush\n": "line 2 has no = and is no section.",
    "oauthprov.secret = hush-hush\n": "line 1 is in no section.",
}


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_file_that_cannot_be_read_keeps_its_secrets(command, tmp_path, text):
    (tmp_path / "wrong.ini").write_text(text.replace("\noauth", "\nuse = egg:oauthprov\noauth"))
    for arguments in (["settings"], ["user", "list"], ["doctor", "--offline"]):
        done = command.bare(*arguments, str(tmp_path / "wrong.ini"))
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(f"{tmp_path}/wrong.ini can't be read: {UNREADABLE[text]}")
        assert len(done.err.splitlines()) == 1
        assert "hush" not in done.err


def test_an_app_whose_module_is_not_found_says_where_modules_are_looked_for(command, tmp_path):
    (tmp_path / "host.ini").write_text("[app:main]\nuse = call:uninstalled_host:main\n")
    done = command.bare("client", "list", str(tmp_path / "host.ini"))
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"{tmp_path}/host.ini can't be read: No module named 'uninstalled_host'. Install it "
        "beside oauthprov, or name the folder that has it in PYTHONPATH.\n"
    )


@pytest.mark.parametrize("way", ["serve", "wsgi"])
def test_nor_does_a_server_print_them(tmp_path, way):
    (tmp_path / "wrong.ini").write_text(next(iter(UNREADABLE)))
    code, arguments = STARTS[way]
    done = start(tmp_path, arguments)
    assert done.returncode == code
    assert "can't be read: " in done.stderr
    assert "hush" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://alice:hush-hush@db/x", "the URL's scheme is unknown"),
        ("alice:hush-hush@db", "a storage URL must begin with one of sqlite://"),
        ("postgresql://alice:hush-hush@db:port/x", ""),
        ("redis://:hush-hush@db/?colour=red", "the query of the Redis URL"),
        ("redis://:hush-hush@db/oauth", "the path of the Redis URL"),
    ],
)
def test_a_wrong_storage_url_is_found_beside_other_problems(command, tmp_path, url, words):
    command.ini = write_ini(tmp_path / "x.ini", sites.ini(url, code_lifetime="soon"))
    done = command("settings")
    assert (done.code, done.out) == (1, "")
    expect_the_list(done.err, ["oauthprov.code_lifetime ", f"oauthprov.storage.url: {words}"])


def test_several_wrong_options_of_redis_are_listed(command, tmp_path):
    more = {"storage.read_timeout": "0", "storage.key_prefix": "{", "storage.timeout": "1"}
    command.ini = write_ini(tmp_path / "x.ini", sites.ini("redis://127.0.0.1:1/0", **more))
    done = command("settings")
    expect_the_list(done.err, [f"oauthprov.{name} " for name in more])


def test_the_doctor_finds_wrong_options_of_the_storage(command, tmp_path):
    more = {"storage.pool_size": "many", "storage.colour": "red"}
    command.ini = write_ini(tmp_path / "x.ini", sites.ini(command.url, **more))
    done = command.bare("doctor", str(command.ini), "--offline", "--json")
    found = " ".join(one["found"] for one in done.json["findings"])
    assert "oauthprov.storage.pool_size must be" in found
    assert "oauthprov.storage.colour is no option" in found


def test_a_host_gets_an_exception_with_the_problems(monkeypatch):
    hook = object()
    monkeypatch.setattr("sys.excepthook", hook)
    settings = sites.ini("sqlite://", **WRONG)
    config = Configurator(settings=settings)
    with pytest.raises(ConfigurationError) as raised:
        config.include("oauthprov")
    assert len(raised.value.problems) == len(PROBLEMS)

    assert sys.excepthook is hook


def test_who_builds_the_app_can_catch_the_problems(monkeypatch):
    monkeypatch.setattr("sys.excepthook", print)
    with pytest.raises(ConfigurationError) as raised:
        oauthprov.main({}, **sites.ini("sqlite://", **WRONG))
    assert len(raised.value.problems) == len(PROBLEMS)
