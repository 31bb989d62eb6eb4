"""A request for another purpose: the same steps for its user, and an end of its own."""

from urllib.parse import urlencode

import pytest
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, MismatchingRedirectURIError

from oauthprov.protocol.authorize.interactions import UNKNOWN_INTERACTION
from oauthprov.protocol.authorize.request import AUTHORIZATION
from oauthprov.protocol.logout.endpoint import LOGOUT
from oauthprov.protocol.request.answers import (
    Call,
    ConsentQuestion,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.request.params import Parsed
from oauthprov.records import AuthorizationCode, Client, Consent, Interaction
from tests.protocol.pairing import PAIRING, Shown, goes_on, requests_of, waits
from tests.protocol.world import ALICE, BOB, BROWSER, OTHER_BROWSER


@pytest.fixture
def waiting(world):
    """The id of a pairing request that waits in BROWSER."""
    goes_on(world.provider)
    return waits(world.provider, Visitor(BROWSER), "app", "read")


def test_its_user_signs_in_and_is_asked(world, waiting):
    assert world.resume(waiting, person=None) == InteractionRequired("login", waiting)
    pending = world.authorization.pending(waiting, Visitor(BROWSER))
    assert (pending.client.client_id, pending.login_hint) == ("app", "bob")
    assert pending.ui_locales == ("fr",)
    assert world.resume(waiting) == InteractionRequired("consent", waiting)
    question = world.authorization.question(waiting, Visitor(BROWSER, ALICE))
    assert isinstance(question, ConsentQuestion)
    assert question.destination == "your telephone"
    assert [scope.sentence for scope in question.scopes] == ["See"]


def test_allow_remembers_the_consent_and_ends_it_once(world, waiting):
    with world.counted(reads=3, writes=1):
        allowed = world.authorization.decide(waiting, Visitor(BROWSER, ALICE), allow=True)
    assert allowed == Shown("granted by alice")
    (consent,) = world.all(Consent)
    assert consent.record.scopes == ("read",)
    assert world.all(AuthorizationCode) == []
    again = world.authorization.decide(waiting, Visitor(BROWSER, ALICE), allow=True)
    assert again == UNKNOWN_INTERACTION


def test_it_is_asked_about_although_the_consent_is_remembered(world, waiting):
    world.allow(scope="read")
    assert world.resume(waiting) == InteractionRequired("consent", waiting)


def test_cancel_ends_it_once(world, waiting):
    denied = world.authorization.decide(waiting, Visitor(BROWSER, ALICE), allow=False)
    assert denied == Shown("access_denied")
    assert world.authorization.decide(waiting, Visitor(BROWSER), allow=False) == (
        UNKNOWN_INTERACTION
    )


def test_without_a_page_for_its_step_it_ends_its_own_way(world, waiting):
    assert world.resume(waiting, person=None).otherwise == Shown("login_required")
    world.authorization.close(waiting, BROWSER)
    assert world.resume(waiting) == UNKNOWN_INTERACTION


def test_it_belongs_to_its_browser(world, waiting):
    assert world.resume(waiting, BOB, OTHER_BROWSER) == UNKNOWN_INTERACTION
    assert world.authorization.pending(waiting, Visitor(OTHER_BROWSER, BOB)) is None


@pytest.mark.parametrize("purpose", [LOGOUT, PAIRING, "unknown", ""])
def test_an_interaction_goes_on_only_where_its_purpose_is_known(world, purpose):
    pending = world.authorize().interaction_id
    (stored,) = world.all(Interaction)
    world.change(Interaction, stored.record.key, purpose=purpose)
    assert isinstance(world.resume(pending), Refusal)
    assert world.authorization.pending(pending, Visitor(BROWSER, ALICE)) is None
    allowed = world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
    assert isinstance(allowed, Refusal)
    world.authorization.close(pending, BROWSER)
    world.change(Interaction, stored.record.key, purpose=AUTHORIZATION)
    allowed = world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True)
    assert isinstance(allowed, Redirect)


def test_an_authorization_does_not_go_on_as_a_logout(world):
    pending, visitor = world.authorize().interaction_id, Visitor(BROWSER, ALICE)
    logout = world.provider.logout
    resumed = Call("GET", urlencode({"interaction": pending}).encode())
    assert isinstance(logout.begin(resumed, visitor), Refusal)
    assert isinstance(logout.question(pending, visitor), Refusal)
    assert isinstance(logout.confirm(pending, visitor), Refusal)
    assert isinstance(world.authorization.decide(pending, visitor, allow=True), Redirect)


class TestWhoeverProvesARequestGetsTheError:
    @pytest.fixture
    def requests(self, world):
        return requests_of(world.provider)

    def proven(self, world, requests, *pairs, **more):
        authorizing = Authorizing(Parsed(pairs or tuple(world.query()), **more))
        with world.provider.validator.request() as context:
            return authorizing, requests.prove(context, authorizing)

    def test_of_a_refused_request_object(self, world, requests):
        refused = InvalidRequestError("The request object can't be verified.")
        with pytest.raises(InvalidRequestError, match="can't be verified"):
            self.proven(world, requests, ("client_id", "app"), refused=refused)
        with pytest.raises(InvalidRequestError, match="can't be verified"):
            self.proven(world, requests, refused=refused)

    @pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state"])
    def test_of_a_repeated_parameter(self, world, requests, name):
        with pytest.raises(InvalidRequestError, match=f"Duplicate {name} parameter"):
            self.proven(world, requests, repeated=(name,))

    def test_of_a_redirect_uri_of_somebody_else(self, world, requests):
        world.change(Client, "app", redirect_uris=("https://elsewhere.example/",))
        with pytest.raises(MismatchingRedirectURIError):
            self.proven(world, requests)

    def test_or_the_request(self, world, requests):
        authorizing, proven = self.proven(world, requests)
        assert (proven.client.client_id, proven.scopes) == ("app", ("read",))
        assert authorizing.redirect_uri == proven.redirect_uri
