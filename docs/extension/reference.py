"""The parts of the reference that are made from the code, so that they always describe it.

A page has a comment where its part goes, such as ``<!-- made here: settings -->``.
"""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Callable, Iterator

from sphinx.application import Sphinx

from oauthprov.cli import GROUPS as COMMANDS
from oauthprov.cli import parser_for
from oauthprov.settings import GROUPS as SETTINGS
from oauthprov.settings import options

_MARK = re.compile(r"<!-- made here: (\w+) -->")


def settings() -> Iterator[str]:
    """Yield the lines of every setting, under a heading for each group."""
    known = {item.name: item.metadata for item in options()}
    for group in SETTINGS:
        words = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", group.__name__).split()
        yield f"## {' '.join([words[0], *(word.lower() for word in words[1:])])}"
        yield from ("", (group.__doc__ or "").strip(), "")
        for name in group.__annotations__:
            about = known[name]
            yield f"```{{confval}} {about['key']}"
            default = about["default"]
            words = f"`{default}`" if default else "empty"
            yield f":default: {'none, required' if default is None else words}"
            yield from ("", about["meaning"], "```", "")


def command() -> Iterator[str]:
    """Yield the lines of every group and verb of the ``oauthprov`` command."""
    for name in COMMANDS:
        module = importlib.import_module(f"oauthprov.cli.{name}")
        first, _, rest = (module.__doc__ or "").partition("\n")
        about = first.partition(": ")[2]
        yield from (f"## oauthprov {name}", "", about[:1].upper() + about[1:])
        yield from (rest.rstrip(), "")
        group = _verbs(parser_for([name]))[name]
        if _verbs(group):
            yield from _verbs_below(group)
        else:
            yield from _arguments(group)


def _verbs_below(parser: argparse.ArgumentParser) -> Iterator[str]:
    helps = {choice.dest: choice.help for choice in _choices(parser)}
    for name, verb in _verbs(parser).items():
        if _verbs(verb):
            yield from _verbs_below(verb)
            continue
        words = helps[name] or ""
        yield from (f"### {verb.prog}", "", f"{words[:1].upper()}{words[1:]}.", "")
        yield from _arguments(verb)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    positional = [a.metavar or a.dest for a in parser._actions if not a.option_strings]
    some = " [OPTIONS]" if len(parser._actions) > len(positional) + 1 else ""
    yield from ("```text", " ".join((parser.prog + some, *map(str, positional))), "```", "")
    formatter = argparse.HelpFormatter(parser.prog)
    for action in parser._actions:
        if action.dest != "help":
            needed = "Required. " if action.required and action.option_strings else ""
            words = (action.help or "").replace("%(default)s", str(action.default))
            choices = f"one of {', '.join(map(str, action.choices))}" if action.choices else ""
            words = needed + "; ".join(filter(None, (words, choices)))
            yield from (f"`{formatter._format_action_invocation(action)}`", f": {words}", "")


def _choices(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    found = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return [choice for action in found for choice in action._choices_actions]


def _verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return {name: verb for action in found for name, verb in action.choices.items()}


PARTS: dict[str, Callable[[], Iterator[str]]] = {"settings": settings, "command": command}
"""By the name in its mark: what yields the lines of a part."""


def filled(text: str) -> str:
    """Return the text of a page with its parts."""
    return _MARK.sub(lambda mark: "\n".join(PARTS[mark[1]]()), text)


def _fill(app: Sphinx, docname: str, source: list[str]) -> None:
    if _MARK.search(source[0]):
        app.env.note_reread()
        source[0] = filled(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill the pages when they are read."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True}
