"""A brand that pages couldn't show stops the start, and says why."""

import pytest

from oauthprov.errors import ConfigurationError
from oauthprov.settings import Settings
from oauthprov.settings.brand import LARGEST
from tests import site as sites


def problems(**brand: str) -> list[str]:
    given = {f"brand.{name}": value for name, value in brand.items()}
    try:
        Settings.from_ini(sites.ini("sqlite://", **given))
    except ConfigurationError as wrong:
        return list(wrong.problems)
    return []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "teal"),
        ("colour", "#fff"),
        ("colour", "#1f6f66;"),
        ("colour", "#1f6f6g"),
        ("imprint", "javascript:alert(1)"),
        ("privacy", "//example.com/privacy"),
        ("terms", "/terms"),
        ("help", "https://alice:secret@example.com/"),
        ("help", "https://[::1/"),
    ],
)
def test_values_that_pages_could_not_show_are_refused(name, value):
    [problem] = problems(**{name: value})
    assert problem.startswith(f"oauthprov.brand.{name} must be ")


@pytest.mark.parametrize(
    ("name", "file", "content", "why"),
    [
        ("logo", "logo.html", b"<html>", "must name a file that ends in .svg"),
        ("logo", "logo.svg", b"", "names a file that is empty"),
        ("icon", "icon.png", b"x" * (LARGEST + 1), "names a file that is empty or over 512 KiB"),
        ("css", "own.txt", b"p {}", "must name a file that ends in .css"),
        ("css", "gone.css", None, "can't be read: No such file"),
    ],
)
def test_files_that_pages_could_not_show_are_refused(tmp_path, name, file, content, why):
    path = tmp_path / file
    if content is not None:
        path.write_bytes(content)
    [problem] = problems(**{name: str(path)})
    assert why in problem


def test_the_repr_of_settings_has_no_content_of_files(tmp_path):
    path = tmp_path / "logo.PNG"
    path.write_bytes(b"a picture")
    settings = Settings.from_ini(sites.ini("sqlite://", **{"brand.logo": str(path)}))
    assert settings.brand_logo
    assert settings.brand_logo.media_type == "image/png"
    assert "a picture" not in repr(settings)
