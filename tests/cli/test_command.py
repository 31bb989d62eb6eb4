"""Behaviour of every command: the .ini, exit codes, and imports."""

import subprocess
import sys

import pytest

from oauthprov.cli import GROUPS, main
from tests import site as sites
from tests.cli.conftest import PASSWORD, write_ini


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


@pytest.fixture
def by_variable(command, monkeypatch):
    """The command whose .ini the environment names."""
    monkeypatch.setenv("OAUTHPROV_INI", str(command.ini))
    return command


def test_the_environment_names_the_ini_of_every_verb(by_variable, tmp_path):
    run = by_variable.bare
    add = ("user", "add", "--password-stdin", "alice", "--json")
    assert run(*add, stdin=PASSWORD).json["name"] == "alice"
    assert [one["name"] for one in run("user", "list", "--json").json["users"]] == ["alice"]
    for arguments in (
        ("storage", "check"),
        ("settings",),
        ("settings", "--json"),
        ("grant", "list", "--user", "alice"),
        ("session", "list", "--json", "alice"),
        ("session", "end", "alice", "--all"),
        ("user", "rename", "alice", "bob"),
        ("user", "developer", "--off", "bob"),
        ("client", "add", "--type", "machine", "--name", "x.ini"),
        ("keys", "list"),
        ("registration", "token", "list"),
        ("registration", "token", "add", "--note", "y.ini"),
    ):
        done = run(*arguments)
        assert done.code == 0, (arguments, done.err)


def test_a_file_that_is_given_wins_over_the_environment(by_variable, tmp_path):
    other = write_ini(tmp_path / "other.ini", sites.ini(f"sqlite:///{tmp_path}/other.sqlite"))
    assert by_variable.bare("storage", "upgrade", str(other)).code == 0
    by_variable.user("alice")
    for named in (str(other), f"{other}#main"):
        assert by_variable.bare("user", "list", "--json", named).json == {"users": []}
    # Behind the file, an argument may look like one.
    done = by_variable.bare("user", "show", str(other), "x.ini")
    assert done.err == "There is no user x.ini.\n"
    assert by_variable.bare("user", "show", str(other)).code == 2


def test_values_that_the_ini_interpolates_need_no_file_either(command, tmp_path, monkeypatch):
    settings = sites.ini("sqlite:///%(where)s/named.sqlite")
    ini = write_ini(tmp_path / "named.ini", settings)
    monkeypatch.setenv("OAUTHPROV_INI", str(ini))
    assert command.bare("storage", "upgrade", f"where={tmp_path}").code == 0
    assert (tmp_path / "named.sqlite").exists()


def test_a_missing_file_says_what_to_do(command, tmp_path, monkeypatch):
    missing = str(tmp_path / "missing.ini")
    done = command.bare("user", "list", missing)
    assert done.err.startswith(f"{missing} can't be read: there is no such file")
    assert "oauthprov init FOLDER writes one" in done.err
    monkeypatch.setenv("OAUTHPROV_INI", missing)
    done = command.bare("user", "list")
    assert (done.code, done.out) == (1, "")
    assert "there is no such file (OAUTHPROV_INI names it)" in done.err


def test_wrong_usage_is_told_in_a_few_lines(command):
    done = command.bare("client", "add", str(command.ini))
    assert done.err == (
        "usage: oauthprov client add [OPTIONS] INI\n"
        "oauthprov client add: error: the following arguments are required: --type, --name\n"
        "The first argument is the .ini file, unless OAUTHPROV_INI names one.\n"
        "See oauthprov client add --help.\n"
    )
    done = command.bare("usr", "list")
    assert len(done.err.splitlines()) == 3


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
