"""Behaviour of every command: the .ini, exit codes, and imports."""

import subprocess
import sys

import pytest

from oauthprov.cli import GROUPS, main
from tests import site as sites
from tests.cli.conftest import write_ini


def python(script, *argv, **more):
    return subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script, *argv],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


def test_every_group_has_help(capsys):
    for group in GROUPS:
        with pytest.raises(SystemExit) as stopped:
            main([group, "--help"])
        assert stopped.value.code == 0
        assert GROUPS[group].split(",")[0] in capsys.readouterr().out.lower()


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("printer",),
        ("client",),
        ("client", "paint"),
        ("client", "list"),
        ("client", "show", "x.ini"),
        ("client", "add", "x.ini", "--type", "printer", "--name", "x"),
        ("user", "list", "x.ini", "stray"),
        ("user", "list", "x.ini", "--stray=1"),
    ],
)
def test_wrong_usage_exits_with_status_2(command, argv):
    done = command.bare(*argv)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: oauthprov")


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        (None, "missing.ini"),
        ("[app:main]\nuse = egg:oauthprov\n", "some.ini#other"),
        ("no section at all\n", "some.ini"),
        ("[app:main]\nuse = egg:oauthprov\nx = %(nowhere)s\n", "some.ini"),
        ("[app:main]\nuse = egg:nothing-of-this-name\n", "some.ini"),
        ("\udcff", "some.ini"),
    ],
)
def test_an_unreadable_ini_gives_one_sentence(command, tmp_path, text, uri):
    if text is not None:
        (tmp_path / "some.ini").write_bytes(text.encode("utf-8", "surrogateescape"))
    done = command.bare("user", "list", str(tmp_path / uri))
    assert (done.code, done.out) == (1, "")
    assert "can't be read" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_section_and_key_value_arguments_are_honoured(command, tmp_path):
    settings = sites.ini("sqlite:///%(where)s/named.sqlite", title="%(what)s")
    ini = write_ini(tmp_path / "named.ini", settings)
    ini.write_text(ini.read_text("utf-8").replace("[app:main]", "[app:named]"), "utf-8")
    uri, where = f"{ini}#named", f"where={tmp_path}"
    assert command.bare("storage", "upgrade", uri, where, "what=x").code == 0
    assert (tmp_path / "named.sqlite").exists()
    done = command.bare("settings", uri, "--json", where, "what=Two words")
    titles = [row["value"] for row in done.json["settings"] if row["key"] == "oauthprov.title"]
    assert titles == ["Two words"]
    add = ("client", "add", uri, "--type", "machine", "--name", "a=b", where, "what=x", "--json")
    assert command.bare(*add).json["name"] == "a=b"


def test_an_unreachable_storage_gives_one_message(command, tmp_path):
    command.ini = write_ini(tmp_path / "x.ini", sites.ini("paper://user:hush-hush@shelf"))
    done = command("user", "list")
    assert (done.code, done.out) == (1, "")
    assert "oauthprov.storage.url" in done.err
    assert "hush" not in done.err


def test_a_storage_that_is_down_gives_one_message(command, tmp_path):
    command.ini = write_ini(tmp_path / "x.ini", sites.ini("redis://127.0.0.1:1/0"))
    done = command("user", "list")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "Redis at 127.0.0.1:1/0 refuses the connection: no server listens there.\n"
    )


def test_help_imports_no_engine():
    script = (
        "import sys\nfrom oauthprov.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(sorted({'sqlalchemy', 'alembic', 'redis', 'rich'} & set(sys.modules)))"
    )
    done = python(script, "client", "--help")
    assert done.stdout.splitlines()[-1] == "[]", done.stdout


def test_progress_is_plain_lines_without_rich(command):
    script = (
        "import sys; sys.modules['rich'] = None\n"
        "sys.stderr.isatty = lambda: True\n"
        "from oauthprov.cli import main\nsys.exit(main())"
    )
    done = python(script, "storage", "purge", str(command.ini), "--json")
    assert done.returncode == 0
    assert "Expired records removed: 0" in done.stderr


def test_a_closed_output_pipe_is_no_error(command):
    command.user("alice")
    script = (
        "import os, subprocess, sys\n"
        "code = 'import sys; from oauthprov.cli import main; sys.exit(main())'\n"
        "out, into = os.pipe(); os.close(out)\n"
        "run = subprocess.run([sys.executable, '-c', code, *sys.argv[1:]], stdout=into, "
        "stderr=subprocess.PIPE)\n"
        "print(run.returncode, run.stderr.decode())"
    )
    done = python(script, "user", "list", str(command.ini))
    assert done.stdout.split() == ["0"]


def test_a_walk_through_on_redis(on_redis):
    alice = on_redis.user("alice", "--developer")
    made = on_redis.client("machine", "--owner", "alice")
    assert made["owner"] == alice["account_id"]
    rotated = on_redis("client", "rotate-secret", made["client_id"], "--json")
    assert rotated.json["secrets"] == 2, rotated.err
    assert (
        on_redis("client", "list", "--json").json["clients"][0]["client_id"] == made["client_id"]
    )
    assert on_redis("token", "list", "--json").json == {"grants": [], "client_tokens": []}
    assert on_redis("storage", "check", "--json").json["ready"] is True
    assert on_redis("storage", "purge").code == 0
    assert on_redis("client", "remove", made["client_id"]).code == 0
    assert on_redis("user", "disable", "alice", "--json").json["disabled_at"] is not None
