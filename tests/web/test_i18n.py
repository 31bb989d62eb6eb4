"""The language of a page: ``ui_locales`` (OpenID Connect Core section 3.1.2.1), the browser's."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog
from pyramid.config import Configurator

from tests import site as sites
from tests.catalogs import extraction
from tests.site import OPENID, OPENID_SCOPES

GERMAN = {"Accept-Language": "de"}
BRAZILIAN = {"en": "pt-BR", "Sign in": "Entrar"}
SWISS = {"Sign in": "Einloggen"}


def write_catalog(folder, locale, messages):
    """Write a catalog as a host has it compiled."""
    catalog = Catalog(locale=locale, charset="utf-8")
    for text, translated in messages.items():
        catalog.add(text, translated)
    path = folder / locale / "LC_MESSAGES" / "oauthprov.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(extraction.compiled(catalog))


def served(folder=None, *, first=False, **more):
    """A server whose pages a host has translated, before or after it includes the provider."""
    settings = sites.ini("sqlite://", development="true", **({"scopes": OPENID} | more))
    with Configurator(settings=settings) as config:
        if first:
            config.add_translation_dirs(str(folder))
        config.include("oauthprov.web.standalone")
        if folder and not first:
            config.add_translation_dirs(str(folder))
        return sites.assembled(config, settings["oauthprov.issuer"])


@pytest.fixture
def site(tmp_path):
    write_catalog(tmp_path, "pt_BR", BRAZILIAN)
    made = served(tmp_path, languages="en de pt-BR")
    yield made
    made.close()


@pytest.fixture
def abroad():
    """A server with the catalogs that ship."""
    made = served(languages="en de he")
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
    page = alice.get("/clients/new/web", headers=GERMAN)
    assert page.html.find("label", attrs={"for": "homepage_uri"}).text == "Startseite"
    assert "Ein Geheimnis im Rumpf der Anfrage" in page.text
    assert page.html.find(class_="lead").text.startswith("Webserver. Eine Anwendung")


@pytest.mark.parametrize("first", [True, False])
def test_a_host_may_say_it_otherwise(tmp_path, first):
    """Its catalogs go before those that ship, whichever are added first."""
    write_catalog(tmp_path, "de", SWISS)
    site = served(tmp_path, first=first, languages="en de")
    page = site.browser().get("/login", headers=GERMAN)
    assert page.html.h1.text == "Einloggen"
    assert page.html.find("label", attrs={"for": "password"}).text == "Passwort"
    site.close()


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("de", "ltr"), ("he", "rtl")])
def test_a_page_names_its_language_and_direction(abroad, language, direction):
    html = abroad.browser().get("/login", headers={"Accept-Language": language}).html.html
    assert (html["lang"], html["dir"]) == (language, direction)


@pytest.mark.parametrize(
    ("language", "day"),
    [("en", "15 January 2027"), ("de", "15. Januar 2027"), ("he", "15 בינואר 2027")],
)
def test_days_are_written_as_the_language_writes_them(abroad, language, day):
    alice = abroad.browser().sign_up("alice")
    alice.connect(abroad.app())
    page = alice.get("/account", headers={"Accept-Language": language})
    assert day in [time.text for time in page.html.find_all("time")]


def test_the_consent_page_names_the_app_on_the_device_in_its_language(abroad):
    uri = "com.example.app:/callback"
    app = abroad.app("native", redirect_uris=(uri,), scopes=OPENID_SCOPES)
    alice = abroad.browser().sign_up("alice")
    page = alice.authorize(app, redirect_uri=uri, scope="openid", ui_locales="de")
    destination = page.html.find(id="destination").strong.text
    assert destination == "eine App auf diesem Gerät (com.example.app)"


def test_errors_are_translated_with_their_values(abroad):
    page = abroad.browser().get(
        "/oauth/authorize?client_id=a&client_id=b", headers=GERMAN, status=400
    )
    assert page.html.find(id="error").h1.text == "Die Anfrage wurde abgelehnt"
    said = page.html.find(attrs={"role": "alert"}).text
    assert said == "Der Parameter client_id kommt mehrfach vor."
    page = abroad.browser().get("/oauth/authorize?client_id=nobody", headers=GERMAN, status=400)
    said = page.html.find(attrs={"role": "alert"}).text
    assert (
        said
        == "Mit dieser Client-ID ist hier keine App registriert, oder die App ist deaktiviert."
    )


def test_what_a_value_holds_is_never_looked_up(abroad):
    """A redirect URI may read like a placeholder, or like a text that is translated."""
    alice = abroad.browser().sign_up("alice")
    form = alice.get("/clients/new/web", headers=GERMAN).form
    form["name"] = "Sign in"
    form["redirect_uris"] = "http://a.example/$problem http://b.example/$uri"
    page = form.submit(headers=GERMAN, status=422)
    wrong = page.html.find(id="redirect_uris-hint").strong.text
    reason = "Das Schema muss https sein, oder http auf diesem Computer."
    assert wrong == " ".join(
        f"http://{place}: {reason}" for place in ("a.example/$problem", "b.example/$uri")
    )
    assert form["name"].value == "Sign in"


def test_addresses_in_a_sentence_stay_whole_from_right_to_left(abroad):
    """Each stands in an isolate, so that no full stop changes places with its slashes."""
    alice = abroad.browser().sign_up("alice")
    form = alice.get("/clients/new/web", headers={"Accept-Language": "he"}).form
    form["redirect_uris"] = "http://a.example/"
    page = form.submit(headers={"Accept-Language": "he"}, status=422)
    wrong = page.html.find(id="redirect_uris-hint").strong.text
    assert wrong.startswith("\u2068http://a.example/\u2069: הסכמה")


def test_clients_read_errors_in_english(abroad):
    """What an endpoint answers is for developers: it doesn't depend on who asks."""
    answer = abroad.post("/oauth/token", {"grant_type": "x"}, headers=GERMAN, status="*")
    assert answer.json["error_description"] == "The server does not support this grant_type."


def test_what_a_person_enters_is_refused_in_their_language(abroad):
    form = abroad.browser().get("/signup", headers=GERMAN).form
    form["name"], form["password"] = "alice", "short"
    page = form.submit(headers=GERMAN, status=422)
    assert page.html.find(id="problem").text == "Ein Passwort braucht mindestens 15 Zeichen."
