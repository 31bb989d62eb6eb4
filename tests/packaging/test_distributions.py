"""What a release holds: the source distribution is the repository, the wheel is the package."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import oauthprov
from tests.packaging.conftest import LEFT_BEHIND, ROOT, Built, build, copied

FOLDERS = ("bench", "docs", "examples", "oauthprov", "tests")
BESIDE = (".gitignore", ".ci/run", "LICENSE", "Makefile", "MANIFEST.in", "constraints.txt")
SETTING_UP = ("setup.py", "setup.cfg", "pyproject.toml", "development.ini", "production.ini")


def tracked(tree: Path) -> set[str]:
    """The files of a tree that was worked in, without what the work left behind."""
    every = [path for folder in FOLDERS for path in (tree / folder).rglob("*") if path.is_file()]
    every = [path for path in every if "node_modules" not in path.parts]
    every += [*tree.glob("*.md"), *(tree / name for name in BESIDE + SETTING_UP)]
    return {path.relative_to(tree).as_posix() for path in every} - set(LEFT_BEHIND)


def test_the_build_warns_of_nothing(built: Built):
    lines = built.printed.splitlines()
    assert [line for line in lines if re.search("warn|deprecat", line, re.IGNORECASE)] == []


def test_the_source_distribution_is_the_repository(built: Built):
    made = {"PKG-INFO"} | {name for name in built.sdist_files if ".egg-info/" in name}
    assert built.sdist_files - made == tracked(built.tree), (
        "name the new kind of file in MANIFEST.in, and one of the package in setup.cfg as well"
    )


def test_the_wheel_is_the_package_and_nothing_else(built: Built):
    package = {name for name in tracked(built.tree) if name.startswith("oauthprov/")}
    found = {name for name in built.wheel_files if ".dist-info/" not in name}
    assert found == package | {"oauthprov/production.ini"}, (
        "name the new kind of file in setup.cfg, under options.package_data"
    )


def test_the_example_of_the_wheel_is_the_one_of_the_repository(built: Built):
    with zipfile.ZipFile(built.wheel) as archive:
        packaged = archive.read("oauthprov/production.ini")
    assert packaged == (ROOT / "production.ini").read_bytes()


def test_the_metadata_has_version_author_and_license(built: Built):
    said = built.metadata
    assert said["Version"] == oauthprov.__version__
    assert said["License-Expression"] == "MIT"
    assert not [line for line in said.get_all("Classifier") if line.startswith("License ::")]
    assert said["Author"] == said["Maintainer"] == "the oauthprov authors"
    assert said["Author"] in (ROOT / "LICENSE").read_text("utf-8")
    assert said.get_all("Project-URL")
    licences = {f"{name}" for name in said.get_all("License-File")}
    assert licences == {"LICENSE", "oauthprov/static/vendor/pico.LICENSE.md"}


LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def test_the_page_of_an_index_has_no_link_that_needs_the_repository(built: Built):
    links = LINK.findall(built.metadata.get_payload())
    assert {target for _, target in links if "://" not in target} == set()


def test_without_a_source_that_page_names_the_files(tmp_path):
    page = page_of(tmp_path)
    assert "![" not in page
    for picture, target in LINK.findall(readme()):
        file = target.partition("#")[0]
        assert picture or "://" in target or f"`{file}`" in page
    assert page.endswith("named here are in the source distribution.\n")


def test_with_a_source_the_links_of_that_page_lead_there(tmp_path):
    source = "https://code.example/oauthprov"
    before, after = LINK.findall(readme()), LINK.findall(page_of(tmp_path, source))
    assert len(before) == len(after)
    for (picture, target), (_, made) in zip(before, after, strict=True):
        if "://" in target:
            assert made == target
            continue
        where = f"{source}/{'raw' if picture else 'blob'}/HEAD/"
        assert made == where + target
        assert (ROOT / target.partition("#")[0]).exists()


def page_of(place: Path, source: str = "") -> str:
    """The description of a wheel that is built with this source, or without one."""
    tree = copied(place / "tree")
    cfg = (tree / "setup.cfg").read_text("utf-8")
    cfg = re.sub(r"^\s+Source *=.*\n", "", cfg, flags=re.MULTILINE)
    line = "project_urls =\n" + (f"    Source = {source}\n" if source else "")
    cfg, found = re.subn(r"^project_urls = *\n", line, cfg, flags=re.MULTILINE)
    assert found == 1
    (tree / "setup.cfg").write_text(cfg, "utf-8")
    (place / "dist").mkdir()
    page = build(tree, place / "dist").metadata.get_payload()
    assert isinstance(page, str)
    return page


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")
