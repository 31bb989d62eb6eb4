"""What the documents say of tests is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"


@pytest.mark.parametrize("name", ["openid.md"])
def test_every_test_that_is_named_exists(name):
    named = re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", (DOCS / name).read_text("utf-8"))
    assert len(named) > 20
    for path, test in named:
        assert f"def {test}(" in (TESTS / path).read_text("utf-8"), f"{path}::{test}"
