"""The committed figures, by engine and flow."""

from __future__ import annotations

import json
from pathlib import Path

ENGINES = ("sqlite", "redis", "postgresql")
_FILE = Path(__file__).with_name("figures.json")


def read() -> dict[str, dict[str, int]]:
    """The figures: calls by engine and flow, counted on Python 3.11."""
    known: dict[str, dict[str, int]] = json.loads(_FILE.read_text())
    return known


def write(engine: str, found: dict[str, int]) -> None:
    """Replace the figures of one engine."""
    _FILE.write_text(json.dumps(read() | {engine: found}, indent=2) + "\n")
