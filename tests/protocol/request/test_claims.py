"""Scopes to claims and the claims parameter: OpenID Connect Core sections 5.4 and 5.5."""

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthprov.protocol.keys.json_object import DEPTH_LIMIT
from oauthprov.protocol.request.answers import InteractionRequired, Redirect, Visitor
from oauthprov.protocol.request.claims import ClaimsRequest, Wanted, selected
from tests.protocol.world import ALICE, BROWSER, CLAIMS, openid_world

KNOWN = {"name": "Alice", "email": "a@example.org", "email_verified": False, "phone_number": None}


@pytest.fixture
def world():
    return openid_world()


def userinfo(world, **changes):
    token = world.tokens(**changes)["access_token"]
    return world.provider.userinfo(world.provider.token_info(token))


def test_each_scope_gives_its_claims(world):
    """Section 5.4."""
    assert userinfo(world, scope="openid") == {"sub": "alice-id"}
    assert userinfo(world, scope="openid email") == {
        "sub": "alice-id",
        "email": "alice@example.org",
        "email_verified": False,
    }
    assert userinfo(world, scope="profile openid") == {
        "sub": "alice-id",
        "name": "Alice",
        "birthdate": "0000-12-31",
    }


def test_claims_without_a_value_are_left_out():
    assert selected(KNOWN, ("phone", "email"), {}).keys() == {"email", "email_verified"}


def test_single_claims_are_requested_for_userinfo_and_id_token_separately(world):
    """Section 5.5: beside the scopes; id_token and userinfo apart."""
    asked = '{"userinfo": {"name": {"essential": true}}, "id_token": {"email": null}}'
    assert userinfo(world, scope="openid", claims=asked) == {"sub": "alice-id", "name": "Alice"}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ('{"value": "Alice"}', True),
        ('{"values": ["Bob", "Alice"]}', True),
        ('{"value": "Bob"}', False),
        ('{"value": ["Alice"]}', False),
        ('{"essential": true, "purpose": "unknown members are ignored"}', True),
    ],
)
def test_a_claim_of_another_value_is_left_out(world, how, said):
    """Section 5.5.1."""
    asked = f'{{"userinfo": {{"name": {how}}}}}'
    answer = userinfo(world, scope="openid", claims=asked)
    assert ("name" in answer) == said


def test_the_value_true_does_not_match_the_number_1():
    assert not Wanted(values=(1,)).met_by(True)


@pytest.mark.parametrize("how", ["value", "values"])
def test_a_value_at_the_depth_limit_can_be_stored_and_read_again(world, how):
    """Section 5.5.1: a ``value`` is kept among ``values``, one level deeper."""
    for depth in range(50, DEPTH_LIMIT):
        asked = f'{{"userinfo": {{"name": {{"{how}": [{"[" * depth}{"]" * depth}]}}}}}}'
        with contextlib.suppress(ValueError):
            request = ClaimsRequest.parse(asked)
            deepest = asked
            assert ClaimsRequest.load(request.dump()) == request
    assert userinfo(world, scope="openid", claims=deepest) == {"sub": "alice-id"}


def test_unknown_claims_and_members_are_ignored(world):
    asked = '{"userinfo": {"secret": null, "name#fr": null}, "other": 1, "id_token": null}'
    assert userinfo(world, scope="openid", claims=asked) == {"sub": "alice-id"}


def test_a_claim_of_a_scope_the_client_may_not_request_is_left_out(world):
    """A client gets a claim only if it may request the claim's scope."""
    world.client("narrow", scopes=("openid", "email"))
    asked = '{"userinfo": {"name": null, "email": null}}'
    token = world.tokens("narrow", scope="openid", claims=asked)
    bearing = world.provider.token_info(token["access_token"])
    assert world.provider.userinfo(bearing) == {"sub": "alice-id", "email": "alice@example.org"}


def test_the_consent_page_describes_single_claims(world):
    """The page shows the sentence of the claim's scope."""
    world.allow(scope="openid")
    assert isinstance(world.authorize(scope="openid"), Redirect)
    pending = world.authorize(scope="openid", claims='{"id_token": {"email": null}}')
    assert isinstance(pending, InteractionRequired)
    question = world.authorization.question(pending.interaction_id, Visitor(BROWSER, ALICE))
    assert [(asked.name, asked.new) for asked in question.scopes] == [
        ("openid", False),
        ("email", True),
    ]
    answer = world.authorization.decide(
        pending.interaction_id, Visitor(BROWSER, ALICE), allow=True
    )
    token = world.redeem(dict(answer.params)["code"]).body["access_token"]
    assert world.provider.token_info(token).scopes == ("openid",)


@pytest.mark.parametrize(
    "wrong",
    [
        "x",
        "[]",
        "null",
        '"a"',
        '{"userinfo": []}',
        '{"userinfo": {"name": 1}}',
        '{"userinfo": {"name": {"essential": "yes"}}}',
        '{"id_token": {"name": {"values": "Alice"}}}',
        '{"userinfo": {}, "userinfo": {}}',
        '{"userinfo": {"name": {"value": NaN}}}',
        "[" * 2000,
    ],
)
def test_a_malformed_claims_parameter_is_reported_to_the_client(world, wrong):
    answer = world.authorize(scope="openid", claims=wrong)
    told = dict(answer.params)
    assert (told["error"], told["state"]) == ("invalid_request", "s t&=ä")


def test_claims_are_not_parsed_without_scope_openid(world):
    assert world.allow(scope="read", claims="nonsense")["code"]


def test_huge_claims_are_refused(world):
    """The limit of the query also limits what is stored."""
    huge = json.dumps({"userinfo": {"name": {"values": ["x" * 9000]}}})
    assert world.authorize(scope="openid", claims=huge).error == "invalid_request"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
HOW = st.none() | st.fixed_dictionaries({"values": st.lists(JSON, max_size=3)})


@given(st.dictionaries(st.sampled_from(["name", "email", "sub", "x"]), HOW))
def test_a_stored_claims_request_reads_back_unchanged(asked):
    request = ClaimsRequest.parse(json.dumps({"userinfo": asked})).within(["profile", "email"])
    assert ClaimsRequest.load(request.dump()) == request


@given(JSON)
def test_any_json_is_read_or_refused_with_a_valueerror(value):
    with contextlib.suppress(ValueError):
        ClaimsRequest.parse(json.dumps({"userinfo": value, "id_token": {"name": value}}))


@pytest.mark.parametrize(
    "value",
    ["1e999", "-1e999", "9" * 4000, "[" * 100 + "]" * 100],
    ids=["infinite", "negative", "long", "deep"],
)
def test_values_that_could_not_be_read_again_are_refused(value):
    """Section 5.5: what a request holds is stored, and read when its code is redeemed."""
    with pytest.raises(ValueError, match=r"a number that is too large|nested too deeply"):
        ClaimsRequest.parse(f'{{"userinfo": {{"name": {{"value": {value}}}}}}}')


@pytest.mark.parametrize(
    ("value", "problem"),
    [(math.nan, "isn't finite"), ({1, 2}, "type set"), ("\ud800", "surrogate")],
)
def test_claims_of_a_host_that_are_not_json_are_named(world, monkeypatch, value, problem):
    monkeypatch.setitem(CLAIMS[ALICE.account_id], "nickname", value)
    with pytest.raises((TypeError, ValueError), match=f"the claim 'nickname' has .*{problem}"):
        userinfo(world, scope="openid profile")
