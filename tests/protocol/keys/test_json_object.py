"""Values of a host are accepted if our own parser reads what is written of them."""

from __future__ import annotations

import json
import math
import uuid
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthprov import serial
from oauthprov.protocol.keys.json_object import DEPTH_LIMIT, expect_json, parse_object

TEXT = st.text(st.characters())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES)
def test_what_is_accepted_is_read_again_however_it_was_written(value: object) -> None:
    try:
        expect_json(value)
    except ValueError:
        with pytest.raises(ValueError, match=r"is not|has"):
            parse_object(json.dumps({"a": value}))
    else:
        for dumps in (serial.dumps, serial.plain_dumps):
            assert parse_object(dumps({"a": value})) == {"a": value}


class Level(Enum):
    HIGH = "high"


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (math.nan, "isn't finite"),
        ([{"a": -math.inf}], "isn't finite"),
        (Level.HIGH, "type Level"),
        (uuid.uuid4(), "type UUID"),
        (b"bytes", "type bytes"),
        ({1: 2}, "name isn't a text"),
        ({"\ud800": 1}, "surrogates"),
        (["\ud800"], "surrogates"),
        (10**1200, "too large"),
        (nested(DEPTH_LIMIT), "nested too deeply"),
    ],
)
def test_other_values_are_refused(value: object, problem: str) -> None:
    with pytest.raises((TypeError, ValueError), match=problem):
        expect_json(value)


def test_nesting_is_accepted_up_to_the_limit() -> None:
    expect_json(nested(DEPTH_LIMIT - 1))
    assert parse_object(serial.dumps({"a": nested(DEPTH_LIMIT - 1)}))
    with pytest.raises(ValueError, match="nested"):
        parse_object(serial.dumps({"a": nested(DEPTH_LIMIT)}))
