"""``oauthprov completion``: real shells, on a terminal, complete the command."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from oauthprov.cli import GROUPS
from tests.servers.programs import missing, program

DEADLINE = 60
RAN = "RAN["
# In place of the command a function that prints its arguments.
BEGIN = {
    "bash": "source completion.bash; PS1='> '; bind 'set bell-style none'",
    "zsh": "autoload -Uz compinit; compinit -u -D; eval \"$(<completion.zsh)\"; PS1='> '",
}
FUNCTION = "oauthprov() { printf 'RAN''[%s]\\n' \"$*\"; }"
SHELLS = {"bash": ("bash", "--norc", "--noprofile", "-i"), "zsh": ("zsh", "-f", "-i")}


@pytest.fixture(params=SHELLS)
def shell(request, command, tmp_path) -> str:
    """The name of a shell, whose script is in the working directory."""
    name = request.param
    if program(name) is None:
        missing(f"no {name} on PATH", "tests/cli/test_completion.py")
    done = command.bare("completion", name)
    assert (done.code, done.err) == (0, "")
    (tmp_path / f"completion.{name}").write_text(done.out, "utf-8")
    (tmp_path / "production.ini").touch()
    (tmp_path / "etc").mkdir()
    (tmp_path / "keys.json").touch()
    return name


class Terminal:
    """A shell that a person types into."""

    def __init__(self, shell: str, folder: Path) -> None:
        self._leader, follower = pty.openpty()
        self._read = ""
        self._process = subprocess.Popen(  # noqa: S603 - one of our own command lines
            SHELLS[shell],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(follower)
        for line in (BEGIN[shell], FUNCTION, "printf 'READ''Y\\n'"):
            self.type(f"{line}\n")
        self.until("READY")

    def type(self, keys: str) -> None:
        os.write(self._leader, keys.encode())

    def until(self, words: str) -> str:
        """Return what is printed, up to ``words`` and the rest of their line."""
        ends = time.monotonic() + DEADLINE
        while not (words in self._read and "\n" in self._read.partition(words)[2]):
            assert time.monotonic() < ends, self._read
            if select.select([self._leader], [], [], 1)[0]:
                self._read += os.read(self._leader, 65536).decode("utf-8", "replace")
        before, _, after = self._read.partition(words)
        line, _, self._read = after.partition("\n")
        return before + words + line

    def ran(self, keys: str) -> str:
        """Type a command line; return the arguments that the command gets."""
        self.type(f"oauthprov {keys}\n")
        return self.until(RAN).partition(RAN)[2].strip().rstrip("]")

    def close(self) -> None:
        os.close(self._leader)
        self._process.kill()
        self._process.wait()


@pytest.fixture
def terminal(shell, tmp_path):
    made = Terminal(shell, tmp_path)
    yield made
    made.close()


def test_groups_verbs_options_choices_and_files_are_completed(terminal):
    for keys, arguments in (
        ("comp\t", "completion"),
        ("completion z\t", "completion zsh"),
        ("user sh\t", "user show"),
        ("user show pro\t", "user show production.ini"),
        ("user show --js\t production.ini alice", "user show --json production.ini alice"),
        ("client add --ty\t mach\t pro\t", "client add --type machine production.ini"),
        ("client add pro\t --jwks ke\t", "client add production.ini --jwks keys.json"),
        ("session end pro\t alice --al\t", "session end production.ini alice --all"),
        ("user rename pro\t --js\t alice bob", "user rename production.ini --json alice bob"),
        ("init et\t", "init etc"),  # zsh takes the slash back
    ):
        assert terminal.ran(keys).rstrip("/").split() == arguments.split(), keys


def in_bash(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last word."""
    script = (
        'source completion.bash; COMP_WORDS=(oauthprov "$@"); COMP_CWORD=$#; _shtab_oauthprov'
        ' 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(  # noqa: S603 - our own script
        ["bash", "--norc", "-c", script, "bash", *words],  # noqa: S607
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        check=True,
    )
    return sorted(done.stdout.split())


@pytest.mark.parametrize("shell", ["bash"], indirect=True)
def test_bash_offers_all_that_fits(shell, tmp_path):
    assert in_bash(tmp_path, "") == sorted(GROUPS)
    assert in_bash(tmp_path, "grant", "") == ["list", "revoke"]
    assert in_bash(tmp_path, "s") == ["serve", "session", "settings", "storage"]
    assert in_bash(tmp_path, "storage", "check", "") == ["etc", "production.ini", "server.ini"]
    assert in_bash(tmp_path, "user", "show", "production.ini", "") == []
    assert "--password-stdin" in in_bash(tmp_path, "user", "add", "--")
    assert in_bash(tmp_path, "nothing", "") == sorted(GROUPS)


def test_another_shell_is_wrong_usage(command):
    assert command.bare("completion", "fish").code == 2
    assert command.bare("completion").code == 2
