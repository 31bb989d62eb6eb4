"""The language of a page: ``ui_locales`` (OpenID Connect Core section 3.1.2.1), the browser's."""

from __future__ import annotations

import struct

import pytest
from pyramid.config import Configurator

from tests import site as sites
from tests.site import OPENID, OPENID_SCOPES

GERMAN = {
    "en": "de",
    "Sign in": "Anmelden",
    "Create an account": "Konto anlegen",
    "Home page": "Startseite",
    "A secret in the request body": "Ein Geheimnis im Rumpf der Anfrage",
    "Web server": "Webserver",
}
BRAZILIAN = {"en": "pt-BR", "Sign in": "Entrar"}


def write_catalog(folder, locale, messages):
    """Write a catalog as gettext compiles it: two tables of lengths and places, then the texts."""
    messages = {"": "Content-Type: text/plain; charset=UTF-8\n"} | messages
    texts, table = b"", []
    places = 28 + 16 * len(messages)
    for part in (sorted(messages), [messages[key] for key in sorted(messages)]):
        for text in part:
            encoded = text.encode()
            table.append(struct.pack("<2I", len(encoded), places + len(texts)))
            texts += encoded + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(messages), 28, 28 + 8 * len(messages), 0, 0)
    path = folder / locale / "LC_MESSAGES" / "oauthprov.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(head + b"".join(table) + texts)


@pytest.fixture
def site(tmp_path):
    """A server whose pages a host has translated."""
    write_catalog(tmp_path, "de", GERMAN)
    write_catalog(tmp_path, "pt_BR", BRAZILIAN)
    settings = sites.ini("sqlite://", signup="everyone", scopes=OPENID, languages="en de pt-BR")
    with Configurator(settings=settings) as config:
        config.include("oauthprov.web.standalone")
        config.add_translation_dirs(str(tmp_path))
        made = sites.assembled(config, settings["oauthprov.issuer"])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("accepted", "lang", "title"),
    [
        ("", "en", "Sign in"),
        ("de", "de", "Anmelden"),
        ("de-AT, en;q=0.5", "de", "Anmelden"),
        ("fr, pt-br;q=0.8, de;q=0.3", "pt-BR", "Entrar"),
        ("fr", "en", "Sign in"),
        ("de;q=0", "en", "Sign in"),
        (";;=", "en", "Sign in"),
        ("x" * 8000, "en", "Sign in"),
    ],
)
def test_a_page_is_in_the_language_the_browser_prefers(site, accepted, lang, title):
    page = site.browser().get("/login", headers={"Accept-Language": accepted})
    assert page.html.html["lang"] == lang
    assert page.html.h1.text == title


@pytest.mark.parametrize(
    ("ui_locales", "lang"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("fr de-CH-1996 en", "de"),
        ("pt-BR", "pt-BR"),
        ("pt", "en"),
        ("../../de \u00e9 -", "en"),
        ("en de", "en"),
    ],
)
def test_ui_locales_decides_the_language(site, ui_locales, lang):
    """It overrides the browser's preference; unknown languages are ignored."""
    app = site.app(scopes=OPENID_SCOPES)
    page = site.browser().authorize(app, scope="openid", ui_locales=ui_locales)
    assert page.html.html["lang"] == lang


def test_ui_locales_decides_the_language_of_the_consent_page_too(site):
    app = site.app(scopes=OPENID_SCOPES)
    alice = site.browser().sign_up("alice")
    for ui_locales, lang in (("de", "de"), ("fr", "en")):
        page = alice.authorize(app, scope="openid", ui_locales=ui_locales)
        assert page.html.find(id="allow") is not None
        assert page.html.html["lang"] == lang


def test_metadata_lists_the_languages(site):
    document = site.get("/.well-known/openid-configuration").json
    assert document["ui_locales_supported"] == ["en", "de", "pt-BR"]


def test_texts_that_protocol_marks_are_translated_by_pages(site):
    """Labels of members and client types come from their tables."""
    alice = site.browser().sign_up("alice")
    page = alice.get("/clients/new/web", headers={"Accept-Language": "de"})
    assert page.html.find("label", attrs={"for": "homepage_uri"}).text == "Startseite"
    assert "Ein Geheimnis im Rumpf der Anfrage" in page.text
    assert page.html.find(class_="lead").text.startswith("Webserver. An application")
