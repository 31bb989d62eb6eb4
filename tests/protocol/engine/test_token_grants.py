"""The tables of grant types: what they agree on, and that a new grant is a row in each."""

from __future__ import annotations

import pytest
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from oauthprov import credentials
from oauthprov.events import TokensIssued
from oauthprov.protocol import metadata
from oauthprov.protocol.clients.grant_types import GRANT_TYPES, GrantType
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.clients.response_types import IMPLICIT
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.protocol.clients.wire.document import document_of, read_document
from oauthprov.protocol.engine.request import EngineRequest
from oauthprov.protocol.engine.token_grants import TOKEN_GRANTS, TokenGrant
from oauthprov.protocol.token import tokens
from oauthprov.records import Client, Grant
from oauthprov.storage.interface import Add
from tests.protocol.world import CALLBACK, World

ELSEWHERE = "urn:example:asked-elsewhere"
"""A grant type whose users are asked at another device, so that nobody is redirected."""


class ElsewhereGrant(GrantTypeBase):
    """The order of a token request: the client, then whether it may use the grant type."""

    def validate_token_request(self, request):
        self.validate_client_authentication(request)
        self.validate_grant_type(request)


def issue(context, client, request):
    """Issue tokens of alice."""
    grant = Grant(
        grant_id=credentials.mint_id(),
        client_id=client.client_id,
        account_id="alice-id",
        scopes=("read",),
        resources=(),
        created_at=context.now,
        last_used_at=context.now,
        expires_at=context.now + 3600,
    )
    made = tokens.issue(context, client, grant, ELSEWHERE, ("read",), (), refreshable=True)
    context.commit(Add(grant), *made.changes, event=made.event)
    return made.response


ROW = GrantType(ELSEWHERE, ("web", "native"), has_users=True, implied=False)
ANSWER = TokenGrant(ElsewhereGrant, issue)
DEVICE_ONLY = {"grant_types": [ELSEWHERE, "refresh_token"], "token_endpoint_auth_method": "none"}


@pytest.fixture
def elsewhere(monkeypatch):
    """A provider with the grant type in both tables."""
    monkeypatch.setitem(GRANT_TYPES, ELSEWHERE, ROW)
    monkeypatch.setitem(TOKEN_GRANTS, ELSEWHERE, ANSWER)
    return World(registration="open")


def registered(world, **more):
    """Store a client that registers itself."""
    kind, fields = read_document(DEVICE_ONLY | {"client_name": "TV"} | more, world.settings)
    return world.provider.registrar.register(type=kind, **fields)[0]


def test_both_tables_have_the_grant_types_of_the_token_endpoint():
    assert list(TOKEN_GRANTS) == [name for name in GRANT_TYPES if name != IMPLICIT]


def test_a_credential_is_among_the_parameters_of_its_grant_type():
    for name, row in TOKEN_GRANTS.items():
        if row.presents is not None:
            assert row.presents.parameter in GRANT_TYPES[name].parameters


def test_an_absent_parameter_of_any_grant_type_is_none():
    request = EngineRequest("POST", ())
    for row in GRANT_TYPES.values():
        assert {getattr(request, name) for name in row.parameters} <= {None}


def test_only_types_of_client_that_there_are_may_have_a_grant_type():
    for row in GRANT_TYPES.values():
        assert CLIENT_TYPES.keys() >= set(row.client_types)


def test_tokens_are_routine_in_the_audit_unless_a_user_begins_something():
    for name, row in GRANT_TYPES.items():
        assert TokensIssued(how=name).is_routine is not (row.has_users and row.begins)


def test_a_grant_type_of_two_rows_is_answered_and_announced(elsewhere):
    client = registered(elsewhere)
    form = {"grant_type": ELSEWHERE, "client_id": client.client_id}
    answer = elsewhere.post("token", form)
    assert answer.status == 200
    assert elsewhere.provider.token_info(answer.body["access_token"]).account_id == "alice-id"
    again = form | {"grant_type": "refresh_token", "refresh_token": answer.body["refresh_token"]}
    assert elsewhere.post("token", again).status == 200
    document = metadata.authorization_server(elsewhere.settings, {})
    assert ELSEWHERE in document["grant_types_supported"]
    assert document["response_types_supported"] == ["code"]


def test_a_client_without_the_grant_type_is_refused(elsewhere):
    elsewhere.client("tv", "native")
    answer = elsewhere.post("token", {"grant_type": ELSEWHERE, "client_id": "tv"})
    assert (answer.status, answer.body["error"]) == (400, "unauthorized_client")


def test_a_grant_type_that_is_off_is_unknown_everywhere(monkeypatch):
    off = GrantType(ELSEWHERE, ("native",), has_users=True, implied=False, is_on=lambda s: False)
    monkeypatch.setitem(GRANT_TYPES, ELSEWHERE, off)
    monkeypatch.setitem(TOKEN_GRANTS, ELSEWHERE, ANSWER)
    world = World(registration="open")
    answer = world.post("token", {"grant_type": ELSEWHERE, "client_id": "tv"})
    assert answer.body["error"] == "unsupported_grant_type"
    document = metadata.authorization_server(world.settings, {})
    assert ELSEWHERE not in document["grant_types_supported"]
    with pytest.raises(InvalidMetadata):
        registered(world)


def test_users_who_are_asked_elsewhere_need_no_redirect_uri(elsewhere):
    client = registered(elsewhere)
    assert (client.client_type, client.redirect_uris) == ("native", ())
    document = document_of(client)
    assert document["grant_types"] == ["refresh_token", ELSEWHERE]
    assert document["response_types"] == []
    assert client.default_scopes == ("read",)


def test_a_client_that_redirects_as_well_needs_a_redirect_uri(elsewhere):
    both = [*DEVICE_ONLY["grant_types"], "authorization_code"]
    with pytest.raises(InvalidMetadata) as raised:
        registered(elsewhere, grant_types=both)
    assert set(raised.value.problems) == {"redirect_uris"}
    assert registered(elsewhere, grant_types=both, redirect_uris=[CALLBACK]).redirect_uris


def test_a_client_that_is_given_the_code_grant_needs_a_redirect_uri_then(elsewhere):
    client_id = registered(elsewhere).client_id
    edit = elsewhere.provider.registrar.edit
    with pytest.raises(InvalidMetadata) as raised:
        edit(client_id, grant_types=("authorization_code", ELSEWHERE))
    assert set(raised.value.problems) == {"redirect_uris"}
    assert edit(client_id, name="Kitchen TV").redirect_uris == ()


def test_a_client_of_the_code_grant_may_give_it_up_with_its_redirect_uris(elsewhere):
    elsewhere.client("tv", "native")
    edit = elsewhere.provider.registrar.edit
    with pytest.raises(InvalidMetadata):
        edit("tv", redirect_uris=())
    edited = edit("tv", redirect_uris=(), grant_types=(ELSEWHERE,))
    assert edited.redirect_uris == ()
    assert elsewhere.storage.get(Client, "tv").record == edited


def test_refresh_tokens_alone_begin_nothing(elsewhere):
    with pytest.raises(InvalidMetadata) as raised:
        registered(elsewhere, grant_types=["refresh_token"])
    [sentence] = raised.value.problems.values()
    assert sentence == f"It must include authorization_code or {ELSEWHERE}."
