"""Sign-in and consent: pending requests, each in the browser that began it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from oauthprov.protocol.authorize.interactions import FETCHED_WITHIN, UNKNOWN_INTERACTION
from oauthprov.protocol.request.answers import (
    Call,
    ConsentQuestion,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.records import AuthorizationCode, Client, Consent, Interaction
from tests.protocol.world import ALICE, BOB, BROWSER, CALLBACK, FORM, ISSUER, OTHER_BROWSER


def test_a_visitor_signs_in_first(world):
    answer = world.authorize(person=None)
    assert isinstance(answer, InteractionRequired)
    assert answer.step == "login"
    assert (
        world.authorization.pending(answer.interaction_id, Visitor(BROWSER, None)).client.client_id
        == "app"
    )
    assert world.resume(answer.interaction_id, person=None) == answer
    assert world.resume(answer.interaction_id) == InteractionRequired(
        "consent", answer.interaction_id
    )


def test_storage_holds_no_interaction_id(world):
    answer = world.authorize(person=None)
    assert answer.interaction_id not in world.dump()


def test_the_consent_page_asks(world):
    pending = world.authorize(scope="read write", resource=["https://photos.example/"])
    question = world.authorization.question(pending.interaction_id, Visitor(BROWSER, ALICE))
    assert isinstance(question, ConsentQuestion)
    assert question.client.client_id == "app"
    assert [(s.name, s.sentence, s.new) for s in question.scopes] == [
        ("read", "See", True),
        ("write", "Change", True),
    ]
    assert [(r.name, r.sentence) for r in question.resources] == [
        ("https://photos.example/", "Photos")
    ]
    assert question.destination == "app.example"
    assert question.request.redirect_uri == CALLBACK
    assert question.granted_before is None


def test_allow_gives_a_code_once(world):
    pending = world.authorize().interaction_id
    answer = world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
    assert isinstance(answer, Redirect)
    assert (
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
        == UNKNOWN_INTERACTION
    )
    assert (
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=False)
        == UNKNOWN_INTERACTION
    )
    assert world.authorization.question(pending, Visitor(BROWSER, ALICE)) == UNKNOWN_INTERACTION
    assert world.resume(pending) == UNKNOWN_INTERACTION
    assert len(world.all(AuthorizationCode)) == 1


def test_allow_grants_the_scopes_of_the_page_although_the_client_changed(world):
    pending = world.authorize(scope=None, redirect_uri=None).interaction_id
    question = world.authorization.question(pending, Visitor(BROWSER, ALICE))
    assert [scope.name for scope in question.scopes] == ["read"]
    elsewhere = "https://evil.example/"
    world.change(Client, "app", default_scopes=("read", "write"), redirect_uris=(elsewhere,))
    world.provider.clients.evict("app")
    answer = world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
    assert isinstance(answer, Refusal)
    world.change(Client, "app", redirect_uris=(CALLBACK,))
    world.provider.clients.evict("app")
    answer = world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
    assert answer.redirect_uri == CALLBACK
    (code,) = world.all(AuthorizationCode)
    assert code.record.scopes == ("read",)


def test_allow_is_one_commit(world):
    pending = world.authorize().interaction_id
    with world.counted(reads=2, writes=1):
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)


def test_cancel_returns_access_denied_to_the_client(world):
    pending = world.authorize().interaction_id
    answer = world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=False)
    assert answer.redirect_uri == CALLBACK
    assert dict(answer.params) == {"error": "access_denied", "state": "s t&=ä", "iss": ISSUER}
    assert (
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
        == UNKNOWN_INTERACTION
    )
    assert world.all(Consent) == []


def test_sixteen_clicks_give_one_code(world):
    pending = world.authorize().interaction_id
    barrier = threading.Barrier(16)

    def decide(_):
        barrier.wait()
        return world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(decide, range(16)))
    assert sum(isinstance(answer, Redirect) for answer in answers) == 1
    assert len(world.all(AuthorizationCode)) == 1


def test_two_tabs_both_remember(world):
    pending = [world.authorize(scope=scope).interaction_id for scope in ("read", "write", "notes")]
    barrier = threading.Barrier(3)

    def decide(interaction_id):
        barrier.wait()
        return world.authorization.decide(interaction_id, Visitor(BROWSER, ALICE), allow=True)

    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(decide, pending))
    assert all(isinstance(answer, Redirect) for answer in answers)
    (consent,) = world.all(Consent)
    assert set(consent.record.scopes) == {"read", "write", "notes"}


def test_a_consent_that_changed_meanwhile_is_read_again(world):
    pending = world.authorize(scope="read").interaction_id
    world.storage.meanwhile = [lambda: world.allow(scope="write")]
    assert isinstance(
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True), Redirect
    )
    assert set(world.all(Consent)[0].record.scopes) == {"read", "write"}


def test_a_consent_that_keeps_changing_asks_for_patience(world):
    world.change(Client, "app", last_used_at=world.now)  # so that no commit notes the use
    pending = world.authorize(scope="read").interaction_id
    changes = [lambda scope=scope: world.allow(scope=scope) for scope in ("write", "notes")]
    nothing = [lambda: None] * 2
    last = [lambda: world.allow(scope="photos")]
    world.storage.meanwhile = [changes[0], *nothing, changes[1], *nothing, *last]
    answer = world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
    assert (answer.error, answer.status) == ("temporarily_unavailable", 503)
    assert isinstance(
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True), Redirect
    )


def test_allow_and_cancel_at_once_give_one_answer(world):
    pending = world.authorize().interaction_id
    answers = []

    def cancel():
        answers.append(world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=False))

    world.storage.meanwhile = [cancel]
    assert (
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
        == UNKNOWN_INTERACTION
    )
    assert dict(answers[0].params)["error"] == "access_denied"
    pending = world.authorize().interaction_id
    world.storage.meanwhile = [cancel]
    assert (
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=False)
        == UNKNOWN_INTERACTION
    )


def test_of_two_browsers_one_gets_a_posted_request(world):
    parked = park(world)
    winners = []
    world.storage.meanwhile = [lambda: winners.append(world.resume(parked, BOB, OTHER_BROWSER))]
    assert world.resume(parked) == UNKNOWN_INTERACTION
    assert isinstance(winners[0], InteractionRequired)


def test_a_request_resumed_twice_at_once_gives_one_code(world):
    pending = world.authorize(person=None).interaction_id
    world.allow()
    winners = []
    world.storage.meanwhile = [lambda: winners.append(world.resume(pending))]
    assert world.resume(pending) == UNKNOWN_INTERACTION
    assert "code" in dict(winners[0].params)


def test_another_browser_can_do_nothing(world):
    pending = world.authorize().interaction_id
    assert world.authorization.pending(pending, Visitor(OTHER_BROWSER, ALICE)) is None
    assert (
        world.authorization.question(pending, Visitor(OTHER_BROWSER, BOB)) == UNKNOWN_INTERACTION
    )
    assert (
        world.authorization.decide(pending, Visitor(OTHER_BROWSER, BOB), allow=True)
        == UNKNOWN_INTERACTION
    )
    assert world.resume(pending, BOB, OTHER_BROWSER) == UNKNOWN_INTERACTION
    assert isinstance(
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True), Redirect
    )


def test_an_interaction_expires(world):
    pending = world.authorize().interaction_id
    world.now += world.settings.interaction_lifetime
    assert world.authorization.pending(pending, Visitor(BROWSER, ALICE)) is None
    assert (
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
        == UNKNOWN_INTERACTION
    )


def test_unknown_ids_are_refused(world):
    for interaction_id in ("", "x", "ä", "x" * 5000, "a.b", "\0"):
        assert world.authorization.pending(interaction_id, Visitor(BROWSER, ALICE)) is None
        assert (
            world.authorization.question(interaction_id, Visitor(BROWSER, ALICE))
            == UNKNOWN_INTERACTION
        )
        answer = world.authorization.decide(interaction_id, Visitor(BROWSER, ALICE), allow=True)
        assert answer == UNKNOWN_INTERACTION
        assert isinstance(world.resume(interaction_id), Refusal)


def test_an_interaction_beside_other_parameters_is_refused(world):
    pending = world.authorize(person=None).interaction_id
    query = urlencode([("interaction", pending), *world.query()]).encode()
    answer = world.authorization.begin(Call("GET", query), lambda: Visitor(BROWSER, ALICE))
    assert answer == UNKNOWN_INTERACTION


def test_the_stored_request_is_validated_again(world):
    told, refused = world.authorize(scope="write"), world.authorize()
    world.change(Client, "app", scopes=("read",))
    world.provider.clients.evict("app")
    answer = world.authorization.decide(told.interaction_id, Visitor(BROWSER, ALICE), allow=True)
    assert dict(answer.params)["error"] == "invalid_scope"
    world.change(Client, "app", redirect_uris=())
    world.provider.clients.evict("app")
    answer = world.authorization.question(refused.interaction_id, Visitor(BROWSER, ALICE))
    assert isinstance(answer, Refusal)


def park(world):
    return world.authorization.store(Call("POST", b"", urlencode(world.query()).encode(), FORM))


def test_a_browser_has_two_minutes_to_come_back_for_a_post(world):
    parked, late = park(world), park(world)
    world.now += FETCHED_WITHIN - 1
    pending = world.resume(parked).interaction_id
    world.now += 1
    assert world.resume(late) == UNKNOWN_INTERACTION
    world.now += world.settings.interaction_lifetime - 2
    assert isinstance(
        world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True), Redirect
    )


def test_a_posted_request_belongs_to_the_first_browser_that_resumes_it(world):
    parked = park(world)
    assert world.authorization.pending(parked, Visitor(BROWSER, ALICE)) is None
    assert world.resume(parked, person=None) == InteractionRequired("login", parked)
    assert world.authorization.pending(parked, Visitor(BROWSER, ALICE)).client.client_id == "app"
    assert world.resume(parked, BOB, OTHER_BROWSER) == UNKNOWN_INTERACTION
    assert isinstance(
        world.authorization.decide(parked, Visitor(BROWSER, ALICE), allow=True), Redirect
    )


def test_a_posted_request_with_remembered_consent_needs_no_page(world):
    world.allow()
    parked = park(world)
    answer = world.resume(parked)
    assert isinstance(answer, Redirect)
    assert "code" in dict(answer.params)
    assert world.resume(parked) == UNKNOWN_INTERACTION


def test_the_parameters_are_the_allow_listed_ones(world):
    world.authorize(person=None, user="admin", _cache="evil")
    (pending,) = world.all(Interaction)
    assert set(dict(pending.record.params)) == {
        "client_id",
        "response_type",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
    }


def test_its_own_browser_learns_which_client_an_expired_request_came_from(world):
    pending = world.authorize().interaction_id
    world.now += world.settings.interaction_lifetime
    refused = world.resume(pending)
    assert refused == UNKNOWN_INTERACTION
    assert refused.client.client_id == "app"
    assert world.resume(pending, BOB, OTHER_BROWSER).client is None
    assert world.resume("unknown").client is None
