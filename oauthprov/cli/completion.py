"""``oauthprov completion``: print a script with which bash or zsh completes the command.

For bash, put ``eval "$(oauthprov completion bash)"`` into ``~/.bashrc``. For zsh, write the script
into a file ``_oauthprov`` in a folder of ``$fpath``, such as
``oauthprov completion zsh > ~/.zfunc/_oauthprov``, before ``compinit`` runs. Write it anew after
an upgrade. It completes groups, verbs, options, their choices, and files.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import shtab

_INI = {"bash": "_oauthprov_ini_file", "zsh": "_files -g '*.ini'"}
_NOTHING = {"bash": "_oauthprov_nothing", "zsh": "( )"}
"""For what only the operator knows; zsh would complete no option in its place either."""

_COMPLETED = {
    "ini": _INI,
    "source": _INI,
    "target": _INI,
    "folder": shtab.DIRECTORY,
    "FILE": shtab.FILE,
}
"""What completes an argument, by its name, and an option, by its metavar."""

_PREAMBLE = {
    "bash": """
# $1 is the word before the cursor.
_oauthprov_ini_file() {
  compgen -f -X '!*.ini' -- "$1"
  compgen -d -- "$1"
}
_oauthprov_nothing() { :; }
""",
}


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the shell; this group has no verbs."""
    group.add_argument("shell", choices=("bash", "zsh"), help="the shell that is to complete it")
    group.set_defaults(run=_print, takes_overrides=False)


def _print(arguments: argparse.Namespace) -> None:
    from oauthprov.cli import GROUPS, parser_for

    parser = parser_for(GROUPS)
    for action in _actions(parser):
        how = _COMPLETED.get(action.dest) or _COMPLETED.get(str(action.metavar))
        if how is None and not action.option_strings and not action.choices:
            how = _NOTHING
        if how is not None:
            action.complete = how  # type: ignore[attr-defined]
    print(shtab.complete(parser, arguments.shell, preamble=_PREAMBLE.get(arguments.shell, "")))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments and options of a parser and of those below it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
        else:
            yield action
