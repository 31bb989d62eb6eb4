"""What an .ini file says to a server: address, app, trusted proxy, logging."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from webtest import TestApp

from oauthprov.cli.output import Refused
from oauthprov.cli.served import Listening, load
from oauthprov.errors import ConfigurationError
from tests import site as sites
from tests.servers.deployed import PROXY

URL = "https://id.example/healthz"
PIPELINE = """
[pipeline:main]
pipeline = stamp oauthprov
[filter:stamp]
paste.filter_app_factory = tests.cli.test_served:stamp
"""


def stamp(app, global_config):
    """A filter of a host: it shows the address that the app sees."""

    def stamped(environ, start_response):
        def start(status, headers, *rest):
            seen = f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}"
            return start_response(status, [*headers, ("X-Seen", seen)], *rest)

        return app(environ, start)

    return stamped


def write(folder: Path, server: str, *, settings: dict[str, str] | None = None) -> str:
    """Write an .ini with a pipeline and these lines of [server:main]; return its path."""
    given = sites.ini(f"sqlite:///{folder}/served.sqlite", development="true")
    lines = ["[DEFAULT]", "port = 8081", PIPELINE, "[app:oauthprov]", "use = egg:oauthprov"]
    for key, value in (given | (settings or {})).items():
        lines.append(f"{key} = " + value.replace("\n", "\n    "))
    ini = folder / "served.ini"
    text = "\n".join([*lines, "[server:main]", "use = egg:waitress#main", server])
    ini.write_text(text + "\n", "utf-8")
    return str(ini)


def seen(ini: str, sender: str, **headers: str) -> str:
    """What the app sees of a request from ``sender``: address and scheme."""
    app = TestApp(load(ini, {}), extra_environ={"REMOTE_ADDR": sender})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.get(URL.replace("https", "http"), headers=named).headers["X-Seen"]


FORWARDED = {"X_Forwarded_For": "192.0.2.7", "X_Forwarded_Proto": "https"}


def test_a_pipeline_is_served_whole_behind_the_trusted_proxy(tmp_path):
    ini = write(tmp_path, PROXY)
    assert seen(ini, "127.0.0.1", **FORWARDED) == "192.0.2.7 https"
    assert seen(ini, "192.0.2.1", **FORWARDED) == "192.0.2.1 http"


def test_no_proxy_is_trusted_unless_the_ini_names_it(tmp_path):
    assert seen(write(tmp_path, ""), "127.0.0.1", **FORWARDED) == "127.0.0.1 http"


def test_only_the_named_headers_of_the_proxy_are_used(tmp_path):
    lines = "trusted_proxy = 127.0.0.1\ntrusted_proxy_headers = x-forwarded-for"
    assert seen(write(tmp_path, lines), "127.0.0.1", **FORWARDED) == "192.0.2.7 http"


@pytest.mark.parametrize(
    ("lines", "overrides", "where"),
    [
        ("", {}, ("127.0.0.1", 8080, 4)),
        ("threads = 6\nhost = ::1", {}, ("::1", 8080, 6)),
        ("get port = port", {}, ("127.0.0.1", 8081, 4)),
        ("get port = port", {"port": "8082"}, ("127.0.0.1", 8082, 4)),
        ("listen = 127.0.0.2:8083", {}, ("127.0.0.2", 8083, 4)),
        ("listen = localhost:8083", {}, ("127.0.0.1", 8083, 4)),
        ("host = *", {}, ("0.0.0.0", 8080, 4)),  # noqa: S104
    ],
)
def test_the_address_is_that_of_the_server_section(tmp_path, lines, overrides, where):
    assert Listening.named(write(tmp_path, lines), overrides) == Listening(*where)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("threads = many", "invalid literal"),
        ("host = no.such.host.invalid", "Invalid host/port"),
        ("host = 127.0.0.1\nlisten = 127.0.0.1:1", "host or port may not be set"),
        ("port = %(nowhere)s", "nowhere"),
        ("unix_socket = /tmp/x", "set host and port in [server:main]"),
        ("listen = 127.0.0.1:1 127.0.0.1:2", "set host and port in [server:main]"),
    ],
)
def test_an_invalid_address_is_refused_in_one_sentence(tmp_path, lines, why):
    with pytest.raises(Refused) as refused:
        Listening.named(write(tmp_path, lines), {})
    assert why in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("trusted_proxy_count = 1", "trusted_proxy_count has no meaning"),
        ("trusted_proxy = 127.0.0.1\ntrusted_proxy_headers = x-real-ip", "x-real-ip"),
        ("[loggers]\nkeys = root", "its logging is invalid"),
        ("no key at all", "can't be read"),
    ],
)
def test_an_invalid_file_is_refused_in_one_sentence(tmp_path, lines, why):
    with pytest.raises(Refused) as refused:
        load(write(tmp_path, lines), {})
    assert why in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_filter_that_is_not_installed_is_refused_in_one_sentence(tmp_path):
    ini = write(tmp_path, "")
    text = Path(ini).read_text("utf-8").replace("tests.cli.test_served:stamp", "nowhere:stamp")
    Path(ini).write_text(text, "utf-8")
    with pytest.raises(Refused, match="nowhere"):
        load(ini, {})


def test_invalid_settings_are_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError, match=r"oauthprov\.secret"):
        load(write(tmp_path, "", settings={"oauthprov.secret": ""}), {})


def test_an_error_of_a_host_s_own_filter_is_not_hidden(tmp_path):
    ini = write(tmp_path, "")
    text = Path(ini).read_text("utf-8").replace("tests.cli.test_served:stamp", "builtins:open")
    Path(ini).write_text(text, "utf-8")
    with pytest.raises(TypeError):
        load(ini, {})


@pytest.fixture
def _logging_restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("_logging_restored")
def test_logging_is_set_up_as_the_file_says(tmp_path):
    log = tmp_path / "log"
    lines = (
        "[loggers]\nkeys = root\n[handlers]\nkeys = file\n[formatters]\nkeys = json\n"
        "[logger_root]\nlevel = INFO\nhandlers = file\n"
        f"[handler_file]\nclass = FileHandler\nargs = ({str(log)!r},)\nformatter = json\n"
        "[formatter_json]\nclass = oauthprov.logs.JSONFormatter\n"
    )
    load(write(tmp_path, lines), {})
    logging.getLogger("somebody").info("hello")
    assert '"message": "hello"' in log.read_text("utf-8")
