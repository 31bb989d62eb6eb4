"""Extracts messages from Chameleon templates, by Chameleon's own parser, for Babel."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from chameleon import nodes
from chameleon.zpt.template import PageTemplate

Found = tuple[int, str, str, list[str]]
"""A message as Babel takes it: line, function, text, comments."""

_BLANKS = re.compile(r"\s+")


class Unextractable(ValueError):
    """A text to translate whose words are known only when the page is made."""


def extract(
    fileobj: BinaryIO,
    keywords: Sequence[str],
    comment_tags: Sequence[str],
    options: dict[str, object],
) -> Iterator[Found]:
    """Yield what the template translates, each message as Chameleon looks it up."""
    source = fileobj.read().decode("utf-8")
    made = PageTemplate.parse(PageTemplate("", filename=fileobj.name), source)
    for text in messages(made.macros):
        yield 0, "_", text, []


def messages(node: object) -> Iterator[str]:
    """Yield the messages of a node and of all nodes below it, in the order of the page."""
    if isinstance(node, nodes.Translate):
        text = _BLANKS.sub(" ", "".join(_text(node.node))).strip()
        if node.msgid and node.msgid != text:
            raise Unextractable(f"{node.msgid!r} is no message id: the text itself is the id")
        yield text
    for child in _children(node):
        yield from messages(child)


def _children(node: object) -> Iterator[object]:
    if isinstance(node, list | tuple):
        yield from node
    elif isinstance(node, nodes.Node):
        for name in node._fields:
            yield getattr(node, name, None)


def _text(node: object) -> Iterator[str]:
    """Yield the pieces of one message: names as ``${name}``, elements as they are written."""
    reader = _READERS.get(type(node))
    if reader is not None:
        yield from reader(node)
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, nodes.Translate):
        raise Unextractable("a message in a message needs an i18n:name")
    elif isinstance(node, _VARIABLE):
        raise Unextractable(f"put an i18n:name around the variable in {_source(node)!r}")
    else:
        for child in _children(node):
            yield from _text(child)


def _source(node: object) -> str:
    """Return what the template says of a variable."""
    while isinstance(node, nodes.Node):
        node = next(_children(node))
    return str(node)


def _attribute(node: nodes.Attribute) -> Iterator[str]:
    yield f"{node.space}{node.name}{node.eq}{node.quote}"
    yield from _text(node.expression)
    yield str(node.quote)


def _element(node: nodes.Element) -> Iterator[str]:
    for part in (node.start, node.content, node.end):
        yield from _text(part)


def _start(node: nodes.Start) -> Iterator[str]:
    yield f"{node.prefix}{node.name}"
    yield from _text(node.attributes)
    yield str(node.suffix)


_VARIABLE = (nodes.Interpolation, nodes.Content, nodes.Condition, nodes.Repeat)
_READERS: dict[type, Callable[[object], Iterator[str]]] = {
    nodes.Text: lambda node: iter([node.value]),
    nodes.Name: lambda node: iter([f"${{{node.name}}}"]),
    nodes.Attribute: _attribute,
    nodes.Element: _element,
    nodes.Start: _start,
    nodes.End: lambda node: iter([f"{node.prefix}{node.name}{node.space}{node.suffix}"]),
}
