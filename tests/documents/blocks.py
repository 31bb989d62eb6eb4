"""The code blocks of all documents, as a parser of Markdown finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
FOLDERS = ("bench", "docs", "examples")
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(path for name in FOLDERS for path in (ROOT / name).rglob("*.md")),
]

_SETTING = re.compile(r"oauthprov\.[\w.]+ =")
_NAMED = re.compile(r"`([\w.-]+)`:$")


@dataclass(frozen=True)
class Block:
    """A block; ``file`` is the name in the paragraph before it, if that ends as ``host.ini:``."""

    document: str
    line: int
    language: str
    text: str
    file: str | None

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@cache
def blocks() -> tuple[Block, ...]:
    """Every block; an indented one has settings, or commands of a shell."""
    return tuple(block for path in DOCUMENTS for block in _of(path))


def of(document: str, language: str | None = None) -> list[Block]:
    """The blocks of one document."""
    every = [block for block in blocks() if block.document == document]
    assert every, f"{document} has no blocks"
    return [block for block in every if language in (None, block.language)]


def files(document: str) -> dict[str, str]:
    """The files that a document shows whole, by name."""
    return {block.file: block.text for block in of(document) if block.file is not None}


def _of(path: Path) -> Iterator[Block]:
    before = ""
    for token in MarkdownIt("commonmark").parse(path.read_text("utf-8")):
        if token.type == "inline":
            before = token.content
        elif token.type in ("fence", "code_block"):
            indented = "ini" if _SETTING.match(token.content) else "sh"
            language = token.info if token.type == "fence" else indented
            named = _NAMED.search(before)
            line = (token.map or [0])[0] + 1
            name = named.group(1) if named else None
            yield Block(str(path.relative_to(ROOT)), line, language, token.content, name)
            before = ""
