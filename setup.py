"""What setup.cfg can't say: README.md for a package index, and production.ini in the package."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
_PICTURE_LINE = re.compile(r"^ *!\[[^\]]*\]\((?!https?:)[^)]+\) *\n\n?", re.MULTILINE)
_INTO_THE_REPOSITORY = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s#]+)(#[^)\s]*)?\)")
_WHERE_FILES_ARE = "\nFiles and folders named here are in the source distribution.\n"


class BuildWithProductionINI(build_py):
    """Put the repository's production.ini into the package, where ``oauthprov init`` finds it."""

    def run(self) -> None:
        """Build, and add the file; an editable install uses the repository's own."""
        super().run()
        if not self.editable_mode:
            packaged = Path(self.build_lib, "oauthprov", "production.ini")
            self.copy_file(str(ROOT / "production.ini"), str(packaged))


def long_description() -> str:
    """Return README.md without relative links, which lead nowhere on the page of an index.

    Where ``project_urls`` has a ``Source``, they lead to the files there, as GitHub and GitLab
    serve them. Else a link becomes the name of the file, and pictures are left out.
    """
    readme = (ROOT / "README.md").read_text("utf-8")
    if not _source():
        readme = _PICTURE_LINE.sub("", readme) + _WHERE_FILES_ARE
    return _INTO_THE_REPOSITORY.sub(lambda link: link_to_file(*link.groups(default="")), readme)


def link_to_file(picture: str, text: str, path: str, heading: str) -> str:
    """Return the link to a file of the repository, for a page elsewhere: Markdown.

    ``picture`` is ``!`` for a picture, else empty; ``heading`` is empty or begins with ``#``.
    """
    if source := _source():
        return f"{picture}[{text}]({source}/{'raw' if picture else 'blob'}/HEAD/{path}{heading})"
    return f"`{path}`" if text.strip("`") == path else f"{text} (`{path}`)"


def _source() -> str:
    return _project_urls().get("Source", "").rstrip("/")


def _project_urls() -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    lines = parser.get("metadata", "project_urls").strip().splitlines()
    return dict(re.split(r"\s*=\s*", line, maxsplit=1) for line in lines)


if __name__ == "__main__":
    setup(
        long_description=long_description(),
        cmdclass={"build_py": BuildWithProductionINI},
    )
