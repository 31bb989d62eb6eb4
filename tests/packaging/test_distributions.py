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


def test_the_metadata_says_who_and_what(built: Built):
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
    page = built.metadata.get_payload()
    assert {target for _, target in LINK.findall(page) if "://" not in target} == set()
    assert "![" not in page
    for file in re.findall(r"\(([\w/.-]+)[)#]", "".join(re.findall(r"\]\S+", readme()))):
        assert file.endswith(".png") or f"`{file}`" in page
    assert "source distribution" in page


def test_with_a_source_the_links_of_that_page_lead_there(tmp_path):
    tree, source = copied(tmp_path / "tree"), "https://code.example/oauthprov"
    cfg = (tree / "setup.cfg").read_text("utf-8")
    cfg = cfg.replace("project_urls =\n", f"project_urls =\n    Source = {source}\n")
    (tree / "setup.cfg").write_text(cfg, "utf-8")
    (tmp_path / "dist").mkdir()
    page = build(tree, tmp_path / "dist").metadata.get_payload()
    before, after = LINK.findall(readme()), LINK.findall(page)
    assert len(before) == len(after)
    for (picture, target), (_, made) in zip(before, after, strict=True):
        if "://" in target:
            assert made == target
            continue
        where = f"{source}/{'raw' if picture else 'blob'}/HEAD/"
        assert made == where + target
        assert (ROOT / target.partition("#")[0]).exists()


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")
