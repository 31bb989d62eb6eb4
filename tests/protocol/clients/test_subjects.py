"""Pairwise subjects in every request and response: OpenID Connect Core section 8."""

import dataclasses
import json

import pytest

from oauthprov.errors import ConfigurationError
from oauthprov.protocol.clients import subjects
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.provider import Provider
from oauthprov.protocol.request.answers import Redirect
from oauthprov.records import Client, LogoutDelivery
from oauthprov.settings import Settings
from tests.protocol.visit import Visit
from tests.protocol.world import ALICE, BOB, CALLBACK, INI, ISSUER, SCOPES, Accounts, openid_world

SECRET = "zyxwvutsrqponmlkjihgfedcba9876543210"
PAIRWISE = {"openid.pairwise_secret": SECRET}
ELSEWHERE = ("https://other.example/callback",)


@pytest.fixture
def world():
    """A pairwise client, ``app``, two others that are, and a public one."""
    made = openid_world(**PAIRWISE, **{"openid.implicit": "true"})
    made.change(Client, "app", subject_type="pairwise")
    made.client("sister", scopes=SCOPES, subject_type="pairwise")
    made.client("other", scopes=SCOPES, subject_type="pairwise", redirect_uris=ELSEWHERE)
    made.client("public", scopes=SCOPES)
    return made


def sub_at(world, client_id="app", person=ALICE, **changes):
    """The ``sub`` of an ID token."""
    if client_id == "other":
        changes["redirect_uri"] = ELSEWHERE[0]
    asked = {"person": person, "scope": "openid"} | changes
    return world.id_token(world.tokens(client_id, **asked)["id_token"]).claims["sub"]


class TestPairwiseIdentifiers:
    """Section 8.1."""

    def test_a_pairwise_subject_does_not_reveal_the_account(self, world):
        sub = sub_at(world)
        assert "alice" not in sub
        assert len(sub) == 43
        assert sub.isascii()

    def test_a_pairwise_subject_is_the_same_every_time_and_in_every_process(self, world):
        assert sub_at(world) == sub_at(world)
        world.provider = world.another_process()
        assert sub_at(world) == sub_at(world)

    def test_a_pairwise_subject_survives_a_rotation_of_oauthprov_secret(self, world):
        """``oauthprov.secret`` rotates."""
        before = sub_at(world)
        settings = dataclasses.replace(world.settings, secret=("another" * 8,))
        world.provider = Provider(settings, world.storage, Accounts(), lambda: world.now)
        world.provider.keys.rotation.rotate("RS256")
        assert sub_at(world) == before

    def test_each_sector_has_its_own_subject(self, world):
        assert len({sub_at(world, name) for name in ("app", "other", "public")}) == 3

    def test_clients_on_one_host_share_a_subject(self, world):
        assert sub_at(world, "sister") == sub_at(world)

    def test_sector_identifier_uri_takes_precedence_over_the_redirect_host(self, world):
        world.change(Client, "other", sector_identifier_uri="https://app.example/uris.json")
        assert sub_at(world, "other") == sub_at(world)

    def test_a_client_without_redirect_uris_is_a_sector_of_its_own(self, world):
        """A document lists redirect URIs: any would admit a client that has none."""
        uri = "https://app.example/uris.json"
        world.change(Client, "sister", sector_identifier_uri=uri)
        asks = {"subject_type": "pairwise", "sector_identifier_uri": uri, "redirect_uris": ()}
        devices = [world.client(name, "native", **asks) for name in ("tv", "radio")]
        found = {subjects.subject(world.settings, one, "alice-id") for one in devices}
        assert len(found | {sub_at(world, "sister")}) == 3

    @pytest.mark.parametrize("uri", [None, "https://app.example/uris.json"])
    def test_a_client_on_a_device_learns_no_subject_of_the_site_whose_redirect_uri_it_names(
        self, world, uri
    ):
        """A redirect proves who owns the URI; tokens for a device code go to anybody."""
        world.change(Client, "app", sector_identifier_uri=uri)
        asks = {"subject_type": "pairwise", "sector_identifier_uri": uri}
        device = world.client("tv", grant_types=("authorization_code", DEVICE_CODE), **asks)
        assert device.redirect_uris == (CALLBACK,)
        assert subjects.subject(world.settings, device, "alice-id") != sub_at(world)

    def test_each_person_has_their_own_subject(self, world):
        assert sub_at(world, person=BOB) != sub_at(world)

    def test_a_public_subject_is_the_account_id(self, world):
        assert sub_at(world, "public") == "alice-id"


class TestSubjectsInResponses:
    def test_a_refreshed_id_token_has_the_pairwise_subject(self, world):
        tokens = world.tokens(scope="openid")
        again = world.refresh(tokens["refresh_token"]).body["id_token"]
        assert world.id_token(again).claims["sub"] == sub_at(world)

    def test_an_implicit_id_token_has_the_pairwise_subject(self, world):
        world.change(Client, "app", grant_types=("authorization_code", "implicit"))
        plain = {"code_challenge": None, "code_challenge_method": None}
        came = world.allow(response_type="id_token", scope="openid", nonce="n", **plain)
        assert world.id_token(came["id_token"]).claims["sub"] == sub_at(world)

    def test_userinfo_has_the_pairwise_subject(self, world):
        """Section 5.3.2: it is that of the ID token."""
        bearing = world.provider.token_info(world.tokens(scope="openid email")["access_token"])
        said = world.provider.userinfo(bearing)
        assert said["sub"] == bearing.subject == sub_at(world)
        assert "alice-id" not in json.dumps(said)

    def test_introspection_of_its_own_tokens_has_the_pairwise_subject(self, world):
        tokens = world.tokens(scope="openid")
        for name in ("access_token", "refresh_token"):
            assert world.introspect(tokens[name]).body["sub"] == sub_at(world)

    def test_a_view_of_the_host_gets_the_account_id(self, world):
        """Views of the host belong to the operator and are no client."""
        bearing = world.provider.token_info(world.tokens(scope="openid")["access_token"])
        assert bearing.account_id == "alice-id"

    def test_logout_tokens_have_the_pairwise_subject(self, receiver):
        """Back-Channel Logout section 2.4."""
        world = openid_world(**PAIRWISE, **{"logout.worker": "false"} | receiver.settings)
        changes = {"subject_type": "pairwise", "backchannel_logout_uri": receiver.uri}
        world.change(Client, "app", **changes)
        visit = Visit(world)
        sub = world.id_token(visit.tokens()["id_token"]).claims["sub"]
        visit.leave()
        [waiting] = [stored.record for stored in world.all(LogoutDelivery)]
        assert waiting.subject == sub != "alice-id"
        world.provider.backchannel.deliver()
        [token] = receiver.told(world.provider.keys.jwks())
        assert (token.claims["sub"], token.claims["iss"]) == (sub, ISSUER)


class TestIntrospectionByOthers:
    """RFC 7662 section 2.2: a resource server introspects tokens of several clients."""

    @pytest.fixture
    def seen(self, world):
        """The ``sub`` that the operator's resource server gets for alice's token of a client."""
        world.client("api", "api", introspects=("*",))

        def ask(client_id):
            more = {"redirect_uri": ELSEWHERE[0]} if client_id == "other" else {}
            token = world.tokens(client_id, scope="openid", **more)["access_token"]
            return world.introspect(token, "api").body["sub"]

        return ask

    def test_a_resource_server_sees_another_subject_for_each_sector(self, world, seen):
        assert seen("app") == sub_at(world)
        assert seen("other") == sub_at(world, "other") != seen("app")

    def test_a_resource_server_sees_the_account_of_public_clients(self, seen):
        assert seen("public") == "alice-id"

    def test_a_pairwise_resource_server_gets_its_own_subject(self, world):
        world.change(Client, "other", introspects=("*",))
        token = world.tokens("public", scope="openid")["access_token"]
        told = world.introspect(token, "other").body["sub"]
        assert told == sub_at(world, "other") != "alice-id"

    def test_an_api_learns_no_pairwise_subject_behind_a_token_of_another_resource(self):
        """It knows that token only because its developer registered both clients."""
        resources = "https://a.example/ | read | A\nhttps://b.example/ | photos | B"
        world = openid_world(**PAIRWISE | {"resources": resources})
        world.change(Client, "app", subject_type="pairwise", owner="bob-id")
        world.client("api", "api", introspects=("https://a.example/",), owner="bob-id")
        for scope, resource, known in (("read", "a", True), ("photos", "b", False)):
            asked = {"scope": f"openid {scope}", "resource": f"https://{resource}.example/"}
            answer = world.introspect(world.tokens(**asked)["access_token"], "api").body
            assert answer["active"] is True
            assert ("sub" in answer) is known

    @pytest.fixture
    def of_one_developer(self, world):
        """Every client of ``world`` is bob's; ``api`` is his resource server."""
        world.client("api", "machine", scopes=())
        for name in ("app", "sister", "other", "public", "api"):
            world.change(Client, name, owner="bob-id")
        return world

    def told(self, world, asker, client_id):
        """The ``sub`` that bob's ``asker`` gets for alice's token of his ``client_id``."""
        more = {"redirect_uri": ELSEWHERE[0]} if client_id == "other" else {}
        token = world.tokens(client_id, scope="openid", **more)["access_token"]
        answer = world.introspect(token, asker).body
        assert (answer["active"], answer["client_id"]) == (True, client_id)
        return answer.get("sub")

    @pytest.mark.parametrize("documented", [False, True])
    def test_a_client_that_claims_another_site_s_host_learns_no_subject_there(
        self, of_one_developer, documented
    ):
        """bob registers the victim's redirect URI, which the victim's own document lists."""
        world = of_one_developer
        uri = "https://other.example/callbacks.json" if documented else None
        world.change(Client, "other", owner="victim-id", sector_identifier_uri=uri)
        fresh = {"redirect_uris": ELSEWHERE, "sector_identifier_uri": uri, "owner": "bob-id"}
        world.client("fresh", scopes=SCOPES, subject_type="pairwise", **fresh)
        for client_id in ("public", "app", "sister"):
            assert self.told(world, "fresh", client_id) is None

    def test_a_pairwise_client_learns_no_account_from_a_public_one(self, of_one_developer):
        assert self.told(of_one_developer, "app", "public") is None

    def test_public_clients_of_one_developer_see_the_account(self, of_one_developer):
        assert self.told(of_one_developer, "api", "public") == "alice-id"

    def test_a_public_client_learns_no_account_from_a_pairwise_one(self, of_one_developer):
        assert self.told(of_one_developer, "public", "app") is None

    def test_the_same_host_is_no_proof_of_one_sector(self, of_one_developer):
        assert self.told(of_one_developer, "sister", "app") is None

    @pytest.mark.parametrize("asker", ["sister", "api"])
    def test_clients_of_one_sector_document_see_the_same_subject(self, of_one_developer, asker):
        world = of_one_developer
        world.change(Client, "app", sector_identifier_uri="https://sector.example/a.json")
        assert self.told(world, asker, "app") is None
        world.change(Client, asker, sector_identifier_uri="https://sector.example/b.json")
        world.now += 5
        assert self.told(world, asker, "app") == sub_at(world)


class TestSubjectsInRequests:
    def test_a_client_s_own_id_token_is_a_valid_hint(self, world):
        """Section 3.1.2.1."""
        hint = world.tokens(scope="openid")["id_token"]
        asked = {"scope": "openid", "prompt": "none", "id_token_hint": hint}
        assert "code" in dict(world.authorize(**asked).params)
        world.allow(person=BOB, scope="openid")
        refused = world.authorize(person=BOB, **asked)
        assert dict(refused.params)["error"] == "login_required"

    @pytest.mark.parametrize("member", ["id_token", "userinfo"])
    @pytest.mark.parametrize("client_id", ["app", "public"])
    def test_a_requested_sub_is_the_client_s_own_subject(self, world, member, client_id):
        """Section 5.5.1: a response for another person would be wrong, for either member."""
        sub = sub_at(world, client_id)
        world.allow(client_id, person=BOB, scope="openid")
        claims = json.dumps({member: {"sub": {"value": sub}}})
        asked = {"scope": "openid", "prompt": "none", "claims": claims}
        assert "code" in dict(world.authorize(client_id, **asked).params)
        refused = world.authorize(client_id, person=BOB, **asked)
        assert dict(refused.params)["error"] == "login_required"

    def test_an_account_id_is_no_sub_for_a_pairwise_client(self, world):
        world.allow(scope="openid")
        claims = json.dumps({"id_token": {"sub": {"value": "alice-id"}}})
        refused = world.authorize(scope="openid", prompt="none", claims=claims)
        assert dict(refused.params)["error"] == "login_required"


class TestWithoutPairwiseSecret:
    """A pairwise client then gets no ``sub``: a different one would be worse than none."""

    @pytest.fixture
    def later(self, world):
        world.held = world.tokens(scope="openid")
        settings = dataclasses.replace(world.settings, openid_pairwise_secret="")
        world.provider = Provider(settings, world.storage, Accounts(), lambda: world.now)
        return world

    def test_a_pairwise_client_is_disabled_without_the_pairwise_secret(self, later, caplog):
        assert later.authorize(scope="openid").error == "invalid_request"
        assert later.provider.token_info(later.held["access_token"]) is None
        refused = later.refresh(later.held["refresh_token"])
        assert (refused.status, refused.body["error"]) == (401, "invalid_client")
        assert (
            "client app has pairwise subjects, which need oauthprov.openid.pairwise_secret"
            in caplog.text
        )

    def test_public_clients_work_without_the_pairwise_secret(self, later):
        assert sub_at(later, "public") == "alice-id"


@pytest.mark.parametrize(
    "value", ["short", "a" * 40, INI["oauthprov.secret"]], ids=["short", "alike", "shared"]
)
def test_a_short_or_shared_pairwise_secret_is_refused(value):
    with pytest.raises(ConfigurationError, match=r"openid\.pairwise_secret"):
        Settings.from_ini(INI | {"oauthprov.openid.pairwise_secret": value})


def test_pairwise_subjects_cost_no_further_trip_to_storage(world):
    code = world.code(scope="openid")
    world.now += 6
    world.provider.keys.jwks()
    with world.counted(reads=2, writes=1):
        tokens = world.redeem(code).body
    with world.counted(reads=1, writes=0):
        world.provider.userinfo(world.provider.token_info(tokens["access_token"]))
    asked = {"scope": "openid", "id_token_hint": tokens["id_token"]}
    with world.counted(reads=1, writes=1):
        assert isinstance(world.authorize(**asked), Redirect)
