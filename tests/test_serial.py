"""JSON is the same whether orjson is installed or not."""

from __future__ import annotations

import datetime
import json
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthprov import serial

TEXT = st.text(st.characters())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**62, 2**66) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
HEADER = b"-----|000|"


def test_orjson_is_what_these_tests_compare_with() -> None:
    assert "orjson" in sys.modules
    assert serial.dumps is not serial.plain_dumps


@given(value=st.dictionaries(TEXT, VALUES, max_size=6))
def test_each_reads_what_the_other_wrote(value: dict[str, object]) -> None:
    assert serial.plain_loads(HEADER + serial.dumps(value), len(HEADER)) == value
    assert serial.loads(HEADER + serial.plain_dumps(value), len(HEADER)) == value


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        2**64 + 1,
        -(2**63) - 1,
        {"a": 10**19 + 1, "b": "\ud800"},
        "ä\u2028\x00",
        {"a": [["b", "\udfff"]]},
    ],
)
def test_values_that_orjson_refuses_are_written_and_read(value: object) -> None:
    assert serial.loads(serial.dumps(value)) == value
    assert json.loads(serial.dumps(value)) == value


@pytest.mark.parametrize(
    "text", [b"", b"{", b"{} {}", b"[1,]", b"\xff", b"nul", b"[" * 20_000 + b"]" * 20_000]
)
def test_invalid_json_is_a_value_error(text: bytes) -> None:
    for loads in (serial.loads, serial.plain_loads):
        with pytest.raises(ValueError):  # noqa: PT011 (any ValueError will do)
            loads(text)


@dataclass
class Point:
    x: int = 0


@pytest.mark.parametrize(
    "value", [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), Point(), b""]
)
def test_values_that_json_does_not_have_are_refused_either_way(value: object) -> None:
    for dumps in (serial.dumps, serial.plain_dumps):
        with pytest.raises(TypeError):
            dumps({"": value})


def test_white_space_after_a_value_is_read_either_way() -> None:
    for loads in (serial.loads, serial.plain_loads):
        assert loads(b"{} \r\n\t") == {}


def test_the_standard_library_writes_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        serial.plain_dumps({"": float("nan")})
