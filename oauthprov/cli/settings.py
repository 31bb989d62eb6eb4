"""``oauthprov settings``: show every setting, its value and source, secrets masked.

With ``--json`` it prints ``{"settings": [{"key", "value", "source", "meaning"}, ...]}``, values as
they are written in an .ini. ``--markdown`` prints the settings table of README and needs no .ini.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from typing import Any

from oauthprov.cli.ini import add_ini, read
from oauthprov.cli.output import Refused, show_json, show_table
from oauthprov.settings import Settings, options, own_keys, resolved
from oauthprov.settings.protocol import profiles
from oauthprov.storage import storage_problems

_MASK = "********"


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the arguments; this group has no verbs."""
    add_ini(group, optional=True)
    group.add_argument(
        "--markdown", action="store_true", help="print the settings table of README instead"
    )
    group.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> None:
    if arguments.markdown:
        print(markdown(), end="")
        return
    if arguments.ini is None:
        raise Refused("Name an .ini file, or use --markdown for the table of all settings.")
    section = read(arguments.ini, arguments.overrides)
    Settings.from_ini(section, storage_problems)
    rows = list(effective(section))
    if arguments.json:
        show_json({"settings": rows})
        return
    cells = ((row["key"], row["source"], " ".join(row["value"].split())) for row in rows)
    show_table(("SETTING", "SOURCE", "VALUE"), cells)


def effective(section: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield each setting of a valid section: key, value, source and meaning.

    The source is ``ini``, ``default``, ``profile``, ``env:NAME`` or ``file:PATH``. Masked are
    secrets, passwords in URLs, and storage options from ``env:`` or ``file:``, which may be
    secrets.
    """
    own = own_keys(section)
    changed = profiles.defaults(own)
    for item in options():
        about = item.metadata
        raw = own.pop(about["key"], "")
        text = resolved(item, raw or changed.get(about["key"]))
        value = _MASK if about["secret"] else _masked(about["key"], text)
        source = "profile" if not raw and about["key"] in changed else _source(raw)
        yield _row(about["key"], value, source, about["meaning"])
    for key, raw in own.items():
        source = _source(raw)
        value = _masked(key, raw) if source == "ini" else _MASK
        yield _row(key, value, source, "An option of this storage.")


def _row(key: str, value: str, source: str, meaning: str) -> dict[str, str]:
    return {"key": key, "value": value, "source": source, "meaning": meaning}


def _source(raw: str) -> str:
    if raw.startswith(("env:", "file:")):
        return raw
    return "ini" if raw else "default"


def _masked(key: str, value: str) -> str:
    if "password" in key:
        return _MASK
    if not key.endswith("url"):
        return value
    # Up to the last @: in a working URL a password may contain any other character.
    value = re.sub(r"(://[^:@/]*):.*@", rf"\1:{_MASK}@", value)
    return re.sub(r"([?&][^=&]*password=)[^&]*", rf"\1{_MASK}", value)


def markdown() -> str:
    """Return the table of all settings: key, default and meaning."""
    lines = ["| Setting | Default | Meaning |", "| --- | --- | --- |"]
    for item in options():
        key, default, meaning = (item.metadata[name] for name in ("key", "default", "meaning"))
        shown = "required" if default is None else f"`{default}`" if default else "empty"
        lines.append(f"| `{key}` | {shown} | {meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"
