"""Every text that a page shows can be translated: with a catalog that marks each, none is bare."""

from __future__ import annotations

import json

import pytest
from bs4.element import NavigableString, PreformattedString, Stylesheet
from pyramid.config import Configurator

from bench import filling
from oauthprov.accounts.roles import set_admin
from oauthprov.protocol.admin.listing import PAGE_SIZE
from oauthprov.protocol.clients.documents import urls
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.records import Client, Consent, DisabledHost
from oauthprov.storage.interface import Add, Remove
from tests import site as sites
from tests.authenticator import Authenticator
from tests.catalogs import extraction
from tests.done import query_of
from tests.site import CALLBACK, ISSUER, OPENID, OPENID_SCOPES
from tests.web.device.devices import Device, television
from tests.web.factors.conftest import Owner

BEGIN, END = "\u2768", "\u2769"
LANGUAGE = "eo"
HEADERS = {"Accept-Language": LANGUAGE}
ATTRIBUTES = ("aria-label", "alt", "title", "placeholder")
SENTENCES = [line.partition("|")[2].strip() for line in OPENID.splitlines()]


def write_catalog(folder):
    """Translate each text into itself between marks; a host's sentences of scopes too."""
    catalog = extraction.read(extraction.TEMPLATE)
    for sentence in filter(None, (*SENTENCES, "Your profile", "Your photos")):
        catalog.add(sentence)
    for message in catalog:
        if message.id and message.id not in ("en", "ltr"):
            message.string = f"{BEGIN}{message.id}{END}"
    path = folder / LANGUAGE / "LC_MESSAGES" / "oauthprov.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(extraction.compiled(catalog))


@pytest.fixture
def site(tmp_path):
    write_catalog(tmp_path)
    settings = sites.ini(
        "sqlite://",
        development="true",
        scopes=OPENID,
        languages=f"en {LANGUAGE}",
        **{
            "mail.url": "console:",
            "login.limit_account": "1 per hour",
            "signup.email": "optional",
        },
    )
    with Configurator(settings=settings) as config:
        config.include("oauthprov.web.standalone")
        config.add_translation_dirs(str(tmp_path))
        made = sites.assembled(config, settings["oauthprov.issuer"])
    yield made
    made.close()


def bare(response):
    """The texts of a page that no catalog has; names, codes and values of people are no texts."""
    found, depth = [], 0
    for element in response.html.descendants:
        if isinstance(element, PreformattedString | Stylesheet):
            continue
        if isinstance(element, NavigableString):
            outside = []
            for character in str(element):
                depth += {BEGIN: 1, END: -1}.get(character, 0)
                if depth == 0 and character != END:
                    outside.append(character)
            text = "".join(outside)
            if any(map(str.isalpha, text)) and not is_a_value(element):
                found.append(text.strip())
        else:
            values = [element[name] for name in ATTRIBUTES if element.get(name)]
            found += [value for value in values if not value.startswith(BEGIN)]
    return found


def is_a_value(text):
    names = [parent for parent in text.parents if parent.name in ("bdi", "code", "textarea")]
    marked = [parent for parent in text.parents if parent.get("dir") == "auto"]
    initial = text.parent.get("aria-hidden") == "true"
    return bool(names or marked or initial or text.parent.name == "title")


def pages(site):
    """Pages of all kinds, each with what went wrong on it."""
    stranger = site.browser()
    for path in ("/", "/login", "/login?page=account", "/signup"):
        yield stranger.get(path, headers=HEADERS)
    form = stranger.get("/signup", headers=HEADERS).form
    form["name"], form["password"] = "alice", "short"
    yield form.submit(headers=HEADERS, status="*")
    form = stranger.get("/login", headers=HEADERS).form
    form["name"], form["password"] = "alice", "short"
    yield form.submit(headers=HEADERS, status="*")
    yield form.submit(headers=HEADERS, status="*")  # one attempt too many
    yield from of_a_reset(stranger)
    yield from errors(stranger)
    alice = site.browser().sign_up("alice")
    yield from of_consent(site, alice)
    yield from of_devices(site, alice)
    yield from of_the_account(alice)
    yield from of_passkeys(alice)
    yield from of_the_console(alice)
    yield from of_many_apps(site, alice)
    yield alice.get("/admin", headers=HEADERS, status=403)
    yield from of_the_admin(site)
    yield from of_leaving(site)


def errors(browser):
    for path, status in (
        ("/nowhere", 404),
        ("/oauth/authorize", 400),
        ("/oauth/authorize?client_id=nobody", 400),
        ("/oauth/authorize?a=%ff", 400),
        ("/consent", 400),
        ("/account/sessions/end", 405),
        ("/oauth/logout?id_token_hint=x", 400),
    ):
        yield browser.get(path, headers=HEADERS, status=status)


def of_a_reset(browser):
    browser.get("/login", headers=HEADERS)
    sent, changed = (query_of(browser, word) for word in ("sent", "password"))
    for path in ("reset", f"reset?{sent}", "new-password", f"new-password?{changed}"):
        yield browser.get(f"/login/{path}", headers=HEADERS)
    form = browser.get("/login/new-password", headers=HEADERS).form
    yield form.submit(headers=HEADERS, status=422)
    form = browser.get("/login/reset", headers=HEADERS).form
    for _ in range(5):
        form.submit(headers=HEADERS, status=303)
    yield form.submit(headers=HEADERS, status=429)


def of_consent(site, alice):
    app = site.app(
        scopes=("profile:read", *OPENID_SCOPES),
        initiate_login_uri="https://app.example/begin",
        policy_uri="https://app.example/policy",
        homepage_uri="https://app.example/",
    )
    asked = {"ui_locales": LANGUAGE, "scope": "openid profile:read"}
    consent = alice.authorize(app, **asked)
    yield consent
    alice.decide(consent)
    yield alice.authorize(app, ui_locales=LANGUAGE, scope="openid profile:read email")
    for prompt in ("login", "select_account"):
        yield alice.authorize(app, prompt=prompt, **asked)
    yield alice.get("/", headers=HEADERS)
    for path in (
        f"/clients/{app.client.client_id}/about",
        f"/account/apps/{app.client.client_id}/remove",
    ):
        yield alice.get(path, headers=HEADERS)


def of_devices(site, alice):
    app = television(site)
    yield alice.get("/device", headers=HEADERS)
    form = alice.get("/device", headers=HEADERS).form
    form["user_code"] = "wrong"
    yield form.submit(headers=HEADERS, status=400)
    for decision in ("allow", "cancel"):
        form["user_code"] = Device.begin(app).shows["user_code"]
        page = alice.get(form.submit(headers=HEADERS).location, headers=HEADERS)
        yield page
        end = page.forms[0].submit("decision", value=decision, headers=HEADERS)
        yield alice.get(end.location, headers=HEADERS)
        yield page.forms[0].submit("decision", value=decision, headers=HEADERS, status=400)
    yield site.browser().get("/login?page=device", headers=HEADERS)


def of_passkeys(alice):
    path, device = "/account/passkeys", Authenticator(ISSUER)
    for form_says in (None, "x", device.create):
        page = alice.get(path, headers=HEADERS)
        yield page
        if form_says is not None:
            options = json.loads(page.html.find(class_="passkey")["data-options"])
            answer = form_says if isinstance(form_says, str) else form_says(options)
            page.form["answer"] = answer
            yield page.form.submit(headers=HEADERS, expect_errors=True)
    for done in ("added", "renamed", "removed"):
        yield alice.get(f"{path}?{query_of(alice, done)}", headers=HEADERS)
    page = alice.get(path, headers=HEADERS)
    yield alice.get(page.html.find(class_="entries").find("a")["href"], headers=HEADERS)
    yield alice.get("/account/security", headers=HEADERS)


def of_the_account(alice):
    for path in ("", "/profile", "/password", "/email", "/email/new"):
        yield alice.get("/account" + path, headers=HEADERS)
    for done in ("password", "profile", "email", "address", "removed", "ended", "others"):
        yield alice.get(f"/account?{query_of(alice, done)}", headers=HEADERS)
    for path in ("/choose", "/logout", "/oauth/logout/confirm"):
        yield alice.get(path, headers=HEADERS)
    form = alice.get("/account/profile", headers=HEADERS).form
    for field in ("website", "birthdate", "zoneinfo", "locale"):
        form[field] = "?" * 300
    yield form.submit(headers=HEADERS, status="*")
    form = alice.get("/account/email/new", headers=HEADERS).form
    form["email"] = "nobody"
    yield form.submit(headers=HEADERS, status=422)
    form["email"] = "alice@example.org"
    yield alice.get(form.submit(headers=HEADERS).location, headers=HEADERS)
    yield alice.get("/account", headers=HEADERS)
    form = alice.get("/account/password", headers=HEADERS).form
    form["current"], form["password"] = "wrong", "wrong horse battery"
    yield form.submit(headers=HEADERS, status="*")
    form["csrf_token"] = "forged"
    yield form.submit(headers=HEADERS, status="*")


def of_leaving(site):
    carol = site.browser().sign_up("carol")
    for path in ("/account/export", "/account/delete"):
        yield carol.get(path, headers=HEADERS)
    form = carol.get("/account/delete", headers=HEADERS).form
    form["name"] = "another"
    yield form.submit(headers=HEADERS, status=422)
    form["name"] = "carol"
    yield form.submit(headers=HEADERS, status=200)
    site.clock.pass_by(601)
    yield carol.get("/login?page=delete", headers=HEADERS)
    carol.sign_in("carol")
    yield carol.get("/account/keep", headers=HEADERS)


def of_the_admin(site):
    owner = Owner(site, "bob")
    set_admin(site.storage, owner.account_id, True, site.clock())
    bob, app = owner.sign_in(), site.app(owner=owner.account_id)
    bob.connect(app, scope="profile:read")
    person, client = f"/people/{owner.account_id}", f"/clients/{app.client.client_id}"
    site.wsgi.registry["oauthprov"].provider.keys.jwks()
    for path in ("", "/people", "/people?q=nobody", "/clients", "/clients?q=nobody", "/health"):
        yield bob.get("/admin" + path, headers=HEADERS)
    for path in ("/people/nobody", f"{person}?grants=x", "/clients/nobody"):
        yield bob.get("/admin" + path, headers=HEADERS)
    for path in (f"{person}/remove", f"{client}/remove", f"/clients?owner={owner.account_id}"):
        yield bob.get("/admin" + path, headers=HEADERS)
    for path, notices in (
        (person, ("disable", "enable", "sign_out", "end_session", "reset_factors", "keep")),
        (person, ("withdraw", "revoke", "remove")),
        (client, ("verify", "unverify", "first_party", "third_party", "disable", "enable")),
        (client, ("withdraw",)),
        ("/clients", ("removed",)),
        ("/registration-tokens", ("revoked",)),
        ("/client-hosts", ("disabled", "enabled")),
        ("/keys", ("made", "signing", "waiting")),
    ):
        for done in notices:
            yield bob.get(f"/admin{path}?{query_of(bob, done)}", headers=HEADERS)
    yield from of_admins_forms(bob, person, client)


def of_admins_forms(bob, person, client):
    form = bob.get(f"/admin{client}/remove", headers=HEADERS).form
    yield form.submit(headers=HEADERS, status=422)
    form = bob.get("/admin/registration-tokens", headers=HEADERS).form
    form["uses"], form["days"] = "0", ""
    yield form.submit("action", value="create", headers=HEADERS, status=422)
    form["uses"], form["days"], form["note"] = "", "1", "x" * 201
    yield form.submit("action", value="create", headers=HEADERS, status=422)
    form["note"] = ""
    yield bob.get(form.submit("action", value="create").location, headers=HEADERS)
    token = {"csrf_token": form["csrf_token"].value}
    disable = token | {"action": "disable", "host": "app.example"}
    disabled = bob.page.post(bob.site.url("/admin/client-hosts"), disable, headers=HEADERS)
    yield bob.get(disabled.location, headers=HEADERS)
    for path, fields in (
        (person, {"action": "disable"}),
        (person, {"action": "explode"}),
        (person, {"action": "revoke"}),
        (client, {"action": "verify"}),
        ("/keys", {"alg": "none"}),
        ("/registration-tokens", {"action": "revoke"}),
        ("/client-hosts", {"action": "disable", "host": "https://app.example"}),
        ("/client-hosts", {}),
        ("/client-hosts", {"action": "enable", "host": "nobody.example"}),
        ("/client-hosts", {"action": "explode"}),
    ):
        yield bob.page.post(
            bob.site.url(f"/admin{path}"), token | fields, headers=HEADERS, expect_errors=True
        )
    host = {"action": "disable", "host": "app.example"}
    yield bob.page.post(bob.site.url("/admin/client-hosts"), token | host, headers=HEADERS).follow(
        headers=HEADERS
    )
    url, now = "https://shop.app.example/client.json", bob.site.clock()
    described = Client(url, "Album", "browser", now, fetched_at=now)
    bob.site.storage.commit(Add(described), now=now)
    hosts = [DisabledHost(f"{number}.example", now) for number in range(PAGE_SIZE)]
    bob.site.storage.commit(*map(Add, hosts), now=now)
    for path in ("/client-hosts", "/clients", f"/clients/{urls.in_path(url)}"):
        yield bob.get(f"/admin{path}", headers=HEADERS)


def of_the_console(alice):
    for path in ("", "/new", "/nobody"):
        yield alice.get("/clients" + path, headers=HEADERS, status="*")
    for kind in CLIENT_TYPES:
        form = alice.get(f"/clients/new/{kind}", headers=HEADERS).form
        yield form.submit(headers=HEADERS, status="*")
        form["name"] = "Demo"
        if CLIENT_TYPES[kind].redirects:
            form["redirect_uris"] = "nothing http://far.example/ https://app.example/%2e%2e/"
            yield form.submit(headers=HEADERS, status="*")
            form["redirect_uris"] = CALLBACK
        form["homepage_uri"] = "javascript:1"
        yield form.submit(headers=HEADERS, status="*")
        form["homepage_uri"] = ""
        shown = form.submit(headers=HEADERS, status=303).location
        yield alice.get(shown, headers=HEADERS)
        place = shown.partition("?")[0]
        yield alice.get(place + "/edit", headers=HEADERS)
        form = alice.get(place + "/remove", headers=HEADERS).form
        form["name"] = "another"
        yield form.submit(headers=HEADERS, status="*")
        if CLIENT_TYPES[kind].redirects:
            yield from of_trying(alice, place)
    for query in (query_of(alice, "removed"), "q=nothing"):
        yield alice.get(f"/clients?{query}", headers=HEADERS)


def of_many_apps(site, alice):
    now = site.clock()
    filling.fill(site.storage, filling.apps(range(60), now, alice.account_id()), now)
    page = alice.get("/account", headers=HEADERS)
    yield page
    second = page.html.find("a", href=lambda href: "after=" in href)["href"]
    yield alice.get(second, headers=HEADERS)
    for consent in list(site.storage.walk(Consent)):
        site.storage.commit(Remove(Consent, consent.record.key), now=now)
    yield alice.get(second, headers=HEADERS)
    yield alice.get("/account/apps?after=x", headers=HEADERS, status=404)


def of_trying(alice, place):
    if "/connect" in alice.get(place, headers=HEADERS).text:
        yield alice.get(place + "/connect", headers=HEADERS)
    page = alice.get(place + "/try", headers=HEADERS)
    yield page
    shown = page.form.submit("action", value="add", headers=HEADERS, status=303).location
    yield alice.get(shown, headers=HEADERS)
    client_id = place.rpartition("/")[2]
    wrong = f"client_id={client_id}&redirect_uri=https://e.example/"
    yield alice.get(f"/oauth/authorize?{wrong}", headers=HEADERS, status=400)


def test_no_text_of_a_page_is_bare(site):
    found = {}
    for number, page in enumerate(pages(site)):
        assert page.content_type == "text/html", page.request.path
        if texts := bare(page):
            found[number, page.request.path] = texts
    assert found == {}


def test_a_bare_text_is_noticed(site):
    page = site.browser().get("/login", headers=HEADERS)
    page.html.h1.string = "Sign in"
    assert bare(page) == ["Sign in"]
