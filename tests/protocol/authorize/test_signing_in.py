"""When a sign-in is required: OpenID Connect Core section 3.1.2, Prompt Create."""

import dataclasses
import logging
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthprov.credentials import digest
from oauthprov.protocol.authorize import checks
from oauthprov.protocol.authorize.interactions import UNKNOWN_INTERACTION
from oauthprov.protocol.provider import Provider
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import (
    Call,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.records import Client, Interaction
from tests.protocol.world import ALICE, BOB, BROWSER, FORM, OTHER_BROWSER, Accounts, openid_world


@pytest.fixture
def world():
    """A provider whose client alice and bob have allowed in already."""
    made = openid_world()
    made.allow(scope="openid read")
    made.allow(person=BOB, scope="openid read")
    return made


def ask(world, person=ALICE, **changes):
    return world.authorize(**({"person": person, "scope": "openid"} | changes))


def anew(world, person=ALICE):
    """The person, who signs in now."""
    return dataclasses.replace(
        person, auth_time=world.now, session_key=digest(f"{person.name} {world.now}")
    )


def assert_error(answer, error):
    assert isinstance(answer, Redirect), answer
    assert dict(answer.params)["error"] == error


def assert_code(answer):
    assert isinstance(answer, Redirect), answer
    assert "code" in dict(answer.params)


class TestPromptNone:
    """Section 3.1.2.1: never a page; section 3.1.2.6: the errors."""

    def test_prompt_none_gives_a_code_without_a_page(self, world):
        assert_code(ask(world, prompt="none"))

    def test_prompt_none_without_a_session_is_login_required(self, world):
        assert_error(ask(world, None, prompt="none"), "login_required")

    def test_prompt_none_without_consent_is_consent_required(self, world):
        assert_error(ask(world, scope="openid email", prompt="none"), "consent_required")

    def test_prompt_none_with_an_old_sign_in_is_login_required(self, world):
        assert_error(ask(world, prompt="none", max_age="10"), "login_required")

    def test_prompt_none_with_another_person_signed_in_is_login_required(self, world):
        hint = world.tokens(person=BOB, scope="openid")["id_token"]
        assert_error(ask(world, prompt="none", id_token_hint=hint), "login_required")

    def test_prompt_none_stores_nothing(self, world):
        before = len(world.all(Interaction))
        ask(world, None, prompt="none")
        assert len(world.all(Interaction)) == before

    @pytest.mark.parametrize("more", ["login", "consent", "select_account", "create"])
    def test_prompt_none_with_another_prompt_is_refused(self, world, more):
        assert_error(ask(world, prompt=f"none {more}"), "invalid_request")
        assert_error(ask(world, None, prompt=f"{more} none"), "invalid_request")

    def test_a_posted_prompt_none_is_answered_once_when_the_browser_returns(self, world):
        """A POST has no cookies: the session is known once the browser returns."""
        body = urlencode(world.query(scope="openid", prompt="none")).encode()
        parked = world.authorization.store(Call("POST", b"", body, FORM))
        assert_error(world.resume(parked, None), "login_required")
        # A request is answered once.
        assert not isinstance(world.resume(parked), Redirect)


@pytest.mark.parametrize("prompt", ["login", "login consent", "login login"])
class TestSigningInAgain:
    """Section 3.1.2.3: the sign-in must have happened after the request."""

    def test_prompt_login_asks_a_signed_in_person_to_sign_in_again(self, world, prompt):
        answer = ask(world, prompt=prompt)
        assert answer.step == "reauthenticate"
        pending = world.authorization.pending(answer.interaction_id, Visitor(BROWSER, ALICE))
        assert pending.sign_in
        assert world.resume(answer.interaction_id).step == "reauthenticate"

    def test_consent_cannot_replace_the_sign_in(self, world, prompt):
        waiting = ask(world, prompt=prompt).interaction_id
        question = world.authorization.question(waiting, Visitor(BROWSER, ALICE))
        assert question == InteractionRequired("reauthenticate", waiting)
        decided = world.authorization.decide(waiting, Visitor(BROWSER, ALICE), allow=True)
        assert decided == InteractionRequired("reauthenticate", waiting)

    def test_after_the_new_sign_in_the_request_continues(self, world, prompt):
        waiting = ask(world, prompt=prompt).interaction_id
        world.now += 60
        person = anew(world)
        assert not world.authorization.pending(waiting, Visitor(BROWSER, person)).sign_in
        answer = world.resume(waiting, person)
        if "consent" in prompt:
            assert answer.step == "consent"
            answer = world.authorization.decide(waiting, Visitor(BROWSER, person), allow=True)
        assert_code(answer)
        token = world.redeem(dict(answer.params)["code"]).body["id_token"]
        assert world.id_token(token).claims["auth_time"] == world.now

    def test_another_account_may_sign_in(self, world, prompt):
        waiting = ask(world, prompt=prompt).interaction_id
        answer = world.resume(waiting, anew(world, BOB))
        assert answer.step == "consent" if "consent" in prompt else assert_code(answer) is None

    def test_a_visitor_signs_in_once(self, world, prompt):
        answer = ask(world, None, prompt=prompt)
        assert answer.step == "login"
        after = world.resume(answer.interaction_id, anew(world))
        assert after.step == "consent" if "consent" in prompt else assert_code(after) is None


@pytest.mark.parametrize("more", ["", " consent", " login"])
class TestSelectAccount:
    """Section 3.1.2.1: the request needs a choice of account or a new sign-in."""

    def test_a_chosen_account_answers_the_request(self, world, more):
        waiting = ask(world, prompt=f"select_account{more}").interaction_id
        assert world.resume(waiting) == InteractionRequired("select_account", waiting)
        assert (
            world.authorization.question(waiting, Visitor(BROWSER, ALICE)).step == "select_account"
        )
        assert (
            world.authorization.decide(waiting, Visitor(BROWSER, ALICE), allow=True).step
            == "select_account"
        )
        assert world.authorization.choose(waiting, BOB, BROWSER) is None
        assert_goes_on(world.resume(waiting, BOB), more)

    def test_a_new_sign_in_counts_as_the_choice(self, world, more):
        waiting = ask(world, prompt=f"select_account{more}").interaction_id
        answer = world.resume(waiting, anew(world, BOB))
        assert_goes_on(answer, more.replace("login", ""))

    def test_a_choice_is_no_sign_in(self, world, more):
        waiting = ask(world, prompt=f"select_account{more}", max_age="5").interaction_id
        world.authorization.choose(waiting, BOB, BROWSER)
        assert world.resume(waiting, BOB).step == "reauthenticate"

    def test_a_choice_counts_for_one_request(self, world, more):
        waiting = ask(world, prompt=f"select_account{more}").interaction_id
        another = ask(world, prompt=f"select_account{more}").interaction_id
        world.authorization.choose(waiting, ALICE, BROWSER)
        assert world.resume(another).step == "select_account"
        assert ask(world, prompt=f"select_account{more}").step == "select_account"


def assert_goes_on(answer, more):
    steps = {" consent": "consent", " login": "reauthenticate"}
    assert answer.step == steps[more] if more in steps else assert_code(answer) is None


class TestChoosing:
    """A choice is bound to its browser and never overrides the account the client names."""

    def test_another_browser_cannot_choose(self, world):
        waiting = ask(world, prompt="select_account").interaction_id
        assert world.authorization.choose(waiting, BOB, OTHER_BROWSER) == UNKNOWN_INTERACTION
        assert world.resume(waiting).step == "select_account"

    def test_the_last_of_two_choices_stands(self, world):
        """The last choice stands."""
        waiting = ask(world, prompt="select_account consent").interaction_id
        assert world.authorization.choose(waiting, BOB, BROWSER) is None
        assert world.authorization.choose(waiting, ALICE, BROWSER) is None
        assert world.resume(waiting).step == "consent"

    def test_a_choice_for_an_answered_request_is_refused(self, world):
        waiting = ask(world, prompt="select_account").interaction_id
        world.authorization.choose(waiting, ALICE, BROWSER)
        assert_code(world.resume(waiting))
        assert world.authorization.choose(waiting, BOB, BROWSER) == UNKNOWN_INTERACTION

    def test_choosing_an_account_other_than_the_hinted_is_login_required(self, world):
        hint = world.tokens(scope="openid")["id_token"]
        waiting = ask(world, prompt="select_account", id_token_hint=hint).interaction_id
        assert_error(world.authorization.choose(waiting, BOB, BROWSER), "login_required")
        assert world.resume(waiting) == UNKNOWN_INTERACTION

    def test_a_session_of_the_same_second_is_no_sign_in(self, world):
        """The session existed before the request, though the clock can't show it."""
        bob = anew(world, BOB)
        waiting = ask(world, prompt="login select_account").interaction_id
        world.authorization.choose(waiting, bob, BROWSER)
        assert world.resume(waiting, bob).step == "reauthenticate"

    def test_a_session_newer_than_the_request_is_a_sign_in(self, world):
        waiting = ask(world, prompt="login select_account").interaction_id
        world.now += 1
        bob = anew(world, BOB)
        world.authorization.choose(waiting, bob, BROWSER)
        assert_code(world.resume(waiting, bob))


class TestSeveralAccounts:
    """More accounts in the browser than the active one."""

    @pytest.mark.parametrize("by", ["hint", "sub"])
    @pytest.mark.parametrize("active", [BOB, None])
    @pytest.mark.parametrize("changes", [{}, {"prompt": "none"}])
    def test_the_hinted_account_need_not_be_the_active_one(self, world, by, active, changes):
        """Sections 3.1.2.1 and 5.5.1: an active session of that account gives the answer."""
        answer = among(world, active, ALICE, **meaning(world, by), **changes)
        assert_code(answer)
        token = world.redeem(dict(answer.params)["code"]).body["id_token"]
        assert world.id_token(token).claims["sub"] == "alice-id"

    def test_max_age_applies_to_the_session_of_the_hinted_account(self, world):
        bob, hint = anew(world, BOB), meaning(world, "hint")
        assert_error(
            among(world, bob, ALICE, prompt="none", max_age="5", **hint), "login_required"
        )
        answer = among(world, bob, ALICE, max_age="5", **hint)
        assert answer.step == "reauthenticate"
        pending = world.authorization.pending(
            answer.interaction_id, Visitor(BROWSER, bob, lambda: [ALICE])
        )
        assert pending.login_hint == "alice"

    def test_the_consent_page_is_for_the_hinted_account(self, world):
        answer = among(world, BOB, ALICE, prompt="consent", **meaning(world, "hint"))
        waiting = answer.interaction_id
        question = world.authorization.question(waiting, Visitor(BROWSER, BOB, lambda: [ALICE]))
        assert question.person == ALICE
        # When her session ends meanwhile, no other account is asked.
        assert (
            world.authorization.question(waiting, Visitor(BROWSER, BOB)).step == "reauthenticate"
        )
        assert (
            world.authorization.decide(waiting, Visitor(BROWSER, BOB), allow=True).step
            == "reauthenticate"
        )

    def test_a_sign_in_as_another_than_the_hinted_account_is_login_required(self, world):
        waiting = among(world, BOB, ALICE, prompt="login", **meaning(world, "hint"))
        carol = dataclasses.replace(anew(world), account_id="carol-id", name="carol")
        query = urlencode({"interaction": waiting.interaction_id}).encode()
        answer = world.authorization.begin(
            Call("GET", query), lambda: Visitor(BROWSER, carol, lambda: [BOB, ALICE])
        )
        assert_error(answer, "login_required")

    def test_without_an_active_account_the_chooser_is_shown(self, world):
        assert among(world, None, ALICE).step == "select_account"
        assert_error(among(world, None, ALICE, prompt="none"), "account_selection_required")

    def test_a_login_hint_for_another_account_shows_the_chooser(self, world):
        answer = among(world, ALICE, BOB, login_hint="Bob")
        assert answer.step == "select_account"
        assert world.authorization.choose(answer.interaction_id, ALICE, BROWSER) is None
        assert_code(world.resume(answer.interaction_id))

    @pytest.mark.parametrize(
        "changes", [{"login_hint": "ALICE"}, {"login_hint": "carol"}, {"prompt": "none"}]
    )
    def test_otherwise_a_login_hint_changes_nothing(self, world, changes):
        """Names can be guessed: with prompt=none the response would reveal other accounts."""
        assert_code(among(world, ALICE, BOB, **{"login_hint": "bob"} | changes))

    def test_other_sessions_are_read_only_when_needed(self, world):
        def never():
            raise AssertionError

        asked = urlencode(world.query(scope="openid")).encode()
        assert_code(
            world.authorization.begin(Call("GET", asked), lambda: Visitor(BROWSER, ALICE, never))
        )


def among(world, person, other, **changes):
    """Send a request with ``other`` signed in in the same browser."""
    query = urlencode(world.query(**{"scope": "openid"} | changes)).encode()
    return world.authorization.begin(
        Call("GET", query), lambda: Visitor(BROWSER, person, lambda: [other])
    )


class TestNewSignIn:
    """Neither an older session of this browser nor the clock alone."""

    def test_an_older_session_does_not_count(self, world):
        waiting = ask(world, prompt="login").interaction_id
        older = dataclasses.replace(ALICE, session_key=digest("another session of hers"))
        assert world.resume(waiting, older).step == "reauthenticate"

    def test_a_sign_in_of_the_same_second_before_the_request_does_not_count(self, world):
        before = anew(world)
        waiting = ask(world, before, prompt="login").interaction_id
        assert world.resume(waiting, before).step == "reauthenticate"

    def test_a_sign_in_of_the_same_second_after_the_request_counts(self, world):
        before = anew(world)
        waiting = ask(world, before, prompt="login").interaction_id
        after = dataclasses.replace(before, session_key=digest("a new session"))
        assert_code(world.resume(waiting, after))

    def test_a_posted_request_remembers_the_session_of_its_first_visit(self, world):
        body = urlencode(world.query(scope="openid", prompt="login")).encode()
        parked = world.authorization.store(Call("POST", b"", body, FORM))
        before = anew(world)
        assert world.resume(parked, before).step == "reauthenticate"
        assert world.resume(parked, before).step == "reauthenticate"
        world.now += 1
        assert_code(world.resume(parked, anew(world)))


class TestReasonToSignInAgain:
    """The reason that the sign-in page gives a person who is signed in already."""

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"prompt": "login"}, "prompt"),
            ({"max_age": "0"}, "prompt"),
            ({"max_age": "5"}, "max_age"),
            ({"prompt": "login", "max_age": "5"}, "prompt"),
            ({"claims": '{"id_token": {"acr": {"essential": true, "value": "2"}}}'}, "acr"),
        ],
    )
    def test_the_first_reason_is_given(self, world, changes, why):
        person = anew(world)
        world.now += 6
        waiting = ask(world, person, **changes).interaction_id
        pending = world.authorization.pending(waiting, Visitor(BROWSER, person))
        assert (pending.again, pending.person) == (why, person)

    def test_the_reason_names_a_hint_for_another_account(self, world):
        hint = world.tokens(person=BOB, scope="openid")["id_token"]
        waiting = ask(world, id_token_hint=hint).interaction_id
        pending = world.authorization.pending(waiting, Visitor(BROWSER, ALICE))
        assert (pending.again, pending.person) == ("another_account", ALICE)

    def test_a_visitor_gets_no_reason(self, world):
        waiting = ask(world, None).interaction_id
        assert world.authorization.pending(waiting, Visitor(BROWSER, None)).again is None
        assert world.authorization.pending(waiting, Visitor(BROWSER, anew(world))).again is None

    def test_choosing_an_account_is_no_reason(self, world):
        waiting = ask(world, prompt="select_account login").interaction_id
        assert world.authorization.pending(waiting, Visitor(BROWSER, ALICE)).again is None


class TestMaxAge:
    """Section 3.1.2.1."""

    def test_a_sign_in_within_max_age_is_accepted(self, world):
        assert_code(ask(world, anew(world), max_age="10"))
        assert_code(ask(world, max_age="1000000000000000"[:15]))

    def test_a_sign_in_older_than_max_age_is_repeated(self, world):
        person = anew(world)
        world.now += 11
        answer = ask(world, person, max_age="10")
        assert answer.step == "reauthenticate"

    def test_max_age_zero_always_requires_a_sign_in(self, world):
        answer = ask(world, anew(world), max_age="0")
        assert answer.step == "reauthenticate"
        assert_code(world.resume(answer.interaction_id, anew(world, BOB)))

    def test_time_on_the_consent_page_does_not_count_against_max_age(self, world):
        """A sign-in for this request counts, however long the person then takes."""
        waiting = ask(world, scope="openid email", max_age="1").interaction_id
        person = anew(world)
        assert world.resume(waiting, person).step == "consent"
        world.now += 600
        assert_code(world.authorization.decide(waiting, Visitor(BROWSER, person), allow=True))

    @pytest.mark.parametrize("wrong", ["-1", "1.5", "x", "\u0661", "1" * 16, "0x1"])
    def test_a_max_age_that_is_no_number_is_refused(self, world, wrong):
        assert_error(ask(world, max_age=wrong), "invalid_request")


class TestHints:
    """Section 3.1.2.1: id_token_hint and login_hint; section 5.5.1: a value for sub."""

    def test_the_person_of_the_id_token_hint_continues(self, world):
        hint = world.tokens(scope="openid")["id_token"]
        assert_code(ask(world, id_token_hint=hint))

    def test_an_expired_id_token_hint_is_accepted(self, world):
        hint = world.tokens(scope="openid")["id_token"]
        world.now += 3600
        assert_code(ask(world, id_token_hint=hint))

    @pytest.mark.parametrize("by", ["hint", "sub"])
    def test_another_person_is_asked_to_sign_in_as_the_hinted_one(self, world, by):
        meant = meaning(world, by)
        answer = ask(world, BOB, **meant)
        assert answer.step == "reauthenticate"
        assert_code(world.resume(answer.interaction_id, anew(world)))

    @pytest.mark.parametrize("by", ["hint", "sub"])
    def test_a_sign_in_as_another_person_is_login_required(self, world, by):
        waiting = ask(world, None, **meaning(world, by)).interaction_id
        assert_error(world.resume(waiting, anew(world, BOB)), "login_required")

    def test_a_login_hint_reaches_the_page(self, world):
        waiting = ask(world, None, login_hint="alice").interaction_id
        assert world.authorization.pending(waiting, Visitor(BROWSER, None)).login_hint == "alice"

    @pytest.mark.parametrize("hint", ["x" * 201, "a\u202eb", "a\nb"])
    def test_a_login_hint_that_is_no_name_is_dropped(self, world, hint):
        waiting = ask(world, None, login_hint=hint).interaction_id
        assert world.authorization.pending(waiting, Visitor(BROWSER, None)).login_hint is None

    def test_an_id_token_hint_for_another_client_is_refused(self, world, caplog):
        world.client("other", scopes=("openid",))
        hint = world.tokens("other", scope="openid")["id_token"]
        caplog.set_level(logging.INFO)
        assert_error(ask(world, id_token_hint=hint), "invalid_request")
        [line] = [one for one in caplog.messages if "error=invalid_request" in one]
        assert "reason=id_token_hint_refused" in line
        assert "other" in line

    def test_an_id_token_hint_that_is_no_id_token_is_refused(self, world, caplog):
        keys = world.provider.keys
        good = {"iss": world.settings.issuer, "aud": "app", "sub": "alice-id", "exp": world.now}
        header, payload, signature = world.tokens(scope="openid")["id_token"].split(".")
        wrong = [
            "x",
            "a.b.c",
            f"{header}.{payload}.{signature[::-1]}",
            f"{header}.{payload}.",
            keys.sign(good, typ="logout+jwt"),
            keys.sign(good | {"iss": "https://evil.example"}, typ="JWT"),
            keys.sign({name: good[name] for name in ("iss", "aud", "sub")}, typ="JWT"),
            "x" * 5000,
        ]
        caplog.set_level(logging.INFO)
        for hint in wrong:
            caplog.clear()
            assert_error(ask(world, id_token_hint=hint), "invalid_request")
            [line] = [one for one in caplog.messages if "error=invalid_request" in one]
            assert "reason=id_token_hint_refused" in line
        assert_code(ask(world, id_token_hint=keys.sign(good, typ="JWT")))


def meaning(world, by):
    """Parameters that name alice."""
    if by == "hint":
        return {"id_token_hint": world.tokens(scope="openid")["id_token"]}
    return {"claims": '{"id_token": {"sub": {"value": "alice-id"}}}'}


class TestAuthenticationContext:
    """Section 5.5.1.1: only an essential acr with a value must be met."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"acr_values": "2 1"},
            {"claims": '{"id_token": {"acr": {"values": ["2"]}}}'},
            {"claims": '{"id_token": {"acr": {"essential": true}}}'},
            {"claims": '{"id_token": {"acr": {"essential": true, "values": ["2", "1"]}}}'},
        ],
    )
    def test_a_met_or_voluntary_acr_lets_the_request_through(self, world, changes):
        assert_code(ask(world, dataclasses.replace(ALICE, acr="1"), **changes))

    def test_an_unmet_essential_acr_is_an_error_after_one_sign_in(self, world):
        asked = '{"id_token": {"acr": {"essential": true, "value": "2"}}}'
        answer = ask(world, dataclasses.replace(ALICE, acr="1"), claims=asked)
        assert answer.step == "reauthenticate"
        stronger = dataclasses.replace(anew(world), acr="2")
        assert_error(
            world.resume(answer.interaction_id, dataclasses.replace(stronger, acr="1")),
            "unmet_authentication_requirements",
        )
        assert_code(world.resume(answer.interaction_id, stronger))


class TestStepUp:
    """An account source that has a page on which a signed-in user proves more."""

    WEAK = dataclasses.replace(ALICE, acr="1", meets=("1",), could_meet=("1",))
    ABLE = dataclasses.replace(ALICE, acr="1", meets=("1",), could_meet=("2", "1"))
    STRONG = dataclasses.replace(ALICE, acr="2", meets=("2", "1"), could_meet=("2", "1"))
    ESSENTIAL = '{"id_token": {"acr": {"essential": true, "value": "%s"}}}'

    @pytest.fixture
    def world(self, world):
        class Levels(Accounts):
            acr_values = ("1", "2")
            can_step_up = True

        provider = Provider(world.settings, world.storage, Levels(), lambda: world.now)
        world.provider = provider
        return world

    def acr(self, world, answer) -> str:
        token = world.redeem(dict(answer.params)["code"]).body["id_token"]
        return world.id_token(token).claims["acr"]

    @pytest.mark.parametrize(
        "changes", [{"acr_values": "2"}, {"acr_values": "3 2"}, {"claims": ESSENTIAL % "2"}]
    )
    def test_a_user_who_can_prove_more_is_asked_for_it(self, world, changes):
        answer = ask(world, self.ABLE, **changes)
        assert answer.step == "step_up"
        world.now += 60
        stronger = dataclasses.replace(anew(world, self.STRONG))
        assert self.acr(world, world.resume(answer.interaction_id, stronger)) == "2"

    def test_the_page_learns_which_values_are_wanted(self, world):
        answer = ask(world, self.ABLE, acr_values="2 3")
        visitor = Visitor(BROWSER, self.ABLE)
        pending = world.provider.authorization.pending(answer.interaction_id, visitor)
        assert (pending.wanted, pending.sign_in, pending.again) == (("2",), True, None)

    def test_a_voluntary_level_that_the_user_cannot_reach_is_left_out(self, world):
        assert self.acr(world, ask(world, self.WEAK, acr_values="2")) == "1"

    def test_a_required_level_is_asked_for_although_nothing_is_set_up(self, world):
        assert ask(world, self.WEAK, claims=self.ESSENTIAL % "2").step == "step_up"

    def test_a_required_level_is_still_asked_for_after_a_weaker_sign_in(self, world):
        answer = ask(world, self.WEAK, claims=self.ESSENTIAL % "2")
        world.now += 60
        weak = anew(world, self.WEAK)
        assert world.resume(answer.interaction_id, weak).step == "step_up"

    def test_a_required_level_that_nobody_reaches_is_an_error_at_once(self, world):
        answer = ask(world, self.ABLE, claims=self.ESSENTIAL % "3")
        assert_error(answer, "unmet_authentication_requirements")

    @pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}])
    def test_a_new_sign_in_comes_before_the_step_up(self, world, changes):
        answer = ask(world, self.ABLE, acr_values="2", **changes)
        assert answer.step == "reauthenticate"

    def test_prompt_none_never_steps_up(self, world):
        answer = ask(world, self.ABLE, prompt="none", acr_values="2")
        assert self.acr(world, answer) == "1"
        answer = ask(world, self.ABLE, prompt="none", claims=self.ESSENTIAL % "2")
        assert_error(answer, "login_required")

    @pytest.mark.parametrize(
        ("changes", "acr"),
        [
            ({"acr_values": "1"}, "1"),
            ({"acr_values": "1 2"}, "2"),
            ({"claims": ESSENTIAL % "1"}, "1"),
            ({"claims": ESSENTIAL % "1", "acr_values": "2"}, "1"),
            ({}, "2"),
        ],
    )
    def test_a_higher_level_satisfies_a_request_for_a_lower_one(self, world, changes, acr):
        assert self.acr(world, ask(world, self.STRONG, **changes)) == acr


class TestCreate:
    """Initiating User Registration 1.0."""

    @pytest.mark.parametrize("person", [None, ALICE])
    def test_prompt_create_leads_to_sign_up_first(self, world, person):
        answer = ask(world, person, prompt="create")
        assert answer.step == "create"
        carol = dataclasses.replace(anew(world), account_id="carol-id", name="carol")
        assert world.resume(answer.interaction_id, carol).step == "consent"


class TestConsent:
    """Section 3.1.2.4, and 11 for offline access."""

    def test_prompt_consent_asks_although_consent_is_remembered(self, world):
        answer = ask(world, prompt="consent")
        assert answer.step == "consent"
        assert_code(
            world.authorization.decide(answer.interaction_id, Visitor(BROWSER, ALICE), allow=True)
        )
        assert ask(world, prompt="consent").step == "consent"

    def test_prompt_consent_asks_even_for_a_first_party_client(self, world):
        world.client("own", scopes=("openid",), first_party=True)
        assert_code(world.authorize("own", scope="openid"))
        assert world.authorize("own", scope="openid", prompt="consent").step == "consent"

    def test_offline_access_is_granted_only_with_a_consent_page(self, world):
        with_question = world.tokens(scope="openid offline_access", prompt="consent")
        assert with_question["scope"] == "openid offline_access"
        without = world.tokens(scope="openid offline_access")
        assert without["scope"] == "openid"

    def test_a_first_party_client_gets_offline_access_without_a_page(self, world):
        world.client("own", scopes=("openid", "offline_access"), first_party=True)
        assert world.tokens("own", scope="openid offline_access")["scope"].endswith("access")


class TestDefaults:
    """Registration section 2: registered defaults apply to requests without the parameter."""

    def test_default_max_age_applies_to_requests_without_max_age(self, world):
        world.change(Client, "app", default_max_age=10)
        world.now += 6
        assert ask(world).step == "reauthenticate"
        assert_error(ask(world, prompt="none"), "login_required")
        assert_code(ask(world, max_age="100000000"))

    def test_default_max_age_zero_always_requires_a_sign_in(self, world):
        world.change(Client, "app", default_max_age=0)
        world.now += 6
        assert ask(world, anew(world)).step == "reauthenticate"

    def test_auth_time_is_always_in_the_id_token(self, world):
        """require_auth_time adds nothing to that."""
        token = world.tokens(scope="openid")["id_token"]
        assert world.id_token(token).claims["auth_time"] == ALICE.auth_time

    def test_defaults_do_not_apply_without_scope_openid(self, world):
        world.change(Client, "app", default_max_age=10, default_acr_values=("2",))
        world.now += 6
        assert_code(ask(world, scope="read"))


class TestAcrValues:
    """Core section 3.1.2.1: a list in order of preference; 5.5.1.1: voluntary."""

    @pytest.fixture
    def world(self, world):
        class TwoLevels(Accounts):
            acr_values = ("1", "2")

        provider = Provider(world.settings, world.storage, TwoLevels(), lambda: world.now)
        world.provider = provider
        return world

    def test_a_met_acr_is_in_the_id_token(self, world):
        person = dataclasses.replace(ALICE, acr="2")
        answer = ask(world, person, acr_values="3 2")
        token = world.redeem(dict(answer.params)["code"]).body["id_token"]
        assert world.id_token(token).claims["acr"] == "2"

    def test_a_reachable_acr_is_tried_once(self, world):
        person = dataclasses.replace(ALICE, acr="1")
        answer = ask(world, person, acr_values="2")
        assert answer.step == "reauthenticate"
        world.now += 60
        answer = world.resume(answer.interaction_id, anew(world, person))
        token = world.redeem(dict(answer.params)["code"]).body["id_token"]
        assert world.id_token(token).claims["acr"] == "1"

    def test_prompt_none_ignores_an_unmet_acr_value(self, world):
        assert_code(ask(world, acr_values="2", prompt="none"))

    def test_unknown_acr_values_are_ignored(self, world):
        assert_code(ask(world, acr_values="9 gold"))

    def test_default_acr_values_apply_to_requests_without_acr_values(self, world):
        world.change(Client, "app", default_acr_values=("2",))
        world.now += 6
        assert ask(world).step == "reauthenticate"
        assert_code(ask(world, acr_values="9"))


class TestOther:
    """Section 3.1.2.1."""

    def test_the_redirect_uri_is_required(self, world):
        answer = ask(world, redirect_uri=None)
        assert answer.error == "invalid_request"
        assert_code(world.authorize(scope="read", redirect_uri=None))

    def test_an_unknown_prompt_is_refused(self, world):
        assert_error(ask(world, prompt="login shout"), "invalid_request")

    @pytest.mark.parametrize("name", ["display", "ui_locales", "claims_locales", "acr_values"])
    def test_unknown_preferences_are_ignored(self, world, name):
        assert_code(ask(world, **{name: "anything at all"}))

    @pytest.mark.parametrize("name", ["nonce", "prompt", "max_age", "claims", "id_token_hint"])
    def test_a_repeated_parameter_is_refused(self, world, name):
        assert_error(ask(world, **{name: ["1", "1"]}), "invalid_request")

    def test_openid_parameters_are_ignored_without_scope_openid(self, world):
        assert_code(world.authorize(scope="read", prompt="shout", id_token_hint="x"))

    def test_prompt_login_at_a_host_without_reauthentication_is_login_required(self, world):
        assert_error(ask(world, prompt="login").otherwise, "login_required")

    def test_a_request_that_was_closed_is_answered_no_more(self, world):
        waiting = ask(world, prompt="login").interaction_id
        world.authorization.close(waiting, OTHER_BROWSER)
        assert world.resume(waiting).step == "reauthenticate"
        world.authorization.close(waiting, BROWSER)
        world.authorization.close(waiting, BROWSER)
        assert world.resume(waiting) == UNKNOWN_INTERACTION


def test_the_hint_may_be_signed_with_a_retired_key():
    world = openid_world()
    hint = world.tokens(scope="openid")["id_token"]
    world.provider.keys.rotation.rotate("RS256")
    world.now += world.settings.keys_publish_ahead + 1
    world.provider = Provider(world.settings, world.storage, Accounts(), lambda: world.now)
    world.allow(scope="openid")
    assert_code(ask(world, id_token_hint=hint))


WORDS = st.sampled_from(
    [
        "none",
        "login",
        "0",
        "-1",
        "{}",
        '{"userinfo": {"name": null}}',
        "a.b.c",
        "x",
        "\u202e",
        "\ud7ff",
    ]
)
NAMES = checks.PARAMETERS.difference(params.CODE_REQUEST, checks.CARRIERS)
PARAMETERS = st.dictionaries(
    st.sampled_from(sorted(NAMES)), WORDS | st.text(max_size=40), max_size=5
)


@given(PARAMETERS, st.sampled_from([None, ALICE]), st.booleans())
def test_any_parameters_get_a_code_page_or_registered_error(shared, parameters, person, openid):
    """With a code, a page, a registered error, or an error page; never with an exception."""
    scope = "openid" if openid else "read"
    answer = shared.authorize(person=person, scope=scope, **parameters)
    if isinstance(answer, Redirect):
        told = dict(answer.params)
        assert told.get("error") in (None, "invalid_request", "login_required", "consent_required")
        assert told["iss"] == shared.settings.issuer
    else:
        assert isinstance(answer, InteractionRequired | Refusal)


@pytest.fixture(scope="module")
def shared():
    """One provider for all examples of hypothesis."""
    made = openid_world()
    made.allow(scope="openid read")
    return made
