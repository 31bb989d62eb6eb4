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
def rebranding(tmp_path: Path):
    """A host puts a template of its own in the place of ours."""
    opened = []

    def with_template(name: str, text: str) -> sites.Site:
        (tmp_path / name).write_text(text)
        with Configurator(settings=ini("sqlite://", development="true")) as config:
            config.include("oauthprov.web.standalone")
            config.override_asset(f"oauthprov:templates/{name}", str(tmp_path / name))
            opened.append(sites.assembled(config, ISSUER))
        return opened[-1]

    yield with_template
    for made in opened:
        made.close()


def test_the_error_of_a_template_shows_no_secret(rebranding, caplog):
    caplog.set_level(logging.DEBUG)
    alice = rebranding("clients_show.pt", BROKEN).browser().sign_up("alice")
    form = alice.get("/clients/new/web").forms[0]
    form["name"], form["redirect_uris"] = "Printer", CALLBACK
    page = alice.follow(form.submit())
    assert page.status_int == 500
    assert "nothing_of_that_name" in caplog.text
    assert "ops_" not in caplog.text + page.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("layout.pt", BROKEN),
        ("layout.pt", "<p tal:repeat='x'></p>"),
        ("brand.pt", BROKEN),
        ("brand.pt", "<p tal:repeat='x'></p>"),
        ("error.pt", BROKEN),
    ],
)
def test_an_error_is_told_in_plain_text_if_its_page_is_broken_too(rebranding, caplog, name, text):
    page = rebranding(name, text).get("/nothing-here", status="*")
    assert (page.status_int, page.content_type) == (404, "text/plain")
    assert page.text.startswith("There is no page at this address.")
    assert page.headers["X-Request-Id"] in page.text
    assert "the page of an error can't be made" in caplog.text


def test_a_page_of_a_broken_layout_is_an_error(rebranding):
    page = rebranding("layout.pt", BROKEN).get("/login", status="*")
    assert (page.status_int, page.content_type) == (500, "text/plain")


OWN = """<metal:head define-macro="head"><link rel="stylesheet" href="/own.css" /></metal:head>
<metal:name define-macro="name">Photographers</metal:name>
<metal:footer define-macro="footer"><footer>Made by bob</footer></metal:footer>"""


def test_a_host_replaces_head_name_and_footer_by_one_asset(rebranding):
    page = rebranding("brand.pt", OWN).get("/login").html
    assert page.select_one(".wordmark").text == "Photographers"
    assert page.select_one("footer").text == "Made by bob"
    assert page.select("link")[-1]["href"] == "/own.css"
