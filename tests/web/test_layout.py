"""One layout for all pages, which a host can replace as one asset."""

from __future__ import annotations

import re

import pytest
from pyramid.config import Configurator
from translationstring import TranslationString
from webtest import TestApp

from tests import site as sites

OWN = """<metal:page define-macro="page"><html lang="en"><head><title>
<metal:title define-slot="title"></metal:title> at Example</title></head>
<body id="example"><metal:main define-slot="main"></metal:main></body></html></metal:page>
<metal:csrf define-macro="csrf"><input type="hidden" name="csrf_token" value="${csrf_token}" />
</metal:csrf><metal:problem define-macro="problem"><p id="problem">${problem}</p></metal:problem>
"""


@pytest.fixture
def rebranded(tmp_path):
    layout = tmp_path / "layout.pt"
    layout.write_text(OWN)
    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov")
        config.override_asset("oauthprov:templates/layout.pt", str(layout))
        return TestApp(config.make_wsgi_app())


def test_a_host_replaces_the_layout_of_every_page(rebranded):
    for path, title in (("/", "Home"), ("/login", "Sign in"), ("/signup", "Create an account")):
        html = rebranded.get(f"https://id.example{path}").html
        assert html.body["id"] == "example"
        assert html.title.text.split() == [*title.split(), "at", "Example"]


def test_forms_work_in_a_replaced_layout(rebranded):
    form = rebranded.get("https://id.example/signup").form
    form["name"], form["password"] = "alice", sites.PASSWORD
    assert form.submit().status_int == 303


def test_the_title_is_the_one_of_the_settings():
    made = sites.standalone(sites.ini("sqlite://", development="true", title="A & B"))
    page = made.get("/login").html
    assert page.title.text.strip() == "Sign in · A & B"
    assert page.find(class_="wordmark").text == "A & B"
    made.close()


def test_a_host_s_own_templates_get_nothing_of_ours(tmp_path):
    template = tmp_path / "own.pt"
    template.write_text("<p>${layout|'nothing'} ${person|'nobody'}</p>")
    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov")
        config.add_route("own", "/own")
        config.add_view(lambda request: {}, route_name="own", renderer=str(template))
        app = TestApp(config.make_wsgi_app())
    assert app.get("/own").text.strip() == "<p>nothing nobody</p>"


class Shouting:
    """A translator into capitals: lower-case text was never passed to it."""

    locale_name = "en"

    def translate(self, message, domain=None, mapping=None):
        parts = re.split(r"(\$\{\w+\})", str(message))
        shouted = "".join(part if part.startswith("${") else part.upper() for part in parts)
        return TranslationString(shouted, mapping=message.mapping).interpolate()


@pytest.fixture
def shouting():
    """A server with translations into capitals and data in capitals."""
    settings = sites.ini("sqlite://", development="true", title="X", scopes="x | X")
    settings |= {"oauthprov.default_scopes": "x", "oauthprov.resources": ""}
    with Configurator(settings=settings) as config:
        config.include("oauthprov.web.standalone")
        config.add_request_method(lambda request: Shouting(), "localizer", property=True)
        made = sites.assembled(config, sites.ISSUER)
    yield made
    made.close()


def is_loud(page) -> bool:
    for data in page.html.body.select("code, time, .destination strong"):
        data.decompose()
    text = " ".join(page.html.body.stripped_strings)
    assert text == text.upper()
    return len(text) > 10


def test_every_sentence_for_visitors_can_be_translated(shouting):
    for path in ("/", "/login", "/signup", "/nowhere", "/consent"):
        assert is_loud(shouting.get(path))
    form = shouting.browser().get("/login").form
    assert is_loud(form.submit(expect_errors=True))


def test_every_sentence_for_who_is_signed_in_can_be_translated(shouting):
    alice = shouting.browser().sign_up("ALICE")
    alice.page.extra_environ["HTTP_USER_AGENT"] = "Firefox/150.0 Linux"
    app = shouting.app(name="PRINTER", scopes=("x",))
    consent = alice.authorize(app, scope="x")
    alice.connect(app, scope="x")
    assert is_loud(consent)
    for path in ("/", "/account", "/account/password", "/logout"):
        assert is_loud(alice.get(path))
    assert is_loud(alice.get(f"/account/apps/{app.client.client_id}/remove"))
