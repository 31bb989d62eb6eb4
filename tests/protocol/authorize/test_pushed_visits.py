"""Browsers that come with a pushed request: RFC 9126 sections 2.2, 4, 5, 6 and 7."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from oauthprov.credentials import digest
from oauthprov.events import Reason
from oauthprov.protocol.authorize.checks import PARAMETERS
from oauthprov.protocol.authorize.pushed import URN
from oauthprov.protocol.request import refusals
from oauthprov.protocol.request.answers import (
    Call,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.records import (
    AuthorizationCode,
    Client,
    Grant,
    Interaction,
    PushedRequest,
    slot,
)
from tests.engines import engines
from tests.protocol.world import (
    ALICE,
    BOB,
    BROWSER,
    CALLBACK,
    FORM,
    ISSUER,
    OTHER_BROWSER,
    World,
    openid_world,
)
from tests.servers.emptying import empty

CROWD = 20
EVIL = "https://evil.example/"


def assert_refused(answer, error="invalid_request_uri"):
    """A page, and never a redirect."""
    assert isinstance(answer, Refusal), answer
    assert (answer.error, answer.status) == (error, 400)


def allow(world, began, person=ALICE, browser=BROWSER):
    assert isinstance(began, InteractionRequired), began
    return world.authorization.decide(began.interaction_id, Visitor(browser, person), allow=True)


def arrived(answer):
    assert isinstance(answer, Redirect), answer
    assert answer.redirect_uri == CALLBACK
    return dict(answer.params)


class TestSection4:
    def test_the_whole_flow_ends_with_tokens(self, world):
        told = arrived(allow(world, world.arrive(world.pushed())))
        assert (told["state"], told["iss"]) == ("s t&=ä", ISSUER)
        assert world.redeem(told["code"]).status == 200

    def test_a_public_client_gets_tokens_too(self, world):
        world.client("spa", "browser")
        began = world.arrive(world.pushed("spa"), "spa")
        assert world.redeem(arrived(allow(world, began))["code"], "spa").status == 200

    def test_the_code_and_its_grant_lie_in_the_slot_of_the_pushed_request(self, world):
        world.redeem(arrived(allow(world, world.arrive(world.pushed())))["code"])
        [pushed], [code] = world.all(PushedRequest), world.all(AuthorizationCode)
        [grant] = world.all(Grant)
        assert slot(pushed.record.key) == slot(code.record.key) == grant.record.grant_id

    def test_a_request_without_a_client_is_refused(self, world):
        assert_refused(world.arrive(world.pushed(), None), "invalid_request")

    def test_a_request_of_another_client_is_refused(self, world):
        world.client("other")
        assert_refused(world.arrive(world.pushed(), "other"))
        assert_refused(world.arrive(world.pushed(), "nobody"))

    @pytest.mark.parametrize("rest", ["", "nonsense", "opp_x.y", "opc_x.y", "opp_" + "x" * 500])
    def test_an_unknown_request_is_refused(self, world, rest):
        assert_refused(world.arrive(URN + rest))

    def test_a_code_is_no_pushed_request(self, world):
        assert_refused(world.arrive(URN + world.code()))

    @pytest.mark.parametrize("name", ["client_id", "request_uri"])
    def test_its_two_parameters_may_not_repeat(self, world, name):
        uri = world.pushed()
        query = [("client_id", "app"), ("request_uri", uri)]
        query.append((name, "other"))
        call = Call("GET", urlencode(query).encode())
        answer = world.authorization.begin(call, lambda: Visitor(BROWSER, ALICE))
        assert_refused(answer, "invalid_request")

    def test_7_3_an_expired_request_is_refused(self, world):
        uri = world.pushed()
        world.now += 60
        assert isinstance(world.arrive(uri), InteractionRequired)
        world.now += 1
        assert_refused(world.arrive(uri, browser=OTHER_BROWSER))

    def test_7_3_a_used_request_is_refused(self, world):
        uri = world.pushed()
        arrived(allow(world, world.arrive(uri)))
        assert_refused(world.arrive(uri))
        assert_refused(world.arrive(uri, browser=OTHER_BROWSER, person=BOB))

    @pytest.mark.parametrize("allow", [True, False])
    def test_7_3_who_answers_after_another_browser_learns_that_it_was_answered(
        self, world, caplog, allow
    ):
        caplog.set_level(logging.INFO)
        uri = world.pushed()
        first = world.arrive(uri)
        second = world.arrive(uri, browser=OTHER_BROWSER, person=BOB)
        answers = [
            world.authorization.decide(began.interaction_id, visitor, allow=decision)
            for began, visitor, decision in (
                (first, Visitor(BROWSER, ALICE), True),
                (second, Visitor(OTHER_BROWSER, BOB), allow),
            )
        ]
        arrived(answers[0])
        assert_refused(answers[1])
        assert "answered before" in str(answers[1].description)
        assert answers[1].client.client_id == "app"
        assert any(f"reason={Reason.PUSHED_REQUEST_USED}" in line for line in caplog.messages)

    def test_7_3_a_request_that_was_denied_is_used(self, world):
        uri = world.pushed()
        visitor, began = Visitor(BROWSER, ALICE), world.arrive(uri)
        denied = world.authorization.decide(began.interaction_id, visitor, allow=False)
        assert arrived(denied)["error"] == "access_denied"
        assert_refused(world.arrive(uri))

    def test_7_3_a_request_that_got_an_error_without_a_page_is_used(self):
        world = openid_world()
        uri = world.pushed(scope="openid", prompt="none")
        assert arrived(world.arrive(uri, person=None))["error"] == "login_required"
        assert_refused(world.arrive(uri))
        assert world.all(Interaction) == []

    def test_7_3_a_request_that_ended_at_the_login_page_is_used(self, world):
        uri = world.pushed()
        began = world.arrive(uri, person=None)
        world.authorization.close(began.interaction_id, BROWSER)
        assert_refused(world.arrive(uri))

    def test_a_remembered_consent_uses_it_up_without_a_page(self, world):
        world.allow()
        uri = world.pushed()
        assert "code" in arrived(world.arrive(uri))
        assert_refused(world.arrive(uri))

    def test_an_implicit_response_uses_it_up(self):
        world = openid_world(**{"openid.implicit": "true"})
        world.change(Client, "app", grant_types=("implicit",))
        asked = {"response_type": "id_token", "scope": "openid", "nonce": "n"}
        none = {"code_challenge": None, "code_challenge_method": None}
        uri = world.pushed(**asked, **none)
        answer = allow(world, world.arrive(uri))
        assert answer.response_mode == "fragment"
        assert "id_token" in arrived(answer)
        assert_refused(world.arrive(uri))

    def test_a_posted_request_uri_is_stored_for_the_browser(self, world):
        uri = world.pushed()
        body = urlencode({"client_id": "app", "request_uri": uri, "state": "evil"}).encode()
        stored = world.authorization.store(Call("POST", b"", body, FORM))
        world.now += 100
        assert arrived(allow(world, world.resume(stored)))["state"] == "s t&=ä"
        assert_refused(world.arrive(uri))
        assert_refused(world.authorization.store(Call("POST", b"", body, FORM)))

    def test_every_refusal_says_in_the_log_what_was_compared(self, world, caplog):
        caplog.set_level(logging.INFO)
        world.client("other")
        uri = world.pushed()
        world.arrive(uri, "other")
        world.arrive(URN + "opp_x.y")
        world.now += 61
        world.arrive(uri)
        world.now -= 61
        allow(world, world.arrive(uri))
        world.arrive(uri)
        refused = [line for line in caplog.messages if "error=invalid_request_uri" in line]
        reasons = [
            (Reason.PUSHED_REQUEST_OF_ANOTHER_CLIENT, "sent for 'other', pushed by 'app'"),
            (Reason.PUSHED_REQUEST_UNKNOWN, "client_id=app"),
            (Reason.PUSHED_REQUEST_EXPIRED, refusals.expired(world.now + 60, world.now + 61)),
            (Reason.PUSHED_REQUEST_USED, "client_id=app"),
        ]
        for line, (reason, compared) in zip(refused, reasons, strict=True):
            assert f"reason={reason}" in line
            assert compared in line


_OF_ARRIVE = ("self", "person", "browser")  # arguments of World.arrive that are no parameters
NAMES = (
    st.sampled_from(sorted({*PARAMETERS, "interaction", "pushed_request"}))
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
).filter(lambda name: name not in ("client_id", "request_uri", *_OF_ARRIVE))
VALUES = st.sampled_from(
    [EVIL, "none", "login", "evil", "openid photos", "0", "token", "form_post", "a.b.c"]
) | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


class TestEverythingElseInTheQueryIsIgnored:
    @given(st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=2), max_size=6))
    @hypothesis_settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def test_9101_5_no_tampered_query_changes_the_request(self, tampered, beside):
        tampered.now += 1
        uri = tampered.pushed(scope="openid read", nonce="n", state="pushed")
        answer = tampered.arrive(uri, **beside)
        # The first example asks; all later ones find the consent.
        told = arrived(answer if isinstance(answer, Redirect) else allow(tampered, answer))
        assert (told["state"], told["iss"]) == ("pushed", ISSUER)
        codes = [stored.record for stored in tampered.all(AuthorizationCode)]
        code = max(codes, key=lambda one: one.issued_at)
        assert (code.redirect_uri, code.nonce, code.scopes) == (CALLBACK, "n", ("openid", "read"))

    @pytest.fixture
    def tampered(self):
        made = openid_world()
        made.client("other")
        return made


class TestASignInMayLastLonger:
    """A cap of 60 seconds on the whole sign-in would be too short for any user."""

    def test_the_sign_in_may_take_as_long_as_any(self, world):
        began = world.arrive(world.pushed(), person=None)
        world.now += world.settings.interaction_lifetime - 1
        assert "code" in arrived(allow(world, began))

    def test_one_that_began_in_the_last_moment_may_take_as_long(self, world):
        uri = world.pushed()
        world.now += world.settings.par_lifetime
        began = world.arrive(uri)
        world.now += world.settings.interaction_lifetime - 1
        assert "code" in arrived(allow(world, began))

    def test_a_reload_works_while_the_sign_in_lasts(self, world):
        uri = world.pushed()
        began = world.arrive(uri, person=None)
        world.now += 600
        again = world.arrive(uri, person=None)
        assert again == began
        assert len(world.all(Interaction)) == 1
        assert "code" in arrived(allow(world, world.arrive(uri)))

    def test_in_another_browser_only_the_lifetime_of_the_request_counts(self, world):
        uri = world.pushed()
        began = world.arrive(uri)
        other = world.arrive(uri, browser=OTHER_BROWSER, person=BOB)
        assert other.interaction_id != began.interaction_id
        world.now += 61
        assert_refused(world.arrive(uri, browser=digest("a third"), person=BOB))
        assert "code" in arrived(allow(world, other, BOB, OTHER_BROWSER))
        assert isinstance(allow(world, began), Refusal)

    def test_a_sign_in_in_another_tab_counts_for_the_request(self):
        world = openid_world()
        uri = world.pushed(scope="openid", prompt="login consent")
        assert world.arrive(uri).step == "reauthenticate"
        world.now += 120
        assert world.arrive(uri).step == "reauthenticate"
        fresh = replace(ALICE, auth_time=world.now, session_key=digest("new"))
        assert world.arrive(uri, person=fresh).step == "consent"

    def test_a_chosen_account_stays_chosen_after_a_reload(self):
        world = openid_world()
        uri = world.pushed(scope="openid", prompt="select_account")
        began = world.arrive(uri)
        assert began.step == "select_account"
        assert world.authorization.choose(began.interaction_id, ALICE, BROWSER) is None
        assert world.arrive(uri).step == "consent"

    def test_only_who_has_the_request_uri_and_the_browser_can_tell_the_interaction(self, world):
        began = world.arrive(world.pushed())
        dump = world.dump()
        assert began.interaction_id not in dump
        assert digest(began.interaction_id) in dump


class TestSection7:
    """What was checked when it was pushed is checked again."""

    def test_7_4_a_client_that_was_disabled_gets_nothing(self, world):
        uri = world.pushed()
        world.change(Client, "app", disabled_at=world.now)
        world.provider = world.another_process()
        assert_refused(world.arrive(uri), "invalid_request")

    def test_7_4_a_redirect_uri_that_was_withdrawn_gets_nothing(self, world):
        uri = world.pushed()
        world.change(Client, "app", redirect_uris=("https://app.example/other",))
        world.provider = world.another_process()
        assert_refused(world.arrive(uri), "invalid_request")

    def test_7_4_a_scope_that_is_gone_is_an_error_for_the_client(self, world):
        uri = world.pushed(scope="read write")
        world.change(Client, "app", scopes=("read",))
        world.provider = world.another_process()
        assert arrived(world.arrive(uri))["error"] == "invalid_scope"

    def test_7_4_so_it_is_while_the_user_signs_in(self, world):
        began = world.arrive(world.pushed(scope="read write"))
        world.change(Client, "app", scopes=("read",))
        world.provider = world.another_process()
        assert arrived(allow(world, began))["error"] == "invalid_scope"


class TestSections5And6:
    def test_5_where_all_must_push_another_request_is_an_error_for_the_client(self):
        world = World(par="required")
        world.client()
        told = arrived(world.authorize())
        assert (told["error"], told["state"]) == ("invalid_request", "s t&=ä")
        assert "code" in arrived(allow(world, world.arrive(world.pushed())))

    def test_6_a_client_that_must_push_is_the_only_one(self, world):
        world.change(Client, "app", require_pushed_authorization_requests=True)
        world.client("other")
        assert arrived(world.authorize())["error"] == "invalid_request"
        assert isinstance(world.authorize("other"), InteractionRequired)
        assert "code" in arrived(allow(world, world.arrive(world.pushed())))

    def test_6_a_posted_request_is_an_error_too(self, world):
        world.change(Client, "app", require_pushed_authorization_requests=True)
        call = Call("POST", b"", urlencode(world.query()).encode(), FORM)
        assert arrived(world.authorization.store(call))["error"] == "invalid_request"

    def test_6_no_parameter_pretends_that_a_request_was_pushed(self, world):
        world.change(Client, "app", require_pushed_authorization_requests=True)
        assert arrived(world.authorize(pushed_request="x.y"))["error"] == "invalid_request"
        assert arrived(world.authorize(request_uri="https://x/"))["error"] == "invalid_request"

    def test_the_error_goes_where_the_response_mode_says(self):
        world = World(par="required")
        world.client()
        assert world.authorize(response_mode="form_post").response_mode == "form_post"

    def test_an_unregistered_redirect_uri_gets_no_error(self):
        world = World(par="required")
        world.client()
        assert_refused(world.authorize(redirect_uri=EVIL), "invalid_request")

    @pytest.mark.parametrize(
        ("settings", "member", "by"),
        [({"par": "required"}, False, "the server"), ({}, True, "the client")],
    )
    def test_the_log_says_who_requires_it(self, caplog, settings, member, by):
        caplog.set_level(logging.INFO)
        world = World(**settings)
        world.client(require_pushed_authorization_requests=member)
        world.authorize()
        [line] = [line for line in caplog.messages if "reason=not_pushed" in line]
        assert f'compared="required by {by}"' in line

    def test_where_it_is_off_a_request_uri_of_ours_is_any_other(self):
        world = World(par="off")
        world.client()
        told = arrived(world.authorize(request_uri=URN + "opp_x.y"))
        assert told["error"] == "invalid_request_uri"


class TestTrips:
    @pytest.fixture
    def cold(self, world):
        def forget():
            world.provider = world.another_process()
            return world

        return forget

    def test_with_remembered_consent_four_reads_and_one_write(self, world, cold):
        world.allow()
        uri = world.pushed()
        # These accounts are a host's; a session of ours is read in the trip of the consent.
        with cold().counted(reads=3, writes=1):
            assert isinstance(world.arrive(uri), Redirect)

    def test_to_the_first_page_and_when_it_is_reloaded(self, world, cold):
        uri = world.pushed()
        with cold().counted(reads=3, writes=1):
            assert isinstance(world.arrive(uri), InteractionRequired)
        with cold().counted(reads=3, writes=0):
            assert isinstance(world.arrive(uri), InteractionRequired)

    def test_a_refused_request_uri_costs_no_write(self, world, cold):
        with cold().counted(reads=1, writes=0):
            world.arrive(URN + "opp_x.y")
        with cold().counted(reads=0, writes=0):
            world.arrive(URN + "nonsense")


ENGINES = ["sqlite", "postgresql", "mariadb", "redis", "redis_cluster"]


@pytest.fixture(params=engines(ENGINES, "sqlite", "redis"))
def shared(request, tmp_path):
    """A world over a real server of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/x.sqlite"
    else:
        url = request.getfixturevalue(f"{request.param}_url")
        empty(url)
    made = World(**{"storage.url": url})
    made.client()
    yield made
    made.storage.close()


class TestOneCode:
    def test_7_3_twenty_browsers_at_once_get_one_code(self, shared):
        shared.allow()
        before = {stored.record.key for stored in shared.all(AuthorizationCode)}
        uri, barrier = shared.pushed(), threading.Barrier(CROWD)

        def come(number):
            barrier.wait()
            return shared.arrive(uri, browser=digest(f"browser {number}"))

        with ThreadPoolExecutor(CROWD) as threads:
            answers = list(threads.map(come, range(CROWD)))
        assert sum(isinstance(answer, Redirect) for answer in answers) == 1
        assert sum(isinstance(answer, Refusal) for answer in answers) == CROWD - 1
        after = {stored.record.key for stored in shared.all(AuthorizationCode)}
        assert len(after - before) == 1

    def test_twenty_tabs_of_a_browser_share_one_interaction_and_one_code(self, shared):
        uri, barrier = shared.pushed(), threading.Barrier(CROWD)

        def come(_):
            barrier.wait()
            return shared.arrive(uri, person=None)

        with ThreadPoolExecutor(CROWD) as threads:
            began = list(threads.map(come, range(CROWD)))
        assert len(shared.all(Interaction)) == 1

        def decide(one):
            barrier.wait()
            return allow(shared, one)

        with ThreadPoolExecutor(CROWD) as threads:
            answers = list(threads.map(decide, began))
        assert sum(isinstance(answer, Redirect) for answer in answers) == 1
        assert len(shared.all(AuthorizationCode)) == 1
