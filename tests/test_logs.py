"""Log lines: the request they belong to, and one JSON object each."""

from __future__ import annotations

import json
import logging

import pytest

from oauthprov import logs


@pytest.fixture
def request_id():
    bound = logs.request_id.set("abc123")
    yield "abc123"
    logs.request_id.reset(bound)


@pytest.fixture
def lines(caplog):
    """What a handler with our formatter writes."""
    caplog.set_level("INFO", "oauthprov.example")
    return lambda: [json.loads(logs.JSONFormatter().format(record)) for record in caplog.records]


def test_a_line_has_the_id_of_its_request(request_id, lines):
    logs.logger("oauthprov.example").info("account %s signed in", "alice")
    [line] = lines()
    assert line["message"] == "account alice signed in [request abc123]"
    assert line["request_id"] == request_id
    assert (line["level"], line["logger"]) == ("INFO", "oauthprov.example")


def test_a_line_of_another_library_has_the_request_id_too(request_id, lines):
    logging.getLogger("oauthprov.example").warning("plain")
    assert lines()[0]["request_id"] == request_id


def test_outside_of_a_request_there_is_no_id(lines):
    logs.logger("oauthprov.example").info("started")
    assert "request_id" not in lines()[0]
    assert lines()[0]["message"] == "started"


def test_a_line_break_can_t_forge_a_line(lines, caplog):
    logs.logger("oauthprov.example").info("name %s", 'a\n{"level": "INFO"}')
    assert "\n" not in logs.JSONFormatter().format(caplog.records[0])


@pytest.mark.parametrize("sent", ["\u2028", "\x85", "\x9b2J", "\u202e"])
def test_no_control_or_separator_character_can_forge_a_line(lines, caplog, sent):
    """Line separators, and what a terminal obeys."""
    logs.logger("oauthprov.example").info("refused", extra={"client_id": f"a{sent}b"})
    assert logs.JSONFormatter().format(caplog.records[0]).isprintable()
    assert lines()[0]["client_id"] == f"a{sent}b"


def test_fields_are_members_of_the_json_line(request_id, lines):
    fields = {"client_id": "app", "reason": "code_expired", "compared": "at 1, now 2"}
    logs.logger("oauthprov.example").info("token refused", extra=fields)
    [line] = lines()
    assert {name: line[name] for name in fields} == fields
    assert line["request_id"] == request_id


def test_a_line_of_text_has_the_fields_behind_its_message(request_id, lines):
    fields = {"client_id": 'a "b"\n', "grant_id": "g"}
    logs.logger("oauthprov.example").info("100 %% of %s", "it", extra=fields)
    assert lines()[0]["message"] == (
        '100 % of it client_id="a \\"b\\"\\n" grant_id=g [request abc123]'
    )


def test_unknown_attributes_of_a_record_are_not_logged(lines):
    logs.logger("oauthprov.example").info("sent", extra={"authorization": "secret"})
    assert "secret" not in json.dumps(lines())


def test_an_exception_keeps_its_traceback(lines):
    try:
        raise RuntimeError("reason")
    except RuntimeError:
        logs.logger("oauthprov.example").exception("failed")
    assert "RuntimeError: reason" in lines()[0]["exception"]
