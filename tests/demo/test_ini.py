"""The demo as pserve starts it: from an .ini file, with key=value arguments."""

from pathlib import Path

import pytest
from pyramid.paster import get_app
from webtest import TestApp

INI = f"{Path(__file__).parent / 'demo.ini'}"


@pytest.fixture(autouse=True)
def no_client_in_the_environment(monkeypatch):
    monkeypatch.delenv("CLIENT_ID", raising=False)
    monkeypatch.delenv("CLIENT_SECRET", raising=False)


def demo(**options: str) -> TestApp:
    return TestApp(get_app(INI, "demo", options={"port": "5000", "demo_port": "8000"} | options))


def test_the_demo_starts_without_a_client_and_without_a_provider():
    page = demo().get("/").text
    assert "no client yet" in page
    assert "http://127.0.0.1:5000/clients" in page


def test_the_ports_move_the_provider_and_the_demo():
    page = demo(port="5001", demo_port="8001").get("/").text
    assert "http://127.0.0.1:5001/clients" in page
    assert "http://localhost:8001/callback" in page


def test_an_argument_wins_over_the_section_and_the_environment(provider, monkeypatch):
    monkeypatch.setenv("CLIENT_ID", "of the environment")
    location = demo(issuer=provider.issuer, client_id="argument").get("/connect").location
    assert "client_id=argument" in location


def test_the_environment_sets_the_client(open_browser, provider, monkeypatch):
    monkeypatch.setenv("CLIENT_ID", provider.client_id)
    monkeypatch.setenv("CLIENT_SECRET", provider.client_secret)
    browser = open_browser(provider)
    browser.app = demo(issuer=provider.issuer)
    assert browser.connect().html.h1.text == "Connected"
