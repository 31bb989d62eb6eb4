"""Texts that pages show and translate, in modules that don't know the web."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Template


class Message(str):
    """An English text with values filled in. Pages translate ``template``, then fill them in."""

    __slots__ = ("mapping", "template")

    template: str
    mapping: Mapping[str, object]

    def __new__(cls, template: str, mapping: Mapping[str, object]) -> Message:
        made = super().__new__(cls, Template(template).substitute(mapping))
        made.template = template
        made.mapping = mapping
        return made

    def __str__(self) -> str:
        # str() of an exception keeps it what it is.
        return self


def N_(text: str, **values: object) -> str:
    """Return ``text`` with ``values`` in place of its ``${names}``.

    Message extraction takes the literal, pages translate it, and those of the values that are
    such texts themselves: :func:`oauthprov.web.i18n.translated`.
    """
    return Message(text, values)


def joined(texts: Iterable[str]) -> str:
    """Return several texts as one, with blanks between them; each is translated by itself."""
    values = {f"text{number}": text for number, text in enumerate(texts)}
    return Message(" ".join(f"${{{name}}}" for name in values), values)
