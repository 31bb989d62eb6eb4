"""An error in a template goes into the log, without what the page would have shown."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pyramid.config import Configurator

from tests import site as sites
from tests.site import CALLBACK, ISSUER, ini

BROKEN = "<p>${secret}</p><p>${nothing_of_that_name}</p>"


@pytest.fixture
def rebranded(tmp_path: Path):
    """A host has put a template of its own, with a mistake in it, in the place of ours."""
    (tmp_path / "broken.pt").write_text(BROKEN)
    with Configurator(settings=ini("sqlite://", development="true")) as config:
        config.include("oauthprov.web.standalone")
        config.override_asset("oauthprov:templates/clients_show.pt", str(tmp_path / "broken.pt"))
        made = sites.assembled(config, ISSUER)
    yield made
    made.close()


def test_the_error_of_a_template_shows_no_secret(rebranded, caplog):
    caplog.set_level(logging.DEBUG)
    alice = rebranded.browser().sign_up("alice")
    form = alice.get("/clients/new/web").forms[0]
    form["name"], form["redirect_uris"] = "Printer", CALLBACK
    page = alice.follow(form.submit())
    assert page.status_int == 500
    assert "nothing_of_that_name" in caplog.text
    assert "ops_" not in caplog.text + page.text
