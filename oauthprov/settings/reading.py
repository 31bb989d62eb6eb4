"""Reading settings from an .ini: keys, references to files and the environment, problems."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from oauthprov.credentials import mint
from oauthprov.settings.values import PREFIX


def read(
    items: Iterable[dataclasses.Field[Any]],
    given: MutableMapping[str, str],
    problems: list[str],
    *,
    create: bool = False,
) -> dict[str, Any]:
    """Take the settings ``items`` out of ``given``; return the valid values by field.

    Add a sentence to ``problems`` for each other one. ``create`` is that of :func:`resolved`.
    """
    values: dict[str, Any] = {}
    for item in items:
        try:
            text = resolved(item, given.pop(item.metadata["key"], None), create=create)
            values[item.name] = item.metadata["parse"](text)
        except (ValueError, OSError) as wrong:
            problems.append(f"{item.metadata['key']} {wrong}")
    return values


def unknown(given: Iterable[str]) -> list[str]:
    """Return a sentence for each key that no setting has."""
    return [f"{key} is not a setting" for key in sorted(given)]


def own_keys(ini: Mapping[str, Any]) -> dict[str, str]:
    """Return the ``oauthprov.*`` keys as text; ``{host}`` and ``{port}`` are those keys.

    When PasteDeploy interpolates ``%(port)s``, ``[DEFAULT]`` wins over ``port=5001`` of a command
    line; with ``get port = port`` a section gets the latter. Hence they are replaced here.
    """
    given = {key: str(value).strip() for key, value in ini.items() if key.startswith(PREFIX)}
    for name in ("host", "port"):
        own = str(ini.get(name, f"{{{name}}}"))
        given = {key: value.replace(f"{{{name}}}", own) for key, value in given.items()}
    return given


def resolved(item: dataclasses.Field[Any], raw: str | None, *, create: bool = False) -> str:
    """Return the text of a setting written as ``raw``, with ``env:`` and ``file:`` resolved.

    None means the default. ``create`` creates a missing file of a secret. Raises ValueError and
    OSError.
    """
    value = item.metadata["default"] if raw is None or raw == "" else raw
    if value is None:
        raise ValueError("is required")
    return fetched(value, create=create and item.metadata["secret"])


def fetched(value: str, *, create: bool = False) -> str:
    """Return ``value``, or the value that ``env:NAME`` or ``file:/path`` refers to.

    ``create`` creates a missing file with a new secret in it. Raises ValueError and OSError.
    """
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        if not os.environ.get(name):
            raise ValueError(f"names the environment variable {name}, which isn't set")
        value = os.environ[name]
    elif value.startswith("file:"):
        value = _file(Path(value.removeprefix("file:")), create)
    return value.strip()


def _file(path: Path, create: bool) -> str:
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as made:
            made.write(mint()[0] + "\n")
    try:
        return path.read_text("utf-8")
    except OSError as wrong:
        raise ValueError(f"names the file {path}, which can't be read: {wrong.strerror}") from None
