"""One layout for all pages, and one asset that a host replaces to make them its own."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
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


def test_forms_work_in_it(rebranded):
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
