"""A client's page: endpoints, code, last use, notices; and the search in the list of clients."""

from urllib.parse import urlsplit

import pytest

from oauthprov.protocol.clients.grant_types import GRANT_TYPES, GrantType
from oauthprov.protocol.clients.members import MEMBERS
from oauthprov.protocol.clients.methods import METHODS
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.settings import Settings
from tests import site as sites
from tests.certificates import SUBJECT_DN, Authority, self_signed
from tests.protocol import certified

PAIRWISE = {"openid.pairwise_secret": "abcdefghijklmnopqrstuvwxyz0123456789"}


@pytest.fixture
def openid():
    """A site with OpenID Connect."""
    made = sites.standalone(sites.ini("sqlite://", scopes=sites.OPENID))
    yield made
    made.close()


def words(element) -> str:
    return " ".join(element.text.split())


def page_of(browser, app):
    return browser.get(f"/clients/{app.client.client_id}")


def described(page, section: str) -> dict[str, str]:
    """The terms and descriptions of a section."""
    part = page.html.find("section", attrs={"aria-labelledby": section})
    terms = part.find_all("dt")
    return {words(term): words(term.find_next_sibling("dd")) for term in terms}


@pytest.mark.parametrize("kind", CLIENT_TYPES)
def test_each_endpoint_on_the_page_is_one_that_discovery_names(openid, kind):
    alice = openid.browser().sign_up("alice")
    app = openid.app(kind, owner=alice.account_id())
    shown = described(page_of(alice, app), "endpoints")
    discovered = openid.get("/.well-known/openid-configuration").json
    assert shown.pop("Issuer") == discovered["issuer"]
    for label in ("Discovery", "Metadata"):
        assert openid.get(urlsplit(shown.pop(label)).path).json["issuer"] == discovered["issuer"]
    assert set(shown.values()) <= {url for url in discovered.values() if isinstance(url, str)}
    expected = {"Introspection", "Public keys (JWKS)"}
    if kind != "api":
        expected |= {"Token", "Revocation"}
    if CLIENT_TYPES[kind].redirects:
        expected |= {"Authorization", "Pushed authorization request", "End session"}
    if CLIENT_TYPES[kind].has_users:
        expected |= {"UserInfo", "Registration"}
    if kind == "device":
        expected |= {"Device authorization"}
    assert shown.keys() == expected


@pytest.fixture
def elsewhere(site, alice, monkeypatch):
    """A client of alice's whose users allow it at another device."""
    row = GrantType("urn:example:elsewhere", ("native",), has_users=True, implied=False)
    monkeypatch.setitem(GRANT_TYPES, row.name, row)
    owner = alice.account_id()
    return site.app("native", owner=owner, grant_types=(row.name,), redirect_uris=())


def test_a_client_that_nobody_is_redirected_to_has_no_code_flow(alice, elsewhere):
    page = page_of(alice, elsewhere)
    assert "Authorization" not in described(page, "endpoints")
    assert not page.html.select("#try, #code")
    assert alice.get(f"/clients/{elsewhere.client.client_id}/try", status=404)
    assert alice.get(f"/clients/{elsewhere.client.client_id}/about").status_int == 200


def test_a_client_that_nobody_is_redirected_to_is_edited_without_redirect_uri(alice, elsewhere):
    path = f"/clients/{elsewhere.client.client_id}/edit"
    form = alice.get(path).form
    assert "required" not in form["redirect_uris"].attrs
    form["name"] = "Kitchen TV"
    assert form.submit().status_int == 303
    assert "Kitchen TV" in page_of(alice, elsewhere).text


def test_an_endpoint_that_is_off_is_not_shown(site, alice):
    shown = described(page_of(alice, site.app(owner=alice.account_id())), "endpoints")
    assert not {"UserInfo", "Discovery", "End session"} & shown.keys()


def test_all_that_one_copies_is_marked_for_the_button(site, alice):
    page = page_of(alice, site.app(owner=alice.account_id())).html
    texts = [words(code) for code in page.select("code[data-copy]")]
    assert page.select_one("#client-id").text in texts
    assert f"{sites.ISSUER}/oauth/token" in texts
    assert len(page.select("pre code[data-copy]")) == 4


def test_the_last_use_is_shown_by_its_day(site, alice):
    app = site.app(owner=alice.account_id())
    assert described(page_of(alice, app), "registration")["Last used"] == "never"
    app.tokens(alice)
    shown = described(page_of(alice, app), "registration")["Last used"]
    assert shown == "15 January 2027 (precise to a day)"


def test_the_use_of_a_client_does_not_outdate_an_open_form(site, alice):
    app = site.app(owner=alice.account_id())
    form = alice.get(f"/clients/{app.client.client_id}/edit").form
    app.tokens(alice)
    form["name"] = "Scanner"
    saved = alice.follow(form.submit())
    assert words(saved.html.find(attrs={"role": "status"})) == "Saved."
    assert saved.html.h1.text.strip() == "Scanner"


def test_ending_the_older_secret_says_so(site, alice):
    app = site.app(owner=alice.account_id())
    page = alice.follow(page_of(alice, app).form.submit("action", value="rotate"))
    page = alice.follow(page.form.submit("action", value="retire"))
    assert "The older secret no longer works." in page.text


@pytest.mark.parametrize("done", ["", "nonsense", "<b>", "saved&done=saved"])
def test_a_link_cannot_make_the_page_say_something_else(site, alice, done):
    app = site.app(owner=alice.account_id())
    page = alice.get(f"/clients/{app.client.client_id}?done={done}")
    assert page.status_int in (200, 400)
    assert "nonsense" not in page.text.replace("done=nonsense", "")
    assert not page.html.find(class_="notice")


def listed(page) -> list[str]:
    return [words(name) for name in page.html.select("ul.entries h2 a")]


@pytest.fixture
def several(site, alice):
    owner = alice.account_id()
    site.app(name="Printer", owner=owner)
    site.app(name="Photo Album", owner=owner, redirect_uris=["https://album.example/back"])
    site.app("machine", name="Stra\u00dfe", owner=owner)
    site.app(name="Printer of bob", owner="bob")
    return alice


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("printer", ["Printer"]),
        ("ALBUM", ["Photo Album"]),
        ("album.example", ["Photo Album"]),
        ("strasse", ["Stra\u00dfe"]),
        ("bob", []),
        ("%", []),
        ("'", []),
        (" ", ["Photo Album", "Printer", "Stra\u00dfe"]),
    ],
)
def test_the_search_looks_at_names_ids_and_redirect_uris(several, text, found):
    form = several.get("/clients").form
    form["q"] = text
    assert listed(form.submit()) == found


def test_the_search_finds_a_client_by_its_id(site, several):
    app = site.app(name="Scanner", owner=several.account_id())
    assert listed(several.get(f"/clients?q={app.client.client_id}")) == ["Scanner"]


def test_a_search_goes_on_behind_the_first_page(site, alice, monkeypatch):
    monkeypatch.setattr("oauthprov.web.console.pages.PAGE_SIZE", 2)
    for number in range(7):
        site.app(name=f"Printer {number}", owner=alice.account_id())
    found, page = set(), alice.get("/clients?q=printer")
    while True:
        found.update(listed(page))
        if "More clients" not in page.text:
            break
        page = page.click("More clients")
    assert len(found) == 7


def test_the_form_is_in_groups_with_a_sentence_and_examples(openid):
    alice = openid.browser().sign_up("alice")
    page = alice.get("/clients/new/web").html
    groups = page.select("details section.group")
    assert [words(group.h2) for group in groups] == [
        "What people see",
        "Client authentication and keys",
        "Tokens",
        "What the app learns about people",
        "Signing out",
        "Software",
    ]
    for group in groups:
        assert words(group.p)
    hint = page.select_one("#logo_uri-hint")
    assert "Example: https://photos.example/logo.png" in words(hint)


@pytest.mark.parametrize(
    "member",
    # The key in the example of jwks is cut short.
    [member for member in MEMBERS.values() if member.example and member.field != "jwks"],
    ids=lambda member: member.field,
)
def test_each_example_would_be_accepted(member, tmp_path):
    mtls = certified.settings(Authority().file(tmp_path / "ca.pem"))
    settings = sites.ini("sqlite://", scopes=sites.OPENID, **PAIRWISE, **mtls)
    given = (member.example,) if member.datatype.several else member.example
    assert member.rule(given, CLIENT_TYPES["web"], Settings.from_ini(settings)) == given


@pytest.mark.parametrize("kind", CLIENT_TYPES)
def test_each_field_is_in_the_form_once(openid, kind):
    alice = openid.browser().sign_up("alice")
    page = alice.get(f"/clients/new/{kind}").html
    controls = page.select("form [name]:not([type=radio], [type=checkbox], [type=hidden])")
    names = [control["name"] for control in controls]
    assert len(names) == len(set(names))
    labelled = {m.field for m in MEMBERS.values() if m.label}
    assert set(names) <= labelled
    assert len(names) > 3


def part(page, name):
    return page.html.find("section", attrs={"aria-labelledby": name})


def test_what_a_client_must_do_is_listed_above_its_code():
    demands = {"dpop": "required", "par": "required"}
    made = sites.standalone(sites.ini("sqlite://", development="true", **demands))
    alice = made.browser().sign_up("alice")
    page = page_of(alice, made.app(owner=alice.account_id()))
    assert [code.text for code in part(page, "code").select("#needs code")] == [
        "docs/par.md",
        "docs/dpop.md",
    ]
    assert "No code is shown for curl, Authlib" in words(part(page, "code"))
    assert not part(page, "try").select("[aria-label='Demo command']"), "it does none of that"
    made.close()


def test_where_nothing_is_demanded_nothing_is_listed(site, alice):
    page = page_of(alice, site.app(owner=alice.account_id()))
    assert not part(page, "code").select("#needs")
    assert len(part(page, "code").select("details")) == 3


@pytest.mark.parametrize("method", METHODS)
def test_each_method_of_authentication_has_code(tmp_path, method):
    mtls = certified.settings(Authority().file(tmp_path / "ca.pem"))
    made = sites.standalone(sites.ini("sqlite://", **mtls))
    alice = made.browser().sign_up("alice")
    about = {
        "private_key_jwt": {"jwks": {"keys": [PrivateKey.generate("ES256").public()]}},
        "tls_client_auth": {"tls_client_auth_subject_dn": SUBJECT_DN},
        "self_signed_tls_client_auth": {"jwks": {"keys": [self_signed().jwk()]}},
    }
    kind = "browser" if method == "none" else "web"
    app = made.app(kind, owner=alice.account_id(), auth_method=method, **about.get(method, {}))
    assert part(page_of(alice, app), "code").select("details")
    made.close()


@pytest.mark.parametrize(
    ("registered", "alg"), [({}, "RS256"), ({"token_endpoint_auth_signing_alg": "ES256"}, "ES256")]
)
def test_a_key_that_is_elsewhere_is_a_guess(site, alice, registered, alg):
    keys = {"auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks"}
    page = page_of(alice, site.app(owner=alice.account_id(), **keys | registered))
    codes = [one.text for one in part(page, "code").select("pre")]
    assert len(codes) == 2
    assert all(f"If your key isn't for {alg}" in code for code in codes)


def test_a_client_without_codes_has_no_code_flow_to_run_or_try():
    made = sites.standalone(
        sites.ini("sqlite://", scopes=sites.OPENID, **{"openid.implicit": "true"})
    )
    alice = made.browser().sign_up("alice")
    app = made.app(
        owner=alice.account_id(),
        scopes=("openid",),
        grant_types=("implicit",),
        auth_method="client_secret_basic",
    )
    page = page_of(alice, app)
    assert not page.html.select("#try, #code")
    for name in ("try", "connect"):
        assert alice.get(f"/clients/{app.client.client_id}/{name}").status_int == 404
    made.close()
