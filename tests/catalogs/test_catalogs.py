"""The template has every text of the pages, and each catalog that ships is whole."""

from __future__ import annotations

import ast
import re

import pytest

from tests.catalogs import extraction
from tests.catalogs.extraction import PACKAGE

CATALOGS = extraction.paths()
_PLACEHOLDER = re.compile(r"\$\{\w+\}")
_TAG = re.compile(r"<[^>]+>")


def catalog(language):
    return extraction.read(CATALOGS[language], language)


def messages(language):
    return [message for message in catalog(language) if message.id]


def test_the_template_has_what_templates_and_code_say():
    committed = extraction.entries(extraction.read(extraction.TEMPLATE))
    assert extraction.entries(extraction.extracted()) == committed, "run make pot"


@pytest.mark.parametrize("language", CATALOGS)
def test_a_catalog_has_the_messages_of_the_template(language):
    template = extraction.entries(extraction.read(extraction.TEMPLATE))
    assert extraction.entries(catalog(language)) == template, "run make pot"
    assert not catalog(language).obsolete, "run make pot"


@pytest.mark.parametrize("language", CATALOGS)
def test_a_catalog_is_complete(language):
    missing = [message.id for message in messages(language) if not message.string]
    assert missing == [], f"translate these in {CATALOGS[language]}, then run make pot"
    assert [message.id for message in messages(language) if message.fuzzy] == []


@pytest.mark.parametrize("language", CATALOGS)
@pytest.mark.parametrize("part", [_PLACEHOLDER, _TAG], ids=["placeholders", "markup"])
def test_placeholders_and_markup_are_those_of_the_original(language, part):
    for message in messages(language):
        there = sorted(part.findall(message.string))
        assert there == sorted(part.findall(message.id)), message.string


@pytest.mark.parametrize("language", CATALOGS)
def test_markup_of_a_translation_is_closed_and_brings_no_own(language):
    """What a template writes as it is may only be what the original has: no injection."""
    for message in messages(language):
        left = _TAG.sub("", message.string)
        assert "<" not in left, message.string
        assert ">" not in left, message.string


@pytest.mark.parametrize("language", CATALOGS)
def test_lines_and_blanks_at_the_ends_are_those_of_the_original(language):
    for message in messages(language):
        for end in (str.lstrip, str.rstrip):
            original, translated = message.id, message.string
            assert len(original) - len(end(original)) == len(translated) - len(end(translated))


@pytest.mark.parametrize("language", CATALOGS)
def test_a_catalog_is_compiled(language):
    path = CATALOGS[language].with_suffix(".mo")
    assert path.read_bytes() == extraction.compiled(catalog(language)), "run make pot"


@pytest.mark.parametrize("language", CATALOGS)
def test_a_catalog_names_its_language_and_direction(language):
    translated = {message.id: message.string for message in messages(language)}
    made = catalog(language)
    assert translated["en"] == language.replace("_", "-")
    assert translated["ltr"] == made.locale.text_direction


def calls_of_markers():
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.func.id if _is_call(node) else None
            if name in ("_", "N_"):
                yield path.relative_to(PACKAGE).as_posix(), node


def _is_call(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def test_markers_stand_at_literals():
    """A variable can't be extracted: its text is marked where it is written."""
    variables = [
        f"{path}:{node.lineno}"
        for path, node in calls_of_markers()
        if not (isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str))
    ]
    # The one place that looks up what others have marked.
    assert {place.partition(":")[0] for place in variables} == {"web/i18n.py"}
    assert len(variables) == 2, "mark the text with N_ where it is written"


def test_values_of_a_marked_text_are_those_it_names():
    for path, node in calls_of_markers():
        if node.func.id == "N_":
            names = {f"${{{keyword.arg}}}" for keyword in node.keywords}
            assert names == set(_PLACEHOLDER.findall(node.args[0].value)), path
