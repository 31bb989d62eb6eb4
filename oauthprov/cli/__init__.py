"""The ``oauthprov`` command: ``oauthprov GROUP VERB INI ...``, for operators.

``oauthprov init FOLDER`` writes the first .ini. Every other command takes one as Pyramid's own
commands do: ``production.ini#section``, and ``key=value`` for values that the file interpolates.
The environment variable ``OAUTHPROV_INI`` names the file for commands that are given none. The
command opens the storage itself, so no server needs to run. Each group is a module, imported
only when it is used.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Collection, Sequence
from typing import NoReturn

from oauthprov import __version__
from oauthprov.cli.ini import VARIABLE, with_default
from oauthprov.cli.output import Refused, explain, silence_pkg_resources

GROUPS = {
    "init": "write a commented production.ini into a folder",
    "serve": "serve the app of an .ini file by granian, one worker process a core",
    "client": "register, show, change and remove clients",
    "registration": "manage initial access tokens, which let clients register themselves",
    "user": "create, show, rename and disable accounts, set passwords and roles",
    "session": "list and end the sessions of an account",
    "grant": "list grants, and revoke one",
    "token": "list and revoke grants and tokens",
    "keys": "list, rotate and retire signing keys",
    "logout": "deliver logouts to clients",
    "audit": "list what has happened, and explain why a request was refused",
    "storage": "check, upgrade and purge the storage",
    "doctor": "check the settings, the storage and the live server, and say what to do",
    "transfer": "move everything from one storage to another",
    "settings": "show every setting, its value and source, secrets masked",
    "completion": "print a script with which bash or zsh completes the command",
}

_HINT = f"The first argument is the .ini file, unless {VARIABLE} names one."


class _Parser(argparse.ArgumentParser):
    """A parser whose errors aren't buried below all options."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong in a few lines, and exit with status 2."""
        arguments = [str(a.metavar or a.dest) for a in self._actions if not a.option_strings]
        takes_ini = any(action.dest == "ini" for action in self._actions)
        lines = [
            f"usage: {' '.join([self.prog, '[OPTIONS]', *arguments])}",
            f"{self.prog}: error: {message}",
            *([_HINT] if takes_ini and not os.environ.get(VARIABLE) else []),
            f"See {self.prog} --help.",
        ]
        self.exit(2, "\n".join(lines) + "\n")


_Formatter = argparse.RawDescriptionHelpFormatter


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if it was refused or found nothing, or 2 for wrong usage."""
    silence_pkg_resources()
    given = sys.argv[1:] if argv is None else argv
    parser = parser_for(given[:1])
    given = with_default(parser, given, os.environ.get(VARIABLE, ""))
    arguments, rest = parser.parse_known_args(given)
    arguments.overrides = [argument.split("=", 1) for argument in rest]
    taken = arguments.takes_overrides
    if any(word.startswith("-") or "=" not in word or not taken for word in rest):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        code: int = arguments.run(arguments) or 0
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, such as head, has closed the pipe; without this Python reports it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as wrong:
        sentence = explain(wrong)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return 1


def parser_for(groups: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser of the command; only these of its groups have arguments."""
    summary = (__doc__ or "").split("\n")[0].replace("``", "")
    parser = _Parser(prog="oauthprov", description=summary)
    parser.set_defaults(takes_overrides=True)
    parser.add_argument("--version", action="version", version=f"oauthprov {__version__}")
    every = parser.add_subparsers(metavar="GROUP", required=True)
    for name, words in GROUPS.items():
        group = every.add_parser(name, help=words, formatter_class=_Formatter)
        if name in groups:
            module = importlib.import_module(f"oauthprov.cli.{name}")
            group.description = (module.__doc__ or "").replace("``", "")
            module.add_arguments(group)
    return parser


__all__ = ("GROUPS", "Refused", "main", "parser_for")
