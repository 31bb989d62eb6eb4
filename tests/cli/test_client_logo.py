"""Logos and ``verified`` in ``oauthprov client``."""

from __future__ import annotations

import pytest

from tests import site as sites
from tests.cli.conftest import write_ini
from tests.gallery import IMAGES, SVG


@pytest.fixture
def command(command, gallery):
    """The command, which may fetch from the gallery."""
    write_ini(command.ini, sites.ini(command.url, **gallery.settings))
    return command


def test_the_logo_is_there_when_the_command_ends(command, gallery):
    made = command.client("web", "--logo-uri", gallery.uri)
    assert made["logo"] is not None
    edited = command("client", "edit", made["client_id"], "--logo-uri", "", "--json").json
    assert (edited["logo_uri"], edited["logo"]) == (None, None)
    again = command("client", "edit", made["client_id"], "--logo-uri", gallery.uri, "--json").json
    assert again["logo"] == made["logo"]


def test_a_logo_that_can_t_be_fetched_fails_no_command(command, gallery):
    gallery.show(SVG)
    arguments = ("--name", "Job", "--logo-uri", gallery.uri)
    done = command("client", "add", "--type", "machine", *arguments, "--json")
    assert (done.code, done.json["logo"]) == (0, None)
    assert "isn't a PNG, JPEG, GIF or WebP image" in done.err


def test_refresh_logo_fetches_the_logo_again(command, gallery):
    made = command.client("web", "--logo-uri", gallery.uri)
    gallery.show(IMAGES["image/gif"], "image/gif")
    newer = command("client", "refresh-logo", made["client_id"], "--json").json
    assert newer["logo"] not in (None, made["logo"])


def test_refresh_logo_prints_why_there_is_no_logo(command, gallery):
    made = command.client("web", "--logo-uri", gallery.uri)
    gallery.show(b"", status="404 Not Found")
    done = command("client", "refresh-logo", made["client_id"])
    assert (done.code, done.err) == (
        1,
        "The logo can't be fetched: the response has status 404.\n",
    )
    without = command.client("web")
    done = command("client", "refresh-logo", without["client_id"])
    assert (done.code, done.err) == (1, "The client has no logo_uri.\n")


def test_verified_ends_when_the_name_changes(command):
    made = command.client("web", "--verified")
    assert made["verified"]
    arguments = ("client", "edit", made["client_id"], "--json")
    assert command(*arguments, "--contact", "bob").json["verified"]
    assert not command(*arguments, "--name", "My bank").json["verified"]
    assert command(*arguments, "--verified").json["verified"]
    assert not command(*arguments, "--no-verified").json["verified"]
