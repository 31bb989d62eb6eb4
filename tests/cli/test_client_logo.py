"""What ``oauthprov client`` does about logos, and the operator's word for a client."""

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


def test_one_that_can_t_be_had_fails_nothing(command, gallery):
    gallery.show(SVG)
    arguments = ("--name", "Job", "--logo-uri", gallery.uri)
    done = command("client", "add", "--type", "machine", *arguments, "--json")
    assert (done.code, done.json["logo"]) == (0, None)
    assert "isn't a PNG, JPEG, GIF or WebP image" in done.err


def test_it_is_fetched_anew_when_somebody_says_so(command, gallery):
    made = command.client("web", "--logo-uri", gallery.uri)
    gallery.show(IMAGES["image/gif"], "image/gif")
    newer = command("client", "refresh-logo", made["client_id"], "--json").json
    assert newer["logo"] not in (None, made["logo"])


def test_the_reason_is_said(command, gallery):
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


def test_the_word_for_a_client_ends_with_what_it_was_about(command):
    made = command.client("web", "--verified")
    assert made["verified"]
    arguments = ("client", "edit", made["client_id"], "--json")
    assert command(*arguments, "--contact", "bob").json["verified"]
    assert not command(*arguments, "--name", "My bank").json["verified"]
    assert command(*arguments, "--verified").json["verified"]
    assert not command(*arguments, "--no-verified").json["verified"]
