"""The ``oauthprov`` command: ``oauthprov GROUP VERB INI ...``, for operators.

``oauthprov init FOLDER`` writes the first .ini. Every other command takes one as Pyramid's own
commands do: ``production.ini#section``, and ``key=value`` for values that the file interpolates.
The command opens the storage itself, so no server needs to run. Each group is a module, imported
only when it is used.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from oauthprov import __version__
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
}


_Formatter = argparse.RawDescriptionHelpFormatter


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if it was refused or found nothing, or 2 for wrong usage."""
    silence_pkg_resources()
    given = sys.argv[1:] if argv is None else argv
    parser = parser_for(given)
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


def parser_for(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the command; of its groups only the one in ``argv`` has arguments."""
    summary = (__doc__ or "").split("\n")[0].replace("``", "")
    parser = argparse.ArgumentParser(prog="oauthprov", description=summary)
    parser.set_defaults(takes_overrides=True)
    parser.add_argument("--version", action="version", version=f"oauthprov {__version__}")
    groups = parser.add_subparsers(metavar="GROUP", required=True)
    for name, words in GROUPS.items():
        group = groups.add_parser(name, help=words, formatter_class=_Formatter)
        if argv and argv[0] == name:
            module = importlib.import_module(f"oauthprov.cli.{name}")
            group.description = (module.__doc__ or "").replace("``", "")
            module.add_arguments(group)
    return parser


__all__ = ("GROUPS", "Refused", "main", "parser_for")
