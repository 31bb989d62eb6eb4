"""The example of a third party's backend: what its entry point names is what the URL opens."""

from __future__ import annotations

import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from oauthprov.records import Account
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add

EXAMPLE = Path(__file__).parents[2] / "examples" / "third_party_storage"


def installed(at: Path) -> None:
    """Write what installing the example would leave there, as far as entry points go."""
    config = ConfigParser(delimiters=("=",))
    config.read(EXAMPLE / "setup.cfg")
    name, version = config["metadata"]["name"], config["metadata"]["version"]
    facts = at / f"{name.replace('-', '_')}-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = [f"[{g}]{p}\n" for g, p in config["options.entry_points"].items()]
    (facts / "entry_points.txt").write_text("".join(points))


def test_the_entry_point_opens_the_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path), str(EXAMPLE)])
    storage = open_storage(f"journal://{tmp_path}/a%20journal", {"fsync": "off"})
    alice = Account("one", "alice", 1)
    storage.commit(Add(alice), now=1)
    assert storage.get(Account, "one").record == alice
    assert (tmp_path / "a journal").is_file()
    assert storage.describe()["fsync"] == "False"


def test_the_example_is_as_short_as_promised() -> None:
    assert len((EXAMPLE / "journal_storage.py").read_text().splitlines()) < 200
