"""JSON documents written in pieces."""

import json

import pytest

from oauthprov.json_stream import pieces

VALUES = {
    "nothing": None,
    "text": 'line\nline "é" \u2028',
    "object": {"a": [1, {"b": []}], "c": {}},
    "list": ["x", ["y\n"]],
}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"empty": []},
        {"one": [1]},
        VALUES,
        {"many": [VALUES, [], {}, "x\ny", VALUES], "after": 1, "last": []},
    ],
)
def test_the_pieces_are_what_json_dumps_writes(document):
    lists = {
        name: iter(value) if isinstance(value, list) else value for name, value in document.items()
    }
    assert "".join(pieces(lists)) == json.dumps(document, indent=2, ensure_ascii=False)


def test_an_item_is_written_before_the_next_one_is_taken():
    taken = []

    def items():
        for number in range(3):
            taken.append(number)
            yield number

    written = pieces({"items": items()})
    assert (next(written), taken) == ('{\n  "items": [\n    0', [0])
    assert (next(written), taken) == (",\n    1", [0, 1])


def test_nothing_is_written_if_the_first_item_fails():
    def items():
        raise LookupError
        yield

    with pytest.raises(LookupError):
        next(pieces({"items": items()}))
