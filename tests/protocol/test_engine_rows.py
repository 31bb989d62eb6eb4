"""docs/engine-rows.md names tests that exist."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = HERE.parents[1] / "docs" / "engine-rows.md"
NAMED = sorted(set(re.findall(r"`(\w+\.py)::(\w+)`", ROWS.read_text("utf-8"))))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_named_test_exists(file, test):
    assert f"\ndef {test}(" in (HERE / file).read_text("utf-8")


def test_each_row_says_something():
    rows = [line for line in ROWS.read_text("utf-8").splitlines() if line.startswith("|")]
    cells = [row.strip("|").split("|") for row in rows]
    assert len(cells) > 50
    assert all(len(row) == 2 and row[1].strip() for row in cells)
