"""Clients that are known by the URL of a document (Client ID Metadata Documents)."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauthprov.fetch import Fetcher
from oauthprov.fetch.places import DESCRIBED_SHARE
from oauthprov.protocol.clients.documents.fetching import NotNow
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.request.answers import (
    Call,
    ConsentQuestion,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.protocol.token.last_use import remove_unused
from oauthprov.records import Client, Consent, consent_key
from oauthprov.storage.interface import Remove
from tests.engines import engines
from tests.fetch.server import JSON, Names, answer
from tests.protocol.world import ALICE, BROWSER, CALLBACK, FORM, NOTES, PHOTOS, World
from tests.servers import fresh

HOUR, DAY = 3600, 86_400
LOCAL = "http://localhost/callback"
SERVERS = ("postgresql", "mariadb", "redis", "redis_cluster")
_WORLDS = {}


@pytest.fixture
def world(publisher):
    return World(device="true", **publisher.settings)


@pytest.fixture
def app(publisher):
    """The id of a client whose document is published."""
    return publisher.publish()


def record(world, client_id):
    stored = world.storage.get(Client, client_id)
    return None if stored is None else stored.record


def device(world, client_id):
    body = urlencode({"client_id": client_id, "scope": "read"}).encode()
    call = Call("POST", b"", body, FORM)
    return world.provider.devices.begin(call, "192.0.2.1", "https://as.example/device")


def test_a_client_that_nobody_registered_gets_its_tokens(world, app, publisher):
    tokens = world.tokens(app)
    assert tokens["scope"] == "read"
    assert world.is_live(tokens["access_token"])
    again = world.refresh(tokens["refresh_token"], app)
    assert again.status == 200
    assert publisher.paths == ["/app.json"]
    world.client("api", "api", introspects=("*",))
    said = world.introspect(again.body["access_token"], "api").body
    assert said["client_id"] == app


def test_without_the_setting_no_url_is_a_client_and_nothing_is_fetched(app, publisher):
    settings = publisher.settings | {"client_documents": "off"}
    answer = World(**settings).authorize(app)
    assert isinstance(answer, Refusal)
    assert publisher.paths == []


@pytest.mark.parametrize("hosts", ["app.example", "*.localhost"])
def test_a_host_that_isnt_admitted_is_asked_nothing(app, publisher, hosts):
    answer = World(**publisher.settings | {"client_documents": hosts}).authorize(app)
    assert isinstance(answer, Refusal)
    assert answer.error == "invalid_client"
    assert publisher.paths == []


def test_the_document_is_fetched_before_anybody_signs_in(world, app, publisher):
    publisher.take_down()
    answer = world.authorize(app, None)
    assert isinstance(answer, Refusal)
    assert answer.error == "invalid_client"
    assert answer.status == 400


REFUSED = {
    "a page": answer(b"<html>", "Content-Type: text/html"),
    "text": answer(b"{}", "Content-Type: text/plain"),
    "no type": answer(b"{}"),
    "missing": answer(b"{}", JSON, status="404 Not Found"),
    "created": answer(b"{}", JSON, status="201 Created"),
    "moved": answer(b"", "Location: https://localhost/x", status="302 Found"),
    "moved for good": answer(b"", "Location: /other.json", status="308 Permanent Redirect"),
    "unchanged": answer(b"", status="304 Not Modified"),
    "compressed": answer(b"\x1f\x8b\x08\x00", JSON, "Content-Encoding: gzip"),
    "squeezed": answer(b"{}", JSON, "Content-Encoding: br, gzip"),
    "no object": answer(b"[]", JSON),
    "somebody else's": answer(b'{"client_id": "https://other.example/"}', JSON),
    "cut": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}",
    "no HTTP": b"SSH-2.0-OpenSSH_9.9\r\n",
    "nothing": b"",
    "headers for ever": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
    "a header for ever": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    "endless": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 200_000,
}


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED.keys())
def test_what_isnt_a_document_is_a_page_and_an_error_for_programs(world, app, publisher, reply):
    publisher.replies["/app.json"] = reply
    shown = world.authorize(app)
    assert isinstance(shown, Refusal)
    assert (shown.error, shown.status) == ("invalid_client", 400)
    assert ("client_id", app) in shown.sent
    for made in (world.push(app), device(world, app)):
        assert (made.status, made.body["error"]) == (401, "invalid_client")
    assert record(world, app) is None


def sized(publisher, size):
    """Publish a document of this many bytes."""
    client_id = publisher.publish()
    document = {
        "client_id": client_id,
        "redirect_uris": ["https://app.example/callback"],
        "token_endpoint_auth_method": "none",
        "filling": "",
    }
    document["filling"] = "x" * (size - len(json.dumps(document)))
    publisher.replies["/app.json"] = answer(json.dumps(document).encode(), JSON)
    return client_id


def test_a_document_has_five_kilobytes_at_most(world, publisher):
    app = sized(publisher, 5121)
    assert isinstance(world.authorize(app), Refusal)
    world.now += 30
    sized(publisher, 5120)
    assert isinstance(world.authorize(app), InteractionRequired)


def test_an_error_is_forgotten_after_half_a_minute(world, app, publisher):
    publisher.take_down()
    assert isinstance(world.authorize(app), Refusal)
    publisher.publish()
    world.now += 29
    assert isinstance(world.authorize(app), Refusal)
    assert len(publisher.paths) == 1
    world.now += 1
    assert isinstance(world.authorize(app), InteractionRequired)
    assert len(publisher.paths) == 2


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ((), 3600),
        (("Cache-Control: private, max-age=0",), 300),
        (("Cache-Control: no-store",), 300),
        (("Cache-Control: max-age=1000",), 1000),
        (("Cache-Control: max-age=999999999",), DAY),
    ],
)
def test_a_document_is_fetched_again_as_its_server_says_within_bounds(
    world, publisher, headers, fresh
):
    app = publisher.publish("/app.json", *headers)
    world.authorize(app)
    world.now += fresh - 1
    world.authorize(app)
    assert len(publisher.paths) == 1
    world.now += 1
    world.authorize(app)
    assert len(publisher.paths) == 2
    world.authorize(app)
    assert len(publisher.paths) == 2


def test_a_client_works_on_while_its_site_is_down_for_a_day(world, app, publisher):
    tokens = world.tokens(app)
    publisher.take_down()
    for hour in range(25):
        world.now += HOUR
        tokens = (
            world.tokens(app)
            if hour % 5 == 0
            else world.refresh(tokens["refresh_token"], app).body
        )
        assert world.is_live(tokens["access_token"])


def test_no_other_endpoint_ever_asks_a_site(world, app, publisher):
    code = world.code(app)
    request_uri = world.pushed(app)
    world.now += 50
    publisher.hang()
    world.now += DAY  # the document is no longer fresh; the code has expired, which is an answer
    asked = len(publisher.paths)
    assert world.redeem(code, app).body["error"] == "invalid_grant"
    assert world.refresh("opr_x.y", app).body["error"] == "invalid_grant"
    assert world.post("revoke", {"token": "opa_x.y", "client_id": app}).status == 200
    assert world.post("introspect", {"token": "opa_x.y", "client_id": app}).status == 401
    assert isinstance(world.arrive(request_uri, app), Refusal)
    assert len(publisher.paths) == asked


def test_pages_of_a_waiting_request_ask_no_site(world, app, publisher):
    waiting = world.authorize(app, None)
    world.now += 1700
    world.change(Client, app, fresh_until=world.now)
    publisher.hang()
    for person in (None, ALICE):
        assert isinstance(world.resume(waiting.interaction_id, person), InteractionRequired)
    visitor = Visitor(BROWSER, ALICE)
    question = world.authorization.question(waiting.interaction_id, visitor)
    assert isinstance(question, ConsentQuestion)
    decided = world.authorization.decide(waiting.interaction_id, visitor, allow=True)
    assert isinstance(decided, Redirect)
    assert len(publisher.paths) == 1


def test_pushes_and_devices_look_a_client_up(world, publisher):
    grants = ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]
    app = publisher.publish(grant_types=grants)
    request_uri = world.pushed(app)
    assert isinstance(world.arrive(request_uri, app), InteractionRequired)
    other = publisher.publish("/tv.json", grant_types=grants)
    assert device(world, other).status == 200
    assert publisher.paths == ["/app.json", "/tv.json"]


def test_other_clients_cost_what_they_did_and_documents_a_read_and_a_write_when_fetched(
    world, app, publisher
):
    world.allow(app)
    world.authorize(app)
    with world.counted(1, 1):  # consent; the client is in the cache
        world.authorize(app)
    world.now += 10
    with world.counted(2, 1):  # client, consent
        assert isinstance(world.authorize(app), Redirect)
    world.now += HOUR
    with world.counted(3, 2):  # client, client again, consent; document, code
        assert isinstance(world.authorize(app), Redirect)
    assert len(publisher.paths) == 2


def test_a_new_client_costs_two_reads_more(world, app):
    with world.counted(3, 2):  # client, client again, client; document, interaction
        world.authorize(app, None)


def test_what_its_client_asks_for_costs_what_it_costs_others(world, app):
    """Its hosts are read in the trip of the client."""
    world.client("api", "api", introspects=("*",))
    world.allow(app)
    code = world.code(app)
    world.provider = world.another_process()
    with world.counted(2, 1):  # client and code, what has ended; tokens
        tokens = world.redeem(code, app).body
    world.provider = world.another_process()
    with world.counted(2, 1):
        tokens = world.refresh(tokens["refresh_token"], app).body
    world.provider = world.another_process()
    with world.counted(2, 0):  # the API and the token, the client
        assert world.introspect(tokens["access_token"], "api").body["active"]
    world.provider = world.another_process()
    with world.counted(2, 0):  # the token, the client
        assert world.is_live(tokens["access_token"])


def test_a_change_of_the_document_counts_from_its_next_fetch(world, app, publisher):
    world.allow(app)
    publisher.publish(client_name="Diary", redirect_uris=["https://app.example/other"])
    world.authorize(app)
    assert record(world, app).name == "Notebook"
    world.now += HOUR
    assert isinstance(world.authorize(app), Refusal)
    assert record(world, app).name == "Diary"
    moved = world.authorize(app, redirect_uri="https://app.example/other")
    assert isinstance(moved, Redirect)  # the same host: nobody is asked again


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uris": ["https://app.example/callback", "https://evil.example/callback"]},
        {"redirect_uris": ["https://app.example/callback", "http://localhost/callback"]},
        {"jwks": {"keys": []}},
        {"jwks_uri": "https://app.example/keys"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/keys"},
    ],
)
def test_users_are_asked_again_once_codes_may_go_elsewhere_or_it_proves_itself_otherwise(
    world, app, publisher, change
):
    world.allow(app)
    world.now += HOUR
    assert isinstance(world.authorize(app), Redirect)
    publisher.publish(**change)
    world.now += HOUR
    asked = world.authorize(app)
    assert isinstance(asked, InteractionRequired)
    assert asked.step == "consent"
    world.now += 1
    visitor = Visitor(BROWSER, ALICE)
    allowed = world.authorization.decide(asked.interaction_id, visitor, allow=True)
    assert isinstance(allowed, Redirect)
    world.now += 1
    assert isinstance(world.authorize(app), Redirect)


def test_a_consent_of_the_second_of_a_change_doesnt_count(world, app, publisher):
    world.allow(app)
    world.change(Client, app, changed_at=world.now)
    world.now += 10
    assert isinstance(world.authorize(app), InteractionRequired)


def test_consents_for_a_client_that_was_forgotten_meanwhile_dont_count(world, app, publisher):
    world.allow(app)
    consent = world.storage.get(Consent, consent_key("alice-id", app)).record
    assert consent.client_id == app
    world.storage.commit(Remove(Client, app), now=world.now)
    world.provider.clients.evict(app)
    publisher.publish(redirect_uris=["https://app.example/callback", "https://evil.example/"])
    world.now += 10
    assert isinstance(world.authorize(app), InteractionRequired)


def test_a_document_makes_no_client_first_party(world, publisher):
    app = publisher.publish(first_party=True)
    assert isinstance(world.authorize(app), InteractionRequired)
    registrar = world.provider.registrar
    with pytest.raises(InvalidMetadata):
        registrar.edit(app, first_party=True)
    assert registrar.edit(app, verified=True).verified


def test_the_operators_mark_ends_when_users_see_something_else(world, app, publisher):
    world.authorize(app)
    world.provider.registrar.edit(app, verified=True)
    world.now += HOUR
    publisher.publish(software_version="2")
    world.authorize(app)
    assert record(world, app).verified
    world.now += HOUR
    publisher.publish(client_name="My bank")
    world.authorize(app)
    assert not record(world, app).verified


def test_a_disabled_client_stays_disabled_and_isnt_fetched(world, app, publisher):
    tokens = world.tokens(app)
    world.provider.registrar.set_disabled(app, True)
    assert not world.is_live(tokens["access_token"])
    world.now += DAY
    assert isinstance(world.authorize(app), Refusal)
    assert len(publisher.paths) == 1
    world.provider.registrar.set_disabled(app, False)
    assert isinstance(world.authorize(app), Redirect)


@pytest.mark.parametrize("native", [True, False])
def test_a_native_client_has_any_port_of_localhost_if_it_lists_none(world, publisher, native):
    uris = ["http://localhost/callback", "http://127.0.0.1/callback"]
    kind = {} if native else {"application_type": "web"}
    app = publisher.publish(redirect_uris=uris, **kind)
    taken = [
        isinstance(world.authorize(app, redirect_uri=uri), InteractionRequired)
        for uri in (
            "http://localhost/callback",
            "http://localhost:3118/callback",
            "http://127.0.0.1:3118/callback",
            "http://localhost:0/callback",
            "http://localhost:99999/callback",
            "http://localhost:3118/callback/",
            "http://localhost:3118/other",
            "https://localhost:3118/callback",
            "http://localhost.evil.example:3118/callback",
            "http://localhost:3118@evil.example/callback",
        )
    ]
    assert taken == [True, native, native, *[False] * 7]


def test_a_port_of_localhost_that_a_document_lists_is_the_only_one(world, publisher):
    app = publisher.publish(redirect_uris=["http://localhost:33418/"])
    assert isinstance(
        world.authorize(app, redirect_uri="http://localhost:33418/"), InteractionRequired
    )
    assert isinstance(world.authorize(app, redirect_uri="http://localhost:33419/"), Refusal)


def test_a_registered_client_has_no_other_port_of_localhost(world):
    world.client("cli", "native", redirect_uris=("http://localhost/callback",))
    assert isinstance(
        world.authorize("cli", redirect_uri="http://localhost:3118/callback"), Refusal
    )


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.8"], ["169.254.169.254"], ["::1"], ["fd00::1"], ["203.0.113.9"]],
)
def test_private_addresses_are_never_asked(world, addresses):
    names = Names()
    names.names["app.example"] = [addresses]
    world.provider.clients.documents._fetcher = Fetcher(world.settings.fetch_allow, lookup=names)
    answer = world.authorize("https://app.example/client.json")
    assert isinstance(answer, Refusal)
    assert answer.error == "invalid_client"


def test_only_the_address_that_was_checked_is_asked(world, publisher):
    """A name that has another address the next time (DNS rebinding) gains nothing."""
    names = Names()
    names.names["app.example"] = [["127.0.0.1"], ["93.184.215.14"]]
    fetcher = Fetcher(world.settings.fetch_allow, lookup=names)
    world.provider.clients.documents._fetcher = fetcher
    assert isinstance(world.authorize("https://app.example/client.json"), Refusal)
    assert names.asked == ["app.example"]
    assert publisher.connections == 0


def test_fetches_are_rationed_and_a_known_client_works_on_without(world, app, publisher):
    seen = []

    def ration(new):
        seen.append(new)
        return False

    def arrive():
        query = urlencode(world.query(app)).encode()
        call = Call("GET", query, ration=ration)
        return world.authorization.begin(call, lambda: Visitor(BROWSER, ALICE))

    refused = arrive()
    assert isinstance(refused, Refusal)
    assert (refused.error, refused.status) == ("temporarily_unavailable", 503)
    world.allow(app)
    world.now += HOUR
    assert isinstance(arrive(), Redirect)
    assert seen == [True, False]
    assert len(publisher.paths) == 1


def test_a_thousand_urls_that_lead_nowhere_leave_nothing_behind(world):
    for number in range(1100):
        answer = world.authorize(f"https://localhost:1/{number}")
        assert isinstance(answer, Refusal)
    assert len(world.provider.clients.documents._failures) <= 1024
    assert world.all(Client) == []


@pytest.mark.parametrize("host", ["localhost", "app.localhost"])
def test_a_disabled_host_describes_no_new_client(world, app, publisher, host):
    world.provider.client_hosts.disable(host)
    if host == "localhost":
        assert isinstance(world.authorize(app), Refusal)
        assert publisher.paths == []
        world.provider.client_hosts.enable(host)
        world.now += 30
    assert isinstance(world.authorize(app), InteractionRequired)


def stopped(world, app):
    """Whether the client is refused, here and in a process that has read nothing yet."""
    here, world.provider = world.provider, world.another_process()
    there = world.authorize(app)
    world.provider = here
    refused = [isinstance(answer, Refusal) for answer in (there, world.authorize(app))]
    assert len(set(refused)) == 1
    return refused[0]


def test_a_host_that_is_disabled_during_a_fetch_describes_no_new_client(world, publisher):
    app = publisher.publish()
    whole = publisher.replies["/app.json"]

    def reply(connection):
        world.provider.client_hosts.disable("localhost")
        connection.sendall(whole)

    publisher.replies["/app.json"] = reply
    assert isinstance(world.authorize(app), Refusal)
    assert stopped(world, app)
    assert len(publisher.paths) == 1


def test_a_host_that_is_disabled_just_before_its_client_is_stored_describes_none(world, app):
    world.storage.meanwhile.append(lambda: world.provider.client_hosts.disable("localhost"))
    assert isinstance(world.authorize(app), Refusal)
    assert world.storage.meanwhile == []
    assert stopped(world, app)
    world.now += HOUR
    assert stopped(world, app)


def test_a_host_that_another_process_disables_just_before_its_client_is_stored_describes_none(
    world, app
):
    other = world.another_process()
    world.storage.meanwhile.append(lambda: other.client_hosts.disable("localhost"))
    assert isinstance(world.authorize(app), Refusal)
    assert stopped(world, app)
    other.client_hosts.enable("localhost")
    world.now += world.settings.client_cache
    assert not stopped(world, app)


def test_disabling_a_host_ends_its_tokens_at_once(world, app):
    token = world.tokens(app)["access_token"]
    world.provider.client_hosts.disable("localhost")
    assert not world.is_live(token)
    world.provider.client_hosts.enable("localhost")
    assert world.is_live(token)


def test_a_client_at_a_disabled_host_gets_nothing_and_its_tokens_are_worth_nothing(publisher):
    lines = f"{PHOTOS} | photos | Photos | jwt\n{NOTES} | read | Notes"
    world = World(device="true", **publisher.settings | {"resources": lines})
    grants = ["authorization_code", "refresh_token", DEVICE_CODE]
    app = publisher.publish(grant_types=grants)
    world.client("api", "api", introspects=("*",))
    jwt = world.tokens(app, scope="photos", resource=PHOTOS)["access_token"]
    tokens, code = world.tokens(app), world.code(app)
    assert jwt.count(".") == 2

    def uses():
        return [
            isinstance(world.authorize(app), Redirect),
            world.redeem(code, app).status == 200,
            world.refresh(tokens["refresh_token"], app).status == 200,
            device(world, app).status == 200,
            world.push(app).status == 201,
            world.is_live(tokens["access_token"]),
            world.is_live(jwt),
            world.introspect(tokens["access_token"], "api").body["active"],
            world.introspect(jwt, "api").body["active"],
            world.introspect(tokens["refresh_token"], "api").body["active"],
        ]

    world.provider.client_hosts.disable("localhost")
    assert not any(uses())
    world.provider.client_hosts.enable("localhost")
    assert all(uses()[:9])


def test_a_host_disabled_elsewhere_ends_its_tokens_as_soon_as_a_client_disabled_there(world, app):
    token = world.tokens(app)["access_token"]
    other = world.another_process()
    other.client_hosts.disable("localhost")
    world.now += world.settings.client_cache - 1
    assert world.is_live(token)
    world.now += 1
    assert not world.is_live(token)
    other.client_hosts.enable("localhost")
    world.now += world.settings.client_cache
    assert world.is_live(token)


def test_of_a_client_at_a_disabled_host_no_document_is_fetched(world, app, publisher):
    world.allow(app)
    world.provider.client_hosts.disable("localhost")
    world.now += DAY
    assert isinstance(world.authorize(app), Refusal)
    assert len(publisher.paths) == 1
    world.provider.client_hosts.enable("localhost")
    assert isinstance(world.authorize(app), Redirect)
    assert len(publisher.paths) == 2


def test_an_unused_client_at_a_disabled_host_is_forgotten_and_does_not_come_back(
    world, app, publisher
):
    world.authorize(app, None)
    world.provider.client_hosts.disable("localhost")
    world.now += DAY
    assert sum(remove_unused(world.storage, world.settings, world.now)) == 1
    assert stopped(world, app)
    assert world.all(Client) == []
    assert len(publisher.paths) == 1


def test_a_request_beyond_the_ration_waits_for_no_place(world, app, publisher):
    """Otherwise a stranger's requests would hold up a thread each, as many as they like."""
    fetcher, documents = world.provider.fetcher, world.provider.clients.documents
    with ExitStack() as held:
        for number in range(DESCRIBED_SHARE):
            uri = f"https://{number}.example/"
            held.enter_context(fetcher.waiting(uri, uri))
        with pytest.raises(NotNow, match="is taken"):
            documents.renew(app, None, lambda new: True)
        with pytest.raises(NotNow, match="too many documents"):
            documents.renew(app, None, lambda new: False)
    assert publisher.paths == []


def test_the_error_is_the_same_while_it_is_remembered(world, app, publisher):
    publisher.take_down()
    assert world.authorize(app).description == world.authorize(app).description
    assert len(publisher.paths) == 1


@pytest.mark.parametrize("engine", SERVERS)
def test_it_works_on_every_engine(engine, publisher, request):
    url = request.getfixturevalue(f"{engine}_url")
    world = World(**publisher.settings | {"storage.url": fresh(url)})
    app = publisher.publish(f"/{'x' * 150}.json")
    tokens = world.tokens(app)
    assert world.refresh(tokens["refresh_token"], app).status == 200
    consent = world.storage.get(Consent, consent_key("alice-id", app)).record
    assert consent.client_id == app
    world.now += HOUR
    publisher.publish(f"/{'x' * 150}.json", redirect_uris=["https://app.example/callback", LOCAL])
    assert isinstance(world.authorize(app), InteractionRequired)
    world.provider.client_hosts.disable("localhost")
    assert world.refresh("opr_x.y", app).status == 401
    world.storage.close()


@pytest.fixture(params=engines(["sqlite", *SERVERS], "sqlite", "redis"))
def shared(request, publisher, tmp_path):
    """A world over a real server of each kind."""
    url = f"sqlite:///{tmp_path}/x.sqlite"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{request.param}_url")
    made = World(**publisher.settings | {"storage.url": fresh(url)})
    yield made
    made.storage.close()


def test_twenty_people_who_bring_a_new_client_at_once_store_it_once(publisher, shared):
    world = shared
    processes = [world.another_process(), world.another_process()]
    app = publisher.publish()

    def arrive(number):
        call = Call("GET", urlencode(world.query(app)).encode())
        visitor = Visitor(BROWSER, ALICE)
        return processes[number % 2].authorization.begin(call, lambda: visitor)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(arrive, range(20)))
    busy = [one for one in answers if isinstance(one, Refusal)]
    assert all(one.status == 503 for one in busy)
    assert len(busy) < 20
    assert len(world.all(Client)) == 1
    assert len(publisher.paths) <= 4  # two places in each process
    assert isinstance(arrive(0), InteractionRequired)


def test_twenty_people_at_once_when_a_document_is_due_store_the_same_change(publisher, shared):
    app = publisher.publish()
    processes = [shared.another_process() for _ in range(20)]
    query = urlencode(shared.query(app)).encode()

    def arrive(process):
        visitor = Visitor(BROWSER, ALICE)
        return process.authorization.begin(Call("GET", query), lambda: visitor)

    for process in processes:  # each has the client in its cache
        assert isinstance(arrive(process), InteractionRequired)
    shared.now += HOUR
    publisher.publish(client_name="Diary", redirect_uris=[CALLBACK, LOCAL])
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(arrive, processes))
    assert all(isinstance(one, InteractionRequired) for one in answers)
    [stored] = shared.all(Client)
    assert (stored.record.name, stored.record.changed_at) == ("Diary", shared.now)
    came = len(publisher.paths)
    assert isinstance(arrive(shared.another_process()), InteractionRequired)
    assert len(publisher.paths) == came


@given(
    st.text()
    | st.builds("https://{}".format, st.text())
    | st.from_regex(r"https://[a-z.:0-9@\[\]%]+[/?#].*")
)
def test_any_text_as_client_id_is_a_page(client_id):
    def nowhere(*_, **__):
        raise OSError("no such host")

    made = _WORLDS.setdefault("one", World(client_documents="*"))
    made.provider.clients.documents._fetcher = Fetcher(made.settings.fetch_allow, lookup=nowhere)
    answer = made.authorize(client_id)
    assert isinstance(answer, Refusal)
    assert answer.status in (400, 503)


@pytest.mark.parametrize("slow", ["hangs", "drips"])
def test_a_slow_site_is_left_and_a_known_client_goes_on_at_once(world, app, publisher, slow):
    documents, settings = world.provider.clients.documents, world.settings
    patient, names = documents._fetcher, Names()
    hasty = Fetcher(settings.fetch_allow, settings.fetch_ca_file, seconds=0.3, lookup=names)

    def drip(connection):
        """Send a response that never ends, a byte at a time."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not publisher.closing.wait(0.05):
            connection.sendall(b" ")

    def stall():
        documents._fetcher = hasty
        publisher.hang() if slow == "hangs" else publisher.replies.update({"/app.json": drip})

    stall()
    assert isinstance(world.authorize(app), Refusal)
    documents._fetcher = patient
    publisher.publish()
    world.now += 30
    world.allow(app)
    world.now += HOUR
    stall()
    assert isinstance(world.authorize(app), Redirect)
    assert len(names.asked) == 2
    for _ in range(3):  # the site is left in peace for half a minute
        assert isinstance(world.authorize(app), Redirect)
    assert len(names.asked) == 2
