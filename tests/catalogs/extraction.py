"""Makes ``oauthprov.pot`` of all templates and code, and brings the catalogs up to it.

Its entries name files and no lines, so that a catalog changes only when a text does.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tests.catalogs import templates

PACKAGE = Path(__file__).parents[2] / "oauthprov"
FOLDER = PACKAGE / "locale"
DOMAIN = "oauthprov"
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
WIDTH = 99

_HEADER = "# Texts of the pages of oauthprov. 'make pot' writes this file."
_SOURCES = (("demo/**", None), ("**.py", "python"), ("**.pt", templates.extract))
_KEYWORDS = {"_": None, "N_": None}
_TAG = "Translators:"
"""What a comment begins with that goes into the catalogs."""


def extracted() -> Catalog:
    """Return the messages of the package as it is now; the demo's pages aren't translated."""
    made = Catalog(project=DOMAIN, header_comment=_HEADER, fuzzy=False)
    made.version = made.msgid_bugs_address = made.last_translator = made.language_team = ""
    found = extract_from_dir(
        PACKAGE,
        method_map=[(pattern, method or "ignore") for pattern, method in _SOURCES],
        keywords=_KEYWORDS,
        comment_tags=(_TAG,),
        strip_comment_tags=True,
    )
    for name, _, text, comments, context in sorted(found, key=lambda one: one[0]):
        made.add(
            text, locations=[(f"{DOMAIN}/{name}", 0)], auto_comments=comments, context=context
        )
    return made


def paths() -> dict[str, Path]:
    """Return the catalogs that ship, by language."""
    found = FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po")
    return {path.parent.parent.name: path for path in sorted(found)}


def read(path: Path, language: str | None = None) -> Catalog:
    """Return the catalog or template at ``path``."""
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def compiled(catalog: Catalog) -> bytes:
    """Return a catalog as gettext reads it."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def entries(catalog: Catalog) -> list[tuple[object, ...]]:
    """Return what a catalog says, without dates, lines and order."""
    return sorted(
        (str(m.id), sorted({name for name, _ in m.locations}), m.auto_comments)
        for m in catalog
        if m.id
    )


def update() -> list[str]:
    """Write the template, merge it into the catalogs, compile these; return what is missing."""
    FOLDER.mkdir(exist_ok=True)
    template = extracted()
    if not TEMPLATE.exists() or entries(read(TEMPLATE)) != entries(template):
        _write(TEMPLATE, template)
    missing = []
    for language, path in paths().items():
        catalog = read(path, language)
        before = entries(catalog)
        catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
        catalog.obsolete.clear()
        if before != entries(catalog):
            _write(path, catalog)
        written = read(path, language)
        path.with_suffix(".mo").write_bytes(compiled(written))
        missing += [f"{language}: {m.id}" for m in written if m.id and not m.string]
    return missing


def _write(path: Path, catalog: Catalog) -> None:
    with path.open("wb") as file:
        write_po(file, catalog, width=WIDTH, include_lineno=False, sort_by_file=True)
