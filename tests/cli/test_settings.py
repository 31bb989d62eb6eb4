"""``oauthprov settings``."""

from pathlib import Path

import pytest

from oauthprov.cli.settings import effective, markdown
from oauthprov.settings import Settings, options
from tests import site as sites
from tests.cli.conftest import write_ini


def rows(done):
    return {row["key"]: row for row in done.json["settings"]}


def test_every_setting_has_its_value_and_source(command, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdefghijklmnopqrstuvwxyz\n")
    monkeypatch.setenv("TITLE", "Printers")
    settings = sites.ini(command.url, title="env:TITLE", secret=f"file:{secret}")
    command.ini = write_ini(tmp_path / "sources.ini", settings)
    shown = rows(command("settings", "--json"))
    assert list(shown) == [item.metadata["key"] for item in options()]
    told = {key: (row["value"], row["source"]) for key, row in shown.items()}
    assert told["oauthprov.title"] == ("Printers", "env:TITLE")
    assert told["oauthprov.secret"] == ("********", f"file:{secret}")
    assert told["oauthprov.issuer"] == (sites.ISSUER, "ini")
    assert told["oauthprov.code_lifetime"] == ("60", "default")
    assert "oauthprov.title" in command("settings").out


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://alice:hush-hush@db.example/oauthprov",
        "postgresql+psycopg://db.example/oauthprov?user=alice&password=hush-hush",
        "redis://:hush-hush@cache.example/0",
        "redis+cluster://alice:hush-@hush-hush@one.example,two.example",
    ],
)
def test_no_secret_is_shown(command, tmp_path, url):
    limits = "redis://:hush-hush@limits.example/0"
    mail = "smtp://robot:hush-hush@mail.example"
    given = {"limits.url": limits, "mail.url": mail}
    settings = sites.ini(url, **given, **{"mail.sender": "id@example.org"})
    command.ini = write_ini(tmp_path / "masked.ini", settings)
    for form in ((), ("--json",)):
        done = command("settings", *form)
        assert done.code == 0
        assert "hush" not in done.out
        assert "0123456789abc" not in done.out
        assert ".example" in done.out


def test_a_password_among_the_options_of_a_storage_is_masked():
    url = "shelf://alice:hush/-@hush-hush@one.example"
    section = sites.ini(url, **{"storage.password": "hush-hush"})
    shown = {row["key"]: row["value"] for row in effective(section)}
    assert shown["oauthprov.storage.password"] == "********"
    assert shown["oauthprov.storage.url"] == "shelf://alice:********@one.example"


def test_an_option_of_the_storage_may_be_fetched(command, tmp_path, monkeypatch):
    monkeypatch.setenv("TIMEOUT", "2")
    settings = sites.ini(command.url, **{"storage.timeout": "env:TIMEOUT"})
    assert Settings.from_ini(settings).storage_options == {"timeout": "2"}
    command.ini = write_ini(tmp_path / "options.ini", settings)
    shown = rows(command("settings", "--json"))["oauthprov.storage.timeout"]
    assert (shown["value"], shown["source"]) == ("********", "env:TIMEOUT")
    assert command("storage", "check").code == 0
    monkeypatch.delenv("TIMEOUT")
    done = command("storage", "check")
    assert (done.code, done.out) == (1, "")
    assert "oauthprov.storage.timeout names the environment variable TIMEOUT" in done.err


def test_all_wrong_settings_are_listed(command, tmp_path):
    settings = sites.ini(command.url, console="nobody", surprise="yes", code_lifetime="soon")
    command.ini = write_ini(tmp_path / "wrong.ini", settings)
    for arguments in (("settings",), ("user", "list"), ("storage", "check")):
        done = command(*arguments)
        assert (done.code, done.out) == (1, "")
        for key in ("console", "surprise", "code_lifetime"):
            assert f"oauthprov.{key}" in done.err


@pytest.mark.parametrize("url", ["redis://:hush/-hush@host", "redis://:hush\u2100@host", "hush"])
def test_a_wrong_url_is_not_repeated(command, tmp_path, url):
    command.ini = write_ini(tmp_path / "x.ini", sites.ini(command.url, **{"limits.url": url}))
    done = command("settings")
    assert (done.code, done.out) == (1, "")
    assert "oauthprov.limits.url" in done.err
    assert "hush" not in done.err


def test_the_markdown_table_needs_no_ini(command):
    done = command.bare("settings", "--markdown")
    lines = done.out.splitlines()
    assert lines[1] == "| --- | --- | --- |"
    assert len(lines) == 2 + len(options())
    assert command.bare("settings").code == 1


def test_the_readme_shows_this_table():
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    table = readme.partition("<!-- settings -->\n")[2].partition("<!-- /settings -->")[0]
    assert table == markdown(), (
        "put what 'oauthprov settings --markdown' prints between the two marks in README.md"
    )
