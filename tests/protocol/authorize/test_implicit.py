"""``oauthprov.openid.implicit``: OpenID Connect Core section 3.2, for certification."""

import dataclasses
import logging

import pytest

from oauthprov.events import Scope, Stream
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.clients.wire.document import document_of, read_document
from oauthprov.protocol.keys import jose
from oauthprov.protocol.request.answers import InteractionRequired, Redirect, Visitor
from oauthprov.protocol.token.ended import session_key
from oauthprov.records import AccessToken, AuthorizationCode, EndedSession, Grant
from oauthprov.storage.interface import Add
from tests.protocol.world import ALICE, BROWSER, CALLBACK, ISSUER, openid_world

IMPLICIT = ("authorization_code", "implicit")


@pytest.fixture
def world():
    made = openid_world(**{"openid.implicit": "true"})
    scopes = ("openid", "email", "read", "offline_access")
    made.client("page", "browser", grant_types=IMPLICIT, scopes=scopes)
    return made


def ask(world, client_id="page", response_type="id_token", **changes):
    plain = {"scope": "openid", "nonce": "n", "code_challenge": None}
    plain |= {"code_challenge_method": None, "response_type": response_type}
    return world.authorize(client_id, **(plain | changes))


def allowed(world, *args, person=ALICE, **changes):
    answer = ask(world, *args, person=person, **changes)
    if isinstance(answer, InteractionRequired):
        answer = world.authorization.decide(
            answer.interaction_id, Visitor(BROWSER, person), allow=True
        )
    assert isinstance(answer, Redirect), answer
    assert answer.response_mode == changes.get("response_mode", "fragment")
    return dict(answer.params)


def test_response_type_id_token_gives_an_id_token_alone(world):
    """Section 3.2.2.10: no at_hash without an access token; 5.4: the claims of the scopes."""
    person = dataclasses.replace(ALICE, sid="a session", acr="1")
    came = allowed(world, scope="openid email", person=person)
    assert came.keys() == {"id_token", "state", "iss"}
    said = world.id_token(came["id_token"]).claims
    assert (said["iss"], said["aud"], said["sub"], said["nonce"]) == (
        ISSUER,
        "page",
        "alice-id",
        "n",
    )
    assert (said["email"], said["email_verified"]) == ("alice@example.org", False)
    assert (said["auth_time"], said["acr"]) == (999, "1")
    assert "at_hash" not in said
    (grant,) = [stored.record for stored in world.all(Grant)]
    assert (grant.sid, grant.scopes) == (said["sid"], ("openid", "email"))
    assert world.all(AccessToken) == world.all(AuthorizationCode) == []


@pytest.mark.parametrize("response_type", ["id_token token", "token id_token"])
def test_response_type_id_token_token_gives_both_tokens(world, response_type):
    """Section 3.2.2.5, and 3.2.2.9 for at_hash. The claims of scopes come from UserInfo."""
    came = allowed(world, response_type=response_type, scope="openid email")
    assert came.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "id_token",
        "state",
        "iss",
    }
    said = world.id_token(came["id_token"]).claims
    assert said["at_hash"] == jose.half_hash("RS256", came["access_token"])
    assert "email" not in said
    bearing = world.provider.token_info(came["access_token"])
    assert world.provider.userinfo(bearing)["email"] == "alice@example.org"


def test_a_remembered_consent_needs_no_page(world):
    world.client("web", grant_types=IMPLICIT, scopes=("openid",))
    allowed(world, "web")
    assert isinstance(ask(world, "web"), Redirect)


def test_an_implicit_request_is_answered_once(world):
    waiting = ask(world, scope="openid email").interaction_id
    world.authorization.decide(waiting, Visitor(BROWSER, ALICE), allow=True)
    again = world.authorization.decide(waiting, Visitor(BROWSER, ALICE), allow=True)
    assert not isinstance(again, Redirect)
    assert len(world.all(Grant)) == 1


def test_the_nonce_is_required(world):
    """Section 3.2.2.1."""
    answer = ask(world, nonce=None)
    assert (dict(answer.params)["error"], answer.response_mode) == ("invalid_request", "fragment")


def test_an_unsupported_response_type_is_refused_for_the_type_and_not_the_nonce(world):
    """Core section 3.1.2.6: what is wrong with ``code id_token`` is not the nonce."""
    answer = ask(world, response_type="code id_token", nonce=None)
    assert dict(answer.params)["error"] == "unsupported_response_type"


def test_the_implicit_grant_gives_no_refresh_token(world):
    assert "refresh_token" not in allowed(world, response_type="id_token token")
    answer = allowed(
        world, response_type="id_token token", scope="openid offline_access", prompt="consent"
    )
    assert answer["scope"] == "openid"


def test_a_client_whose_tokens_must_be_bound_gets_none_here(world):
    """No proof can be sent to the authorization endpoint (RFC 9449 section 5)."""
    bound = {"grant_types": IMPLICIT, "scopes": ("openid",), "dpop_bound_access_tokens": True}
    world.client("bound", "browser", **bound)
    came = allowed(world, "bound", response_type="id_token token")
    assert came["error"] == "invalid_dpop_proof"
    assert world.all(AccessToken) == []
    assert "id_token" in allowed(world, "bound", response_type="id_token")


def test_response_mode_query_is_refused_for_tokens(world):
    """Multiple Response Types section 5."""
    answer = ask(world, response_mode="query")
    assert (dict(answer.params)["error"], answer.response_mode) == ("invalid_request", "fragment")
    assert allowed(world, response_mode="form_post")["id_token"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none", "max_age": "0"}, "login_required"),
        ({"prompt": "none"}, "consent_required"),
        ({"scope": "openid unknown"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token id_token"}, "unsupported_response_type"),
    ],
)
def test_errors_are_returned_in_the_fragment_too(world, changes, error):
    answer = ask(world, **changes)
    assert (dict(answer.params)["error"], answer.response_mode) == (error, "fragment")


@pytest.mark.parametrize("response_type", ["token", "code id_token", "code token", "none"])
def test_only_response_types_with_an_id_token_and_no_code_are_supported(world, response_type):
    answer = ask(world, response_type=response_type)
    assert dict(answer.params)["error"] == "unsupported_response_type"


def test_without_scope_openid_the_implicit_grant_is_refused(world):
    answer = ask(world, scope="read")
    assert dict(answer.params)["error"] == "unsupported_response_type"


def test_the_implicit_grant_needs_a_registered_client_and_the_setting(world):
    """The client must be registered for it, and the setting must be on."""
    answer = ask(world, "app")
    assert dict(answer.params)["error"] == "unauthorized_client"
    off = openid_world()
    off.client("page", "browser", grant_types=IMPLICIT, scopes=("openid",))
    answer = ask(off)
    assert dict(answer.params)["error"] == "unsupported_response_type"


def registrar(of):
    return Registrar(of.settings, of.storage, lambda: of.now)


@pytest.mark.parametrize("uri", ["http://localhost:8000/cb", "http://127.0.0.1/cb"])
def test_implicit_web_clients_register_https_redirect_uris_alone(world, uri):
    """Registration section 2: with the implicit grant a web client has https only."""
    metadata = {"name": "Page", "redirect_uris": (CALLBACK, uri), "scopes": ("openid",)}
    with pytest.raises(InvalidMetadata) as refused:
        registrar(world).register(type="web", grant_types=IMPLICIT, **metadata)
    assert refused.value.problems.keys() == {"redirect_uris"}
    client, _ = registrar(world).register(type="web", **metadata)
    with pytest.raises(InvalidMetadata):
        registrar(world).edit(client.client_id, grant_types=IMPLICIT)


def test_a_native_client_may_use_the_implicit_grant_on_loopback(world):
    metadata = {"name": "App", "redirect_uris": ("http://127.0.0.1/cb",), "scopes": ("openid",)}
    client, _ = registrar(world).register(type="native", grant_types=IMPLICIT, **metadata)
    assert client.grant_types == IMPLICIT


def test_a_browser_client_can_be_registered_for_the_implicit_grant(world):
    metadata = {"name": "Page", "redirect_uris": (CALLBACK,), "scopes": ("openid",)}
    metadata["grant_types"] = IMPLICIT
    client, _ = registrar(world).register(type="browser", **metadata)
    assert client.grant_types == IMPLICIT
    client = registrar(world).edit(client.client_id, grant_types=("implicit",))
    assert client.grant_types == ("implicit",)
    with pytest.raises(InvalidMetadata):
        registrar(openid_world()).register(type="browser", **metadata)
    with pytest.raises(InvalidMetadata):
        registrar(world).register(type="machine", name="Job", grant_types=IMPLICIT)


@pytest.mark.parametrize(
    ("grant_types", "response_types", "granted"),
    [
        (["implicit"], ["id_token"], ("implicit",)),
        (["implicit"], ["token id_token"], ("implicit",)),
        (["authorization_code", "implicit"], ["id_token token", "code"], IMPLICIT),
        (["implicit", "authorization_code"], None, IMPLICIT),
        (["implicit"], None, None),
        (["authorization_code"], ["id_token"], None),
        (["implicit"], ["token"], None),
    ],
)
def test_dynamic_registration_matches_grant_and_response_types(
    world, grant_types, response_types, granted
):
    """RFC 7591 section 2.1: grant types and response types go together."""
    asked = {"grant_types": grant_types, "redirect_uris": [CALLBACK]}
    asked |= {"response_types": response_types}
    if granted is None:
        with pytest.raises(InvalidMetadata) as refused:
            read_document(asked, world.settings)
        assert refused.value.problems.keys() == {"response_types"}
    else:
        assert read_document(asked, world.settings)[1]["grant_types"] == granted


def test_a_client_may_register_one_response_type_alone(world):
    """OpenID Connect Registration section 2, ``response_types``."""
    restricted = {"grant_types": IMPLICIT, "response_types": ("id_token token",)}
    client = world.client("both", "web", scopes=("openid",), **restricted)
    assert document_of(client)["response_types"] == ["id_token token"]
    for other in ("code", "id_token"):
        refused = ask(world, "both", other)
        assert dict(refused.params)["error"] == "unauthorized_client"
    assert isinstance(ask(world, "both", "id_token token"), InteractionRequired)


def test_a_client_of_the_implicit_grant_alone_gets_no_code(world):
    world.client("only", "web", grant_types=("implicit",), scopes=("openid",))
    assert dict(world.authorize("only", scope="openid").params)["error"] == "unauthorized_client"
    document = document_of(world.provider.clients.get("only"))
    assert document["response_types"] == ["id_token", "id_token token"]


def test_a_grant_of_a_session_that_has_ended_meanwhile_is_revoked_and_told(world, caplog):
    caplog.set_level(logging.INFO, "oauthprov.events")
    person = dataclasses.replace(ALICE, sid="a session")
    mark = EndedSession(session_key("alice-id", "a session"), world.now + 60)
    world.storage.commit(Add(mark), now=world.now)
    with Scope(Stream(lambda: world.now), "r1") as scope:
        assert allowed(world, person=person)["error"] == "login_required"
    [grant] = world.all(Grant)
    assert grant.revoked_at is not None
    assert (scope.waiting[-1].name, scope.waiting[-1].how) == ("grant.revoked", "ended")
    assert caplog.records[-1].reason == "ended"
    assert caplog.records[-1].grant_id == grant.record.grant_id
