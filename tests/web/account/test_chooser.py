"""Several accounts in one browser: choosing among them, and signing out one by one."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from oauthprov.protocol.keys import jose
from oauthprov.records import Account, Interaction, Session
from tests.site import PASSWORD, arrived
from tests.web.openid import openid_site, relying_party

SID = "__Host-oauthprov_sid"
AFTER = "https://app.example/bye"


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture
def app(site):
    """An application that alice and bob have let in, each in a browser that is closed."""
    made = relying_party(site, post_logout_redirect_uris=(AFTER,))
    for name in ("alice", "bob"):
        made.tokens(site.browser().sign_up(name), scope="openid")
    return made


@pytest.fixture
def both(site, app):
    """A browser with two accounts: bob's is the active one."""
    browser = site.browser().sign_in("alice")
    return add(browser, "bob")


def add(browser, name):
    """Sign in to a further account."""
    form = browser.get("/login?account=another").form
    form["name"], form["password"] = name, PASSWORD
    assert form.submit().status_int == 303
    return browser


def ask(browser, app, **changes):
    return browser.authorize(app, scope="openid", **changes)


def names(page):
    """The accounts that a chooser lists."""
    return [found.text for found in page.html.select("ul.accounts .name")]


def choose(page, name, field="choose"):
    [account] = [li for li in page.html.select("ul.accounts li") if name in li.text]
    key = account.find("button", attrs={"name": field})["value"]
    return page.form.submit(field, value=key, expect_errors=True)


def active(browser):
    """The active account of this browser, if any."""
    found = browser.get("/").html.select_one("h1 .name")
    return found.text if found else None


def subject(app, response):
    """The ``sub`` that a client gets."""
    tokens = app.exchange(arrived(response)["code"]).json
    return jose.unverified_claims(tokens["id_token"])["sub"]


def account_id(site, name):
    [found] = [s.record for s in site.storage.walk(Account) if s.record.name == name]
    return found.account_id


class TestTheList:
    def test_the_list_has_every_account_with_the_active_one_first(self, both):
        page = both.get("/choose")
        assert names(page) == ["bob", "alice"]
        [used] = page.html.select("ul.accounts .new")
        assert "bob" in used.parent.text

    def test_the_list_costs_one_read(self, site, both):
        assert site.storage.trips(lambda: both.get("/choose")) == (1, 0)

    def test_a_visitor_is_sent_to_the_sign_in_page(self, site):
        assert site.browser().get("/choose?page=account").location.endswith("/login?page=account")

    def test_a_session_that_ended_elsewhere_is_not_listed(self, site, both):
        alice = site.browser().sign_in("alice")
        forms = alice.get("/account").forms.values()
        next(form for form in forms if form.action.endswith("end-all")).submit()
        assert names(both.get("/choose")) == ["bob"]

    def test_a_session_that_expired_is_not_listed(self, site, both):
        site.clock.pass_by(1800)
        both.get("/")
        site.clock.pass_by(1800)
        assert names(both.get("/choose")) == ["bob"]

    def test_a_closed_account_is_not_listed(self, site, both):
        site.wsgi.registry["oauthprov"].people.disable(account_id(site, "alice"))
        assert names(both.get("/choose")) == ["bob"]

    def test_markup_in_a_name_is_text(self, site, both):
        add(both, site.browser().sign_up("<b>al") and "<b>al")
        assert "<b>al" not in both.get("/choose").text

    def test_switching_accounts_leads_back_to_the_account_page(self, both):
        page = both.get("/account").click("Switch account")
        assert choose(page, "alice").location == both.site.url("/account")
        assert active(both) == "alice"


class TestSelectAccount:
    """OpenID Connect Core section 3.1.2.1."""

    def test_the_chosen_account_answers_the_client(self, site, both, app):
        page = ask(both, app, prompt="select_account")
        assert page.request.path == "/choose"
        assert "Printer" in page.html.find(class_="lead").text
        response = both.follow(choose(page, "alice"))
        assert subject(app, response) == account_id(site, "alice")
        assert active(both) == "alice"

    def test_the_chooser_is_shown_for_a_single_account_too(self, site, app):
        alice = site.browser().sign_in("alice")
        page = ask(alice, app, prompt="select_account")
        assert names(page) == ["alice"]
        assert "code" in arrived(alice.follow(choose(page, "alice")))

    def test_select_account_without_a_session_leads_to_sign_in(self, site, app):
        page = ask(site.browser(), app, prompt="select_account")
        assert page.request.path == "/login"

    def test_another_account_can_sign_in_from_the_chooser(self, site, app):
        browser = site.browser().sign_in("alice")
        login = ask(browser, app, prompt="select_account").click("Use another account")
        login.form["name"], login.form["password"] = "bob", PASSWORD
        response = browser.follow(login.form.submit())
        assert subject(app, response) == account_id(site, "bob")
        assert names(browser.get("/choose")) == ["bob", "alice"]

    def test_another_account_can_be_created_from_the_chooser(self, site, app):
        browser = site.browser().sign_in("alice")
        login = ask(browser, app, prompt="select_account").click("Use another account")
        signup = login.click("Create one")
        signup.form["name"], signup.form["password"] = "carol", PASSWORD
        assert "to your account carol" in " ".join(
            browser.follow(signup.form.submit()).html.main.text.split()
        )

    def test_a_choice_is_no_sign_in(self, both, app):
        page = ask(both, app, prompt="login select_account")
        login = both.follow(choose(page, "alice"))
        assert login.request.path == "/login"
        assert login.forms[0]["name"].value == "alice"
        login.forms[0]["password"] = PASSWORD
        assert "code" in arrived(both.follow(login.forms[0].submit()))
        assert names(both.get("/choose")) == ["alice", "bob"]

    def test_a_login_hint_puts_its_account_first(self, both, app):
        page = ask(both, app, login_hint="Alice")
        assert names(page) == ["alice", "bob"]
        assert "code" in arrived(both.follow(choose(page, "bob")))

    def test_a_choice_stands_when_another_account_becomes_active(self, site, both, app):
        """Two requests in two tabs, each for an account of its own."""
        page = ask(both, app, prompt="select_account consent")
        consent = both.follow(choose(page, "alice"))
        choose(both.get("/choose"), "bob")
        # The form belongs to another account now; the page shown again is still for alice.
        assert both.decide(consent).status_int == 403
        consent = both.get(consent.request.url)
        assert consent.html.select_one(".lead strong").text == "alice"
        assert subject(app, both.decide(consent)) == account_id(site, "alice")
        assert active(both) == "bob"

    def test_a_choice_is_asked_for_again_when_its_session_ended(self, both, app):
        page = ask(both, app, prompt="select_account consent")
        consent = both.follow(choose(page, "alice"))
        choose(both.get("/choose"), "alice", "remove")
        assert both.follow(both.get(consent.request.url)).request.path == "/choose"

    def test_the_next_request_asks_again(self, both, app):
        both.follow(choose(ask(both, app, prompt="select_account"), "alice"))
        assert ask(both, app, prompt="select_account").request.path == "/choose"


class TestSigningIn:
    def test_prompt_login_renews_the_session_and_keeps_its_sid(self, site, both, app):
        before = {s.record.sid for s in site.storage.walk(Session)}
        page = ask(both, app, prompt="login")
        page.forms[0]["name"], page.forms[0]["password"] = "bob", PASSWORD
        both.follow(page.forms[0].submit())
        assert names(both.get("/choose")) == ["bob", "alice"]
        assert {s.record.sid for s in site.storage.walk(Session)} == before

    def test_signing_in_to_the_same_account_again_replaces_its_session(self, site, both):
        before = {s.record.sid for s in site.storage.walk(Session)}
        add(both, "alice")
        assert names(both.get("/choose")) == ["alice", "bob"]
        assert {s.record.sid for s in site.storage.walk(Session)} == before

    def test_a_sixth_account_ends_the_session_used_longest_ago(self, site, both):
        people = ["<c>", "<d>", "<e>", "<f>"]
        for name in people:
            site.browser().sign_up(name)
            add(both, name)
        assert names(both.get("/choose")) == [*reversed(people), "bob"]
        # That of the browser which was closed is left.
        alice = account_id(site, "alice")
        assert len(list(site.storage.walk(Session, account_id=alice))) == 1
        assert both.page.cookies[SID].count("~") == 4

    def test_an_expired_session_is_removed_from_the_cookie(self, site, both):
        site.clock.pass_by(3600)
        add(both, "bob")
        assert "~" not in both.page.cookies[SID]


class TestUseAnotherAccount:
    def test_the_consent_page_leads_to_the_chooser_and_back(self, both, app):
        consent = ask(both, app, prompt="consent")
        assert "Not bob?" in consent.html.find(class_="aside").text
        page = consent.click("Use another account")
        consent = both.follow(choose(page, "alice"))
        assert consent.html.select_one(".lead strong").text == "alice"
        assert "code" in arrived(both.decide(consent))

    def test_a_consent_form_of_one_account_is_refused_for_another(self, both, app):
        consent = ask(both, app, prompt="consent")
        choose(consent.click("Use another account"), "alice")
        assert both.decide(consent).status_int == 403


class TestAHintedAccount:
    """Core sections 3.1.2.1 and 5.5.1: an account that has a session here, active or not."""

    @pytest.fixture
    def hint(self, both, app):
        """An ID token of alice's session."""
        both.follow(choose(both.get("/choose"), "alice"))
        token = app.tokens(both, scope="openid")["id_token"]
        choose(both.get("/choose"), "bob")
        return token

    @pytest.mark.parametrize("changes", [{}, {"prompt": "none"}])
    def test_the_hinted_account_answers_and_the_other_stays_active(
        self, site, both, app, hint, changes
    ):
        response = ask(both, app, id_token_hint=hint, **changes)
        assert subject(app, response) == account_id(site, "alice")
        assert active(both) == "bob"

    def test_the_consent_page_names_the_hinted_account(self, site, both, app, hint):
        consent = ask(both, app, id_token_hint=hint, prompt="consent")
        assert consent.html.select_one(".lead strong").text == "alice"
        assert "bob" not in consent.html.body.text
        assert subject(app, both.decide(consent)) == account_id(site, "alice")
        assert active(both) == "bob"

    def test_choosing_another_than_the_hinted_account_is_login_required(self, both, app, hint):
        consent = ask(both, app, id_token_hint=hint, prompt="consent")
        page = consent.click("Use another account")
        assert arrived(choose(page, "bob"))["error"] == "login_required"

    def test_a_hint_for_an_inactive_account_reads_its_session_and_consent(
        self, site, both, app, hint
    ):
        url = app.authorization_url(scope="openid", id_token_hint=hint)
        site.clock.pass_by(60)
        reads, writes = site.storage.trips(lambda: both.get(url))
        choose(both.get("/choose"), "alice")
        site.clock.pass_by(60)
        assert site.storage.trips(lambda: both.get(url)) == (reads - 2, writes)


def test_an_authorization_reads_one_session_of_many(site, both, app):
    site.clock.pass_by(60)
    url = app.authorization_url(scope="openid")
    assert site.storage.trips(lambda: both.get(url)) == (2, 1)


class TestSigningOut:
    def test_one_account_of_several_can_be_signed_out(self, site, both):
        page = both.follow(choose(both.get("/choose"), "alice", "remove"))
        assert names(page) == ["bob"]
        assert "The account is signed out." in page.text
        assert active(both) == "bob"

    def test_signing_out_the_active_account_activates_no_other(self, site, both, app):
        page = both.follow(choose(both.get("/choose"), "bob", "remove"))
        assert names(page) == ["alice"]
        assert active(both) is None
        assert "/login" in both.get("/account").location
        assert arrived(ask(both, app, prompt="none"))["error"] == "account_selection_required"
        page = ask(both, app)
        assert page.request.path == "/choose"
        assert "code" in arrived(both.follow(choose(page, "alice")))

    def test_a_request_continues_after_one_account_signed_out(self, both, app):
        page = ask(both, app, prompt="select_account")
        page = both.follow(choose(page, "bob", "remove"))
        assert "code" in arrived(both.follow(choose(page, "alice")))

    def test_signing_out_the_last_account_leads_to_sign_in(self, site, app):
        browser = site.browser().sign_in("alice")
        page = browser.follow(
            choose(ask(browser, app, prompt="select_account"), "alice", "remove")
        )
        assert page.request.path == "/login"
        assert "Printer" in page
        assert SID not in browser.page.cookies

    def test_sign_out_ends_all_of_them(self, site, both):
        page = both.get("/logout")
        assert "alice" in page.html.main.text
        assert "bob" in page.html.main.text
        held = len(list(site.storage.walk(Session)))
        page.form.submit()
        assert held - len(list(site.storage.walk(Session))) == 2
        assert SID not in both.page.cookies

    def test_sign_out_everywhere_ends_one_account_alone(self, site, both):
        forms = both.get("/account").forms.values()
        next(form for form in forms if form.action.endswith("end-all")).submit()
        assert list(site.storage.walk(Session, account_id=account_id(site, "bob"))) == []
        assert active(both) is None
        assert names(both.get("/choose")) == ["alice"]

    def test_the_sign_in_page_leads_to_the_remaining_accounts(self, both):
        choose(both.get("/choose"), "bob", "remove")
        page = both.get("/login?page=account").click("Choose an account")
        assert choose(page, "alice").location == both.site.url("/account")


class TestLogoutByAClient:
    """RP-Initiated Logout 1.0 section 2: the session of the hint ends, and no other."""

    def hint(self, browser, app, name):
        choose(browser.get("/choose"), name)
        return app.tokens(browser, scope="openid")["id_token"]

    def log_out(self, browser, **query):
        return browser.follow(browser.get("/oauth/logout?" + urlencode(query)))

    def test_a_hint_for_the_active_account_signs_it_out_alone(self, both, app):
        hint = self.hint(both, app, "bob")
        response = self.log_out(both, id_token_hint=hint, post_logout_redirect_uri=AFTER)
        assert response.location == AFTER
        assert active(both) is None
        assert names(both.get("/choose")) == ["alice"]

    def test_a_hint_for_an_inactive_account_signs_it_out_alone(self, both, app):
        hint = self.hint(both, app, "alice")
        choose(both.get("/choose"), "bob")
        page = self.log_out(both, id_token_hint=hint)
        words = " ".join(page.html.main.text.split())
        assert "alice is signed out. Still signed in here: bob" in words
        assert active(both) == "bob"

    def test_a_hint_of_an_earlier_session_asks_about_its_account(self, both, app):
        hint = self.hint(both, app, "alice")
        choose(both.get("/choose"), "alice", "remove")
        add(both, "alice")
        choose(both.get("/choose"), "bob")
        page = self.log_out(both, id_token_hint=hint)
        assert "signed in as alice" in " ".join(page.html.main.text.split())
        done = page.forms[0].submit()
        assert "Still signed in here" in done.text
        assert names(both.get("/choose")) == ["bob"]

    def test_without_a_hint_the_active_account_is_asked(self, both, app):
        page = self.log_out(both, client_id=app.client.client_id)
        assert "signed in as bob" in " ".join(page.html.main.text.split())
        page.forms[0].submit()
        assert names(both.get("/choose")) == ["alice"]

    def test_confirming_for_an_account_already_signed_out_ends_no_other(self, both, app):
        hint = self.hint(both, app, "alice")
        choose(both.get("/choose"), "alice", "remove")
        add(both, "alice")
        choose(both.get("/choose"), "bob")
        page = self.log_out(both, id_token_hint=hint)
        choose(both.get("/choose"), "alice", "remove")
        assert "No account was signed out" in page.forms[0].submit().text
        assert active(both) == "bob"


class TestForgery:
    """What a cookie, a form or another site can't do."""

    def send(self, browser, **fields):
        page = browser.get("/choose")
        fields = {"csrf_token": page.form["csrf_token"].value} | fields
        return browser.page.post(browser.site.url("/choose"), fields, expect_errors=True)

    def test_a_session_of_another_browser_cannot_be_chosen(self, site, both):
        stranger = site.browser().sign_up("carol")
        [key] = [
            s.record.key for s in site.storage.walk(Session, account_id=account_id(site, "carol"))
        ]
        for field in ("choose", "remove"):
            response = self.send(both, **{field: key})
            assert response.status_int == 409
            assert "no longer signed in here" in response.text
            assert names(response) == ["bob", "alice"]
        assert active(stranger) == "carol"

    @pytest.mark.parametrize("fields", [{}, {"choose": "a", "remove": "b"}, {"choose": ""}])
    def test_a_form_without_a_choice_is_refused(self, both, fields):
        assert self.send(both, **fields).status_int == 400

    @pytest.mark.parametrize("token", [None, "x"])
    def test_a_form_without_its_csrf_token_is_refused(self, site, both, token):
        page = both.get("/choose")
        key = page.html.find("button", attrs={"name": "remove"})["value"]
        fields = {"remove": key} | ({"csrf_token": token} if token else {})
        sent = both.page.post(site.url("/choose"), fields, expect_errors=True)
        assert sent.status_int == 403
        assert names(both.get("/choose")) == ["bob", "alice"]

    def test_a_form_of_another_site_is_refused(self, both):
        page = both.get("/choose")
        page.form.action = both.site.url("/choose")
        key = page.html.find("button", attrs={"name": "choose"})["value"]
        fields = {"csrf_token": page.form["csrf_token"].value, "choose": key}
        sent = both.page.post(
            page.form.action,
            fields,
            headers={"Origin": "https://evil.example"},
            expect_errors=True,
        )
        assert sent.status_int == 403

    def test_a_request_of_another_browser_is_refused(self, site, both, app):
        other = site.browser().sign_up("carol")
        there = ask(other, app, prompt="select_account").form["interaction"].value
        assert both.follow(both.get(f"/choose?interaction={there}")).status_int == 400
        page = both.get("/choose")
        alice = page.html.find_all("button", attrs={"name": "choose"})[1]["value"]
        assert self.send(both, choose=alice, interaction=there).status_int == 400
        assert active(both) == "bob"

    def test_a_logout_interaction_is_refused(self, both, app):
        page = both.follow(both.get(f"/oauth/logout?client_id={app.client.client_id}"))
        there = page.forms[0]["interaction"].value
        assert both.follow(both.get(f"/choose?interaction={there}")).status_int == 400

    def test_an_account_id_in_the_cookie_reveals_no_name(self, site, both, app):
        """Clients know the account id as ``sub``; it must not reveal the name."""
        planted = f"{SID}={account_id(site, 'alice')}.{'A' * 43}~{account_id(site, 'bob')}.x"
        response = site.get("/choose", headers={"Cookie": planted})
        assert response.location.endswith("/login")
        login = site.get("/login", headers={"Cookie": planted})
        assert "alice" not in login.text

    @pytest.mark.parametrize(
        "cookie",
        ["~", "~~~~~~~~", "~.~.~a.~", "a.b~" * 2000, "." * 5000, "\x7f", '"', "~" + "a" * 9000],
    )
    def test_a_malformed_cookie_counts_as_signed_out(self, site, cookie):
        response = site.get("/choose", headers={"Cookie": f"{SID}={cookie}"})
        assert response.location.endswith("/login")

    def test_no_more_than_five_sessions_of_a_cookie_are_read(self, site, both):
        bob, alice = both.page.cookies[SID].split("~")
        crowd = "~".join([bob, *(f"x.{number}" for number in range(4)), alice])
        assert names(site.get("/choose", headers={"Cookie": f"{SID}={crowd}"})) == ["bob"]
        twice = f"{SID}={bob}~{bob}~{alice}~{alice}"
        assert names(site.get("/choose", headers={"Cookie": twice})) == ["bob", "alice"]

    def test_a_planted_session_is_not_active_after_a_sign_in(self, site, both):
        """Fixation: the attacker's account is never in front of the person's own."""
        planted = site.browser().sign_up("carol").page.cookies[SID]
        browser = site.browser()
        page = browser.get("/login?account=another", headers={"Cookie": f"{SID}={planted}"})
        page.form["name"], page.form["password"] = "alice", PASSWORD
        page.form.submit(headers={"Cookie": f"{SID}={planted}"})
        first, _, second = browser.page.cookies[SID].partition("~")
        assert first.startswith(account_id(site, "alice"))
        assert second == planted

    def test_choosing_stores_no_secret(self, site, both, app):
        ask(both, app, prompt="select_account")
        stored = "".join(
            str(s) for kind in (Session, Interaction) for s in site.storage.walk(kind)
        )
        for secret in both.page.cookies[SID].split("~"):
            assert secret not in stored
