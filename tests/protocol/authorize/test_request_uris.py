"""Signed authorization requests by reference: RFC 9101 section 5.2, OpenID Connect Core 6.2.

The objects are on a real TLS server.
"""

import base64
import hashlib

import pytest

from oauthprov.protocol.authorize.request_uris import MEDIA_TYPES
from oauthprov.protocol.request.answers import InteractionRequired
from oauthprov.records import Client
from tests.fetch.server import Authority, Server, answer
from tests.protocol.authorize.test_endpoint import assert_refused
from tests.protocol.authorize.test_request_objects import (
    INSIDE,
    KEY,
    ONLY_INSIDE,
    STRANGE,
    assert_told,
    end,
)
from tests.protocol.signed import key_set, signed
from tests.protocol.world import ALICE, CALLBACK, openid_world

JWT = "Content-Type: application/oauth-authz-req+jwt"
PATH = "/object"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority):
    """A client's server, which publishes a good object."""
    made = Server(authority.context("localhost"))
    made.reply = answer(signed(INSIDE, KEY).encode(), JWT)
    yield made
    made.close()


@pytest.fixture
def world(server, authority):
    place = f"localhost:{server.port}"
    made = openid_world(**{"fetch.allow": place, "fetch.ca_file": authority.file})
    made.uri = f"https://{place}{PATH}"
    made.change(Client, "app", jwks=key_set(KEY), request_uris=(made.uri,))
    return made


def ask(world, request_uri=None, person=ALICE, **outside):
    """Send a request by reference, with a redirect URI for errors."""
    outside = {"redirect_uri": CALLBACK, "state": "outside"} | outside
    request_uri = world.uri if request_uri is None else request_uri
    return world.authorize(person=person, **ONLY_INSIDE | {"request_uri": request_uri} | outside)


def assert_uri_refused(world, request_uri=None):
    assert_told(ask(world, request_uri), "invalid_request_uri", "outside")


def assert_object_refused(world):
    assert_told(ask(world), "invalid_request_object", "outside")


def registered(world, *request_uris):
    world.change(Client, "app", request_uris=request_uris)
    world.provider.clients.evict("app")


class TestRequestURI:
    def test_core_6_2_the_object_at_a_request_uri_is_fetched(self, world, server):
        code = end(world, ask(world, redirect_uri=None, state=None))
        assert (code.nonce, code.scopes) == ("n", ("openid", "read"))
        [request] = server.asked
        assert request.startswith(b"GET /object HTTP/1.1\r\n")
        assert b"Accept: application/oauth-authz-req+jwt, application/jwt" in request

    def test_rfc_9101_5_only_the_client_id_must_be_beside_it(self, world):
        bare = dict.fromkeys(("redirect_uri", "state", "response_type", "scope"))
        assert end(world, ask(world, **bare)).scopes == ("openid", "read")

    @pytest.mark.parametrize("media_type", [*MEDIA_TYPES, "application/jwt; charset=utf-8"])
    def test_every_jwt_media_type_is_accepted(self, world, server, media_type):
        token = signed(INSIDE, KEY).encode() + b"\n"
        server.reply = answer(token, f"Content-Type: {media_type}")
        assert end(world, ask(world))

    def test_the_fetched_object_is_cached(self, world, server):
        assert all(end(world, ask(world)) for _ in range(3))
        assert server.connections == 1

    def test_resuming_an_interaction_fetches_nothing(self, world, server):
        waiting = ask(world)
        world.provider = world.another_process()
        assert end(world, waiting)
        assert server.connections == 1

    def test_the_keys_may_be_at_a_jwks_uri(self, world, server):
        world.change(Client, "app", jwks=None, jwks_uri=world.uri)
        server.reply = answer(key_set(KEY).encode(), "Content-Type: application/jwk-set+json")
        answered = world.authorize(**ONLY_INSIDE | {"request": signed(INSIDE, KEY)})
        assert end(world, answered).nonce == "n"

    def test_a_request_uri_costs_no_further_trip_to_storage(self, world):
        with world.counted(reads=2, writes=1):
            assert isinstance(ask(world), InteractionRequired)


def fragment(content):
    hashed = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


class TestFragments:
    """Core 6.2: the fragment changes when the object does."""

    def test_a_registered_fragment_may_be_any_text(self, world):
        registered(world, f"{world.uri}#chosen-before-there-was-an-object")
        assert end(world, ask(world, f"{world.uri}#chosen-before-there-was-an-object"))

    def test_a_fragment_need_not_be_registered(self, world):
        assert end(world, ask(world, f"{world.uri}#{fragment(b'x')}"))
        registered(world, f"{world.uri}#one")
        assert end(world, ask(world, world.uri))

    def test_another_fragment_renews_the_cached_object(self, world, server):
        old, new = (signed(INSIDE | {"nonce": name}, KEY).encode() for name in ("old", "new"))
        server.reply = answer(old, JWT)
        assert end(world, ask(world, f"{world.uri}#{fragment(old)}")).nonce == "old"
        server.reply = answer(new, JWT)
        world.now += 31
        assert end(world, ask(world, f"{world.uri}#{fragment(old)}")).nonce == "old"
        assert server.connections == 1
        world.now += 1
        assert end(world, ask(world, f"{world.uri}#{fragment(new)}")).nonce == "new"

    def test_many_fragments_cause_one_fetch(self, world, server):
        for number in range(20):
            ask(world, f"{world.uri}#{number}")
        assert server.connections == 1


class TestAllowedURIs:
    """RFC 9101 section 10.4: nothing is fetched but what its client has registered."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda uri: uri + "/",
            lambda uri: uri + "?x=1",
            lambda uri: uri.replace(PATH, "/other"),
            lambda uri: uri.replace(PATH, "/x/../object"),
            lambda uri: uri.replace("https:", "http:"),
            lambda uri: uri.replace("https:", "HTTPS:"),
            lambda uri: uri.replace("localhost", "LOCALHOST"),
            lambda uri: uri.replace("localhost", "127.0.0.1"),
            lambda uri: uri.replace("localhost", "app@localhost"),
            lambda uri: uri + "#" + "x" * 512,
            lambda uri: "file:///etc/passwd",
            lambda uri: "https://169.254.169.254/latest/meta-data",
            lambda uri: "urn:example:request_uri:1",
            lambda uri: "#",
        ],
    )
    def test_an_unregistered_request_uri_is_not_fetched(self, world, server, change):
        assert_uri_refused(world, change(world.uri))
        assert server.connections == 0

    def test_the_request_uri_of_another_client_is_not_fetched(self, world, server):
        world.client("other", request_uris=(world.uri,), jwks=key_set(KEY))
        registered(world)
        assert_uri_refused(world)
        assert server.connections == 0

    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"])  # noqa: S104
    def test_a_registered_uri_of_an_internal_address_is_not_fetched(self, world, server, host):
        uri = world.uri.replace("localhost", host)
        registered(world, uri)
        assert_uri_refused(world, uri)
        assert server.connections == 0

    def test_a_registered_http_uri_is_not_fetched(self, world, server):
        uri = world.uri.replace("https:", "http:")
        registered(world, uri)
        assert_uri_refused(world, uri)
        assert server.connections == 0

    def test_a_redirect_of_a_request_uri_is_not_followed(self, world, server):
        server.reply = answer(b"", f"Location: {world.uri}2", status="302 Found")
        assert_uri_refused(world)
        assert server.connections == 1


class TestFetchedContent:
    def test_a_failed_fetch_is_repeated_after_30_seconds(self, world, server):
        server.reply = answer(b"", JWT, status="404 Not Found")
        for _ in range(3):
            assert_uri_refused(world)
        assert server.connections == 1
        server.reply = answer(signed(INSIDE, KEY).encode(), JWT)
        world.now += 30
        assert end(world, ask(world))

    @pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json"])
    def test_another_media_type_is_refused(self, world, server, media_type):
        server.reply = answer(signed(INSIDE, KEY).encode(), f"Content-Type: {media_type}")
        assert_uri_refused(world)

    def test_a_too_large_or_compressed_object_is_refused(self, world, server):
        server.reply = answer(b"x" * 20_000, JWT)
        assert_uri_refused(world)
        world.now += 30
        server.reply = answer(b"x", JWT, "Content-Encoding: gzip")
        assert_uri_refused(world)

    @pytest.mark.parametrize("content", [b"", b"a.b.c", b"<html>", b"\xff\xfe", b"\0"])
    def test_fetched_content_that_is_no_jwt_is_refused(self, world, server, content):
        server.reply = answer(content, JWT)
        assert_object_refused(world)

    def test_an_object_signed_by_a_stranger_is_refused(self, world, server):
        server.reply = answer(signed(INSIDE, STRANGE, {"kid": KEY.kid}).encode(), JWT)
        assert_object_refused(world)

    def test_an_unverified_object_s_redirect_uri_is_not_used(self, world, server):
        server.reply = answer(signed(INSIDE, STRANGE).encode(), JWT)
        assert_refused(ask(world, redirect_uri=None), "invalid_request_object")
        assert_refused(ask(world, "urn:x", redirect_uri=None), "invalid_request_uri")

    def test_the_reason_of_a_failed_fetch_is_logged_and_not_returned(self, world, server, caplog):
        caplog.set_level("INFO")
        server.reply = answer(b"", JWT, status="418 teapot")
        told = dict(ask(world).params)
        assert told["error_description"] == "The request_uri can't be read."
        assert (
            "error=invalid_request_uri reason=request_object_refused client_id=app" in caplog.text
        )
        assert "status 418" in caplog.text
