"""Texts that another room than the web marks, on their way to a page and to a log."""

from __future__ import annotations

import json

from oauthprov.messages import N_, Message, joined


def test_a_text_without_values_is_itself():
    assert N_("Choose a scope.") == "Choose a scope."


def test_values_stand_in_the_english_text():
    text = N_("Use at most ${n} characters.", n=200)
    assert text == "Use at most 200 characters."
    assert json.dumps([text]) == '["Use at most 200 characters."]'
    assert f"{text}" == "Use at most 200 characters."


def test_a_value_is_never_a_template():
    assert N_("The ${name} is too long.", name="${n} $$") == "The ${n} $$ is too long."


def test_an_exception_keeps_what_is_translated():
    kept = str(ValueError(N_("Use at most ${n} characters.", n=200)))
    assert isinstance(kept, Message)
    assert kept.template == "Use at most ${n} characters."
    assert kept.mapping == {"n": 200}


def test_several_texts_are_one():
    text = joined([N_("Use at most ${n} characters.", n=2), "Choose a scope."])
    assert text == "Use at most 2 characters. Choose a scope."
