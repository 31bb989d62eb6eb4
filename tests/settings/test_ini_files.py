"""development.ini and production.ini: they load, agree with each other and with the settings."""

import configparser
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyramid.paster import get_app, get_appsettings
from webtest import TestApp

from oauthprov.settings import GROUPS, Settings, options

ROOT = Path(__file__).parents[2]
DEVELOPMENT, PRODUCTION = ROOT / "development.ini", ROOT / "production.ini"
ENVIRONMENT = {
    "OAUTHPROV_ISSUER": "https://id.example",
    "OAUTHPROV_SECRET": "0123456789abcdefghijklmnopqrstuvwxyz",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with both files, where ``var/`` and the database are made."""
    for ini in (DEVELOPMENT, PRODUCTION):
        (tmp_path / ini.name).write_text(ini.read_text("utf-8"), "utf-8")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OAUTHPROV_STORAGE_URL", f"sqlite:///{tmp_path}/production.sqlite")
    return tmp_path


def run(place, *argv, typed=""):
    """Run a console script of this environment as a person does, who types this."""
    script = Path(sys.executable).with_name(argv[0])
    return subprocess.run(  # noqa: S603 - our own scripts
        [script, *argv[1:]],
        cwd=place,
        # As make does: Pyramid's own scripts import pkg_resources, which says it is deprecated.
        env={**os.environ, "PYTHONWARNINGS": "ignore:pkg_resources is deprecated"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def upgrade(place):
    assert run(place, "oauthprov", "storage", "upgrade", "production.ini").returncode == 0


def raw(ini):
    parser = configparser.RawConfigParser(default_section="none: [DEFAULT] stays apart")
    parser.optionxform = str
    parser.read(ini, "utf-8")
    return parser


@pytest.mark.parametrize("ini", ["development.ini", "production.ini"])
def test_the_settings_load(place, ini):
    Settings.from_ini(get_appsettings(str(place / ini)))


def test_both_have_every_setting_in_the_order_of_the_table():
    every = [item.metadata["key"] for item in options()]
    for ini in (DEVELOPMENT, PRODUCTION):
        keys = [key for key in raw(ini)["app:main"] if key.startswith("oauthprov.")]
        assert keys == every, difference(ini.name, keys, every)


def difference(ini, keys, every):
    """What to do with the first setting of an .ini that isn't where the table has it."""
    places = zip(["[app:main]", *every], [*every, None], [*keys, None], strict=False)
    for before, wanted, found in places:
        if wanted == found:
            continue
        if wanted is None or (found is not None and found not in every):
            return f"remove {found} from {ini}, or declare it in oauthprov/settings"
        return f"put {wanted} into {ini}, right after {before}, with its meaning above it"
    return ""


@pytest.mark.parametrize("section", ["app:main", "loggers", "logger_oauthlib", "handler_console"])
def test_both_have_the_same_keys_in_the_same_order(section):
    def keys(ini):
        # A section gets values of [DEFAULT], of which development has more.
        return [key for key in raw(ini)[section] if not key.startswith("get ")]

    assert keys(DEVELOPMENT) == keys(PRODUCTION), (
        f"give [{section}] of development.ini and production.ini the same keys in the same order"
    )


@pytest.mark.parametrize("ini", [DEVELOPMENT, PRODUCTION])
def test_every_setting_has_its_meaning_above_it(ini):
    before = ""
    comments = {}
    for line in ini.read_text("utf-8").splitlines():
        if line.startswith("#"):
            before += line.removeprefix("#")
        elif line.startswith("oauthprov."):
            comments[line.partition(" ")[0]], before = before, ""
        elif not line.startswith(" "):
            before = ""
    for item in options():
        key, meaning = item.metadata["key"], item.metadata["meaning"].replace("`", "")
        assert meaning in comments.get(key, ""), (
            f"begin the comment above {key} in {ini.name} with: {meaning}"
        )


@pytest.mark.parametrize("ini", [DEVELOPMENT, PRODUCTION])
def test_each_group_of_settings_has_a_heading(ini):
    paragraphs = ini.read_text("utf-8").split("\n\n")
    known = {item.name: item.metadata["key"] for item in options()}
    for group in GROUPS:
        first, heading = known[next(iter(group.__annotations__))], f"### {group.__doc__}"
        [place] = [i for i, text in enumerate(paragraphs) if f"\n{first} =" in text]
        above, settings = paragraphs[place - 1 : place + 1]
        begins = re.search(r"^oauthprov\S+", settings, re.MULTILINE).group()
        assert (above, begins) == (heading, first), (
            f"write {heading!r} with a blank line before and after it above {first} in {ini.name}"
        )


def test_no_secret_stands_in_a_file():
    for ini in (DEVELOPMENT, PRODUCTION):
        secrets = [item.metadata["key"] for item in options() if item.metadata["secret"]]
        for key in secrets:
            value = raw(ini)["app:main"][key]
            assert value == "" or value.startswith(("env:", "file:")), (
                f"write {key} in {ini.name} as env:NAME or file:/path"
            )


def test_one_port_moves_the_address_and_the_issuer(place):
    uri = str(place / "development.ini")
    assert Settings.from_ini(get_appsettings(uri)).issuer == "http://127.0.0.1:5000"
    moved = Settings.from_ini(get_appsettings(uri, options={"port": "5001"}))
    assert moved.issuer == "http://127.0.0.1:5001"
    assert moved.resources[0].uri == "http://127.0.0.1:5001/api/me"
    server = get_server_settings(uri, "main", {"port": "5001"})
    assert (server["host"], server["port"]) == ("127.0.0.1", "5001")


def test_one_host_name_moves_the_address_and_the_issuer(place):
    """Browsers make passkeys for localhost, and for no IP address."""
    uri, names = str(place / "development.ini"), {"host": "localhost", "demo_host": "127.0.0.1"}
    moved = Settings.from_ini(get_appsettings(uri, options=names))
    assert moved.issuer == "http://localhost:5000"
    assert moved.resources[0].uri == "http://localhost:5000/api/me"
    assert {("localhost", 8000), ("127.0.0.1", 8000)} <= set(moved.fetch_allow.places)
    assert get_server_settings(uri, "main", names)["host"] == "localhost"
    page = TestApp(get_app(uri, "demo", options=names)).get("/").text
    assert "http://localhost:5000/clients" in page
    assert "http://127.0.0.1:8000/callback" in page
    assert get_server_settings(uri, "demo", names)["host"] == "127.0.0.1"


def get_server_settings(uri, name, defaults):
    """What the server of an .ini is told, as PasteDeploy works it out."""
    from paste.deploy import loadwsgi

    context = loadwsgi.loadcontext(
        loadwsgi.SERVER, f"config:{uri}", name=name, global_conf=defaults
    )
    return context.local_conf


def test_the_demo_follows_both_ports(place):
    uri, ports = str(place / "development.ini"), {"port": "5001", "demo_port": "8001"}
    page = TestApp(get_app(uri, "demo", options=ports)).get("/").text
    assert "http://127.0.0.1:5001/clients" in page
    assert "http://localhost:8001/callback" in page
    assert get_server_settings(uri, "demo", ports)["port"] == "8001"
    assert "http://127.0.0.1:5000/clients" in TestApp(get_app(uri, "demo")).get("/").text


def test_development_starts_from_nothing(place):
    app = TestApp(get_app(str(place / "development.ini")))
    assert app.get("http://127.0.0.1:5000/").status_int == 200
    assert (place / "var" / "oauthprov.sqlite").exists()
    assert (place / "var" / "oauthprov.secret").stat().st_mode & 0o777 == 0o600


def test_production_names_the_missing_settings(place, monkeypatch):
    for name in ("OAUTHPROV_ISSUER", "OAUTHPROV_SECRET", "OAUTHPROV_STORAGE_URL"):
        monkeypatch.delenv(name)
    done = run(place, "oauthprov", "settings", "production.ini")
    assert done.returncode == 1
    for name in ("OAUTHPROV_ISSUER", "OAUTHPROV_SECRET", "OAUTHPROV_STORAGE_URL"):
        assert name in done.stderr


@pytest.mark.parametrize("ini", ["development.ini", "production.ini"])
@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        ("proutes", (), "oauthprov.token"),
        ("pviews", ("/oauth/token",), "oauthprov.web.endpoints.token"),
        ("ptweens", (), "excview"),
        ("prequest", ("/healthz",), "ok"),
    ],
)
def test_the_commands_of_pyramid_work(place, ini, command, arguments, expected):
    upgrade(place)
    done = run(place, command, ini, *arguments)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


@pytest.mark.parametrize("ini", ["development.ini", "production.ini"])
def test_the_shell_knows_the_storage(place, ini):
    upgrade(place)
    done = run(place, "pshell", ini, typed="print(storage.describe()['engine'], settings.title)")
    assert "sqlite oauthprov" in done.stdout


def test_production_logs_are_json_and_name_no_secret(place):
    upgrade(place)
    done = run(place, "prequest", "production.ini", "/oauth/authorize?client_id=nobody&code=hush")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines
    assert {"time", "level", "logger", "message"} <= lines[0].keys()
    assert "hush" not in done.stderr


@pytest.mark.parametrize("ini", [DEVELOPMENT, PRODUCTION])
def test_oauthlib_stays_above_debug(ini):
    logger = raw(ini)["logger_oauthlib"]
    assert (logger["qualname"], logger["level"]) == ("oauthlib", "INFO")
