"""``request.oauthprov`` in a host's app."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.scripting import prepare
from webtest import TestApp

from tests.site import ini


def app(view):
    with Configurator(settings=ini("sqlite://")) as config:
        config.include("oauthprov")
        config.add_route("host", "/host")
        config.add_view(view, route_name="host")
        return config.make_wsgi_app()


def test_a_host_keeps_its_class_of_requests():
    kinds = []

    def view(request):
        assert request.oauthprov is request.oauthprov
        kinds.append(type(request))
        return Response(request.oauthprov.request_id)

    assert len(TestApp(app(view)).get("/host").text) == 24
    assert kinds == [Request]


def test_a_host_view_that_never_asks_for_us_gets_no_request_id():
    def view(request):
        return Response(str("exchange" in vars(request.oauthprov)))

    assert TestApp(app(view)).get("/host").text == "False"


def test_a_script_has_it_too():
    made = app(lambda request: Response())
    with prepare(registry=made.registry) as env:
        assert env["request"].oauthprov.settings.issuer == "https://id.example"
