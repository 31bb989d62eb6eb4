"""The service of docs/deployment.md: systemd takes the unit, and its command starts a server."""

import configparser
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from oauthprov.cli import parser_for
from tests.documents import blocks
from tests.documents.serving import run
from tests.servers.programs import missing, program

PAGE = "docs/deployment.md"


@pytest.fixture
def unit() -> configparser.RawConfigParser:
    made = configparser.RawConfigParser(strict=True)
    made.read_string(blocks.files(PAGE)["oauthprov.service"])
    return made


def test_systemd_takes_the_unit(tmp_path: Path):
    if (systemd := program("systemd-analyze")) is None:
        missing("no systemd-analyze on PATH (apt-get install systemd)")
    # The server isn't installed there where the tests run.
    text = blocks.files(PAGE)["oauthprov.service"].replace(
        "/opt/oauthprov/bin/oauthprov", "/bin/sh"
    )
    (tmp_path / "oauthprov.service").write_text(text, "utf-8")
    done = subprocess.run(  # noqa: S603 - our own program
        [systemd, "verify", tmp_path / "oauthprov.service"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_its_command_exists(unit: configparser.RawConfigParser):
    path, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert path == "/opt/oauthprov/bin/oauthprov"
    parser_for(arguments[:1]).parse_args(arguments)


def test_its_environment_has_what_the_settings_read(unit: configparser.RawConfigParser):
    assert unit["Service"]["EnvironmentFile"] == "/etc/oauthprov/environment"
    given = blocks.files(PAGE)["environment"]
    production = (blocks.ROOT / "production.ini").read_text("utf-8")
    read = re.findall(r"^oauthprov\S+ = env:(\w+)$", production, re.MULTILINE)
    assert re.findall(r"^(\w+)=", given, re.MULTILINE) == read


def test_a_shell_reads_the_same_values(tmp_path: Path):
    (tmp_path / "environment").write_text(blocks.files(PAGE)["environment"], "utf-8")
    lines = [line for block in blocks.of(PAGE, "sh") for line in block.text.splitlines()]
    [line] = [line for line in lines if line.startswith("set -a")]
    line = line.replace("/etc/oauthprov/", "./")
    printed = run(tmp_path, "sh", "-c", f"{line}; env | grep ^OAUTHPROV_STORAGE_URL")
    assert printed == "OAUTHPROV_STORAGE_URL=postgresql+psycopg://user:password@host/database\n"
