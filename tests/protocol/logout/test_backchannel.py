"""Delivering logout tokens: OpenID Connect Back-Channel Logout 1.0."""

import dataclasses
import threading
from pathlib import Path

import pytest

from bench import filling
from oauthprov.credentials import digest
from oauthprov.protocol.logout import backchannel
from oauthprov.protocol.logout.backchannel import BackchannelLogout
from oauthprov.protocol.provider import Provider
from oauthprov.records import AuthorizationCode, Client, Grant, LogoutDelivery, Session
from oauthprov.storage.interface import Add
from tests.protocol.visit import Visit
from tests.protocol.world import ISSUER, SCOPES, Accounts, openid_world
from tests.receiver import Receiver

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def world(receiver):
    made = openid_world(**{"logout.worker": "false"} | receiver.settings)
    made.change(Client, "app", backchannel_logout_uri=receiver.uri)
    return made


@pytest.fixture
def visit(world):
    return Visit(world)


def deliver(world):
    done = world.provider.backchannel.deliver()
    return done.notified, done.left


def told(world, receiver):
    return [token.claims for token in receiver.told(world.provider.keys.jwks())]


class TestLogoutTokens:
    """Section 2.4."""

    def test_a_logout_token_has_the_required_claims(self, world, visit, receiver):
        sid = visit.sid()
        visit.leave()
        assert deliver(world) == (1, 0)
        [token] = receiver.told(world.provider.keys.jwks())
        assert token.header["typ"] == "logout+jwt"
        jti = token.claims.pop("jti")
        assert token.claims == {
            "iss": ISSUER,
            "sub": "alice-id",
            "aud": "app",
            "iat": world.now,
            "exp": world.now + 120,
            "events": {EVENT: {}},
            "sid": sid,
        }
        assert len(jti) > 15

    def test_a_logout_token_is_posted_as_a_form(self, world, visit, receiver):
        """Section 2.5."""
        visit.tokens()
        visit.leave()
        deliver(world)
        [request] = receiver.requests
        head = request.partition(b"\r\n\r\n")[0].decode()
        assert head.startswith("POST /logout?x=1 HTTP/1.1\r\nHost: localhost:")
        assert "Content-Type: application/x-www-form-urlencoded\r\n" in head

    def test_a_logout_token_is_refused_as_an_id_token_hint(self, world, visit, receiver):
        visit.tokens()
        visit.leave()
        deliver(world)
        [token] = receiver.tokens()
        refused = world.authorize(scope="openid", id_token_hint=token)
        assert dict(refused.params)["error"] == "invalid_request"


class TestNotifiedClients:
    def test_clients_with_a_grant_of_the_session_are_notified_once(self, world, visit, receiver):
        world.client("other", scopes=SCOPES, backchannel_logout_uri=receiver.uri)
        visit.tokens(), visit.tokens(), visit.tokens("other")
        visit.leave()
        assert deliver(world) == (2, 0)
        assert {claims["aud"] for claims in told(world, receiver)} == {"app", "other"}

    def test_clients_of_another_session_are_not_notified(self, world, visit, receiver):
        Visit(world).tokens()
        visit.leave()
        assert deliver(world) == (0, 0)
        assert receiver.requests == []

    def test_a_client_without_scope_openid_is_not_notified(self, world, visit):
        visit.tokens(scope="read")
        visit.leave()
        assert deliver(world) == (0, 0)

    def test_a_client_without_a_logout_uri_is_not_notified(self, world, visit):
        world.client("other", scopes=SCOPES)
        visit.tokens("other")
        visit.leave()
        assert deliver(world) == (0, 0)

    def test_a_client_that_lost_its_logout_uri_is_not_notified(self, world, visit, receiver):
        visit.tokens()
        visit.leave()
        world.change(Client, "app", backchannel_logout_uri=None)
        deliver(world)
        assert receiver.requests == [] == world.all(LogoutDelivery)

    def test_signing_in_again_keeps_the_sid(self, world, visit, receiver):
        """The client knows the session by its first sid."""
        sid = visit.sid()
        visit.sign_in_again()
        assert deliver(world) == (0, 0)
        visit.leave()
        deliver(world)
        assert [claims["sid"] for claims in told(world, receiver)] == [sid]

    def test_a_second_account_in_the_browser_notifies_nobody(self, world, visit, receiver):
        """Two accounts in one browser: neither is signed out."""
        visit.tokens()
        Visit(world, "bob-id", replacing=visit.secret)
        assert world.storage.get(Session, digest(visit.secret)) is not None
        assert deliver(world) == (0, 0)

    def test_a_session_ended_twice_notifies_once(self, world, visit, receiver):
        visit.tokens()
        visit.leave(), visit.leave()
        assert deliver(world) == (1, 0)

    def test_a_session_ended_by_two_requests_at_once_notifies_once(self, world, visit):
        visit.tokens()
        world.storage.meanwhile = [visit.leave]
        visit.leave()
        assert deliver(world) == (1, 0)

    def test_a_sign_in_sent_twice_makes_two_sessions_with_different_sids(self, world, visit):
        visit.tokens()
        before = visit.secret
        world.storage.meanwhile = [visit.sign_in_again]
        twin = visit.start(before)
        visit.sessions.end(twin)
        assert deliver(world) == (0, 0)
        visit.leave()
        assert deliver(world) == (1, 0)

    def test_a_delivery_given_up_earlier_does_not_prevent_a_new_one(self, world, visit):
        visit.tokens()
        [grant] = world.all(Grant)
        long_ago = world.now - backchannel.PATIENCE
        old = backchannel.delivery(long_ago, grant.record, grant.record.sid, "alice-id")
        world.storage.commit(Add(old), now=world.now)
        visit.leave()
        assert deliver(world) == (1, 0)


class TestGrants:
    """Section 2.7."""

    def test_grants_end_with_their_session(self, world, visit):
        tokens = visit.tokens()
        visit.leave()
        assert not world.is_live(tokens["access_token"])
        assert world.refresh(tokens["refresh_token"]).body["error"] == "invalid_grant"

    def test_grants_of_another_session_stay(self, world, visit):
        tokens = Visit(world).tokens()
        visit.leave()
        assert world.is_live(tokens["access_token"])

    def test_a_grant_without_scope_openid_stays(self, world, visit):
        tokens = visit.tokens(scope="read")
        visit.leave()
        assert world.is_live(tokens["access_token"])

    @pytest.mark.parametrize(("revoke", "stays"), [("false", True), ("true", False)])
    def test_offline_access_stays_unless_the_setting_revokes_it(self, receiver, revoke, stays):
        settings = {"logout.worker": "false", "logout.revoke_offline": revoke}
        world = openid_world(**settings | receiver.settings)
        world.change(Client, "app", first_party=True)
        visit = Visit(world)
        tokens = visit.tokens(scope="openid offline_access")
        visit.leave()
        assert world.is_live(tokens["access_token"]) == stays

    def test_an_unredeemed_code_of_the_session_is_refused(self, world, visit):
        code = world.code(person=visit.person, scope="openid")
        visit.leave()
        assert world.all(AuthorizationCode) == []
        assert world.redeem(code).body["error"] == "invalid_grant"

    def test_a_grant_from_a_code_redeemed_during_logout_is_revoked(self, world, visit, receiver):
        code = world.code(person=visit.person, scope="openid")
        world.storage.meanwhile = [lambda: world.redeem(code)]
        visit.leave()
        [grant] = world.all(Grant)
        assert grant.revoked_at == world.now
        assert deliver(world) == (1, 0)

    def test_without_openid_a_logout_ends_the_session_alone(self, receiver):
        world = openid_world(scopes="read | See")
        visit = Visit(world)
        tokens = visit.tokens(scope="read")
        visit.leave()
        assert world.all(Session) == []
        assert world.is_live(tokens["access_token"])


class TestTheQueue:
    @pytest.mark.parametrize("status", ["400 Bad Request", "302 Found", "500 Oops"])
    def test_a_failed_delivery_is_repeated(self, world, visit, receiver, status):
        """Section 2.8."""
        visit.tokens()
        visit.leave()
        receiver.reply(status)
        assert deliver(world) == (0, 1)
        assert deliver(world) == (0, 1)
        assert len(receiver.requests) == 1
        receiver.reply("204 No Content")
        world.now += backchannel.PAUSE
        assert deliver(world) == (1, 0)
        first, second = (claims["jti"] for claims in told(world, receiver))
        assert first != second

    def test_a_delivery_waits_while_no_signing_key_can_be_decrypted(self, world, visit, receiver):
        visit.tokens()
        visit.leave()
        lost = dataclasses.replace(
            world.settings, secret=("another secret, just as long as this",)
        )
        node = Provider(lost, world.storage, Accounts(), lambda: world.now)
        done = node.backchannel.deliver()
        assert (done.notified, done.left, receiver.requests) == (0, 1, [])
        world.now += backchannel.PAUSE
        assert deliver(world) == (1, 0)

    def test_attempts_become_rarer_and_end(self, world, visit, receiver):
        visit.tokens()
        visit.leave()
        receiver.reply("500 Oops")
        pauses = []
        while world.all(LogoutDelivery):
            done = world.provider.backchannel.deliver()
            if done.next_at:
                pauses.append(done.next_at - world.now)
                world.now = done.next_at
        assert pauses[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]
        assert set(pauses[8:]) == {3600}
        assert sum(pauses) >= backchannel.PATIENCE

    def test_a_slow_client_holds_up_one_attempt_a_round(self, world, receiver):
        visits = [Visit(world) for _ in range(3)]
        for visit in visits:
            visit.tokens()
            visit.leave()
        receiver.reply("500 Oops")
        assert deliver(world) == (0, 3)
        assert len(receiver.requests) == 1

    def test_another_process_delivers_the_queue(self, world, visit, receiver):
        """The queue is in storage: it survives a restart."""
        visit.tokens()
        visit.leave()
        again = world.another_process()
        assert again.backchannel.deliver().notified == 1
        assert deliver(world) == (0, 0)
        assert len(receiver.requests) == 1

    def test_two_processes_deliver_a_token_once(self, world, visit, receiver):
        visit.tokens()
        visit.leave()
        other = world.another_process()
        world.storage.meanwhile = [other.backchannel.deliver]
        deliver(world)
        assert len(receiver.requests) == 1
        assert world.all(LogoutDelivery) == []

    def test_a_queue_that_takes_seconds_to_read_is_read_a_fifth_of_the_time(self, world):
        now = world.now
        filling.fill(world.storage, filling.deliveries(range(3), now, "app"), now)
        readings = iter([0.0, 5.0, 7.0, 7.5])
        provider = world.provider
        paced = BackchannelLogout(
            world.settings,
            world.storage,
            provider.keys,
            provider.fetcher,
            lambda: world.now,
            stopwatch=lambda: next(readings),
        )
        assert paced.work() == 60
        assert world.storage.trips(paced.work) == (0, 0)
        assert paced.work() == 20
        world.now += 19
        assert paced.work() == 1
        world.now += 1
        assert world.storage.trips(paced.work) == (1, 0)
        world.now += 1
        assert paced.work() == 1

    def test_a_logout_uri_that_fetch_allow_forbids_gets_no_request(self, visit, world, receiver):
        inside = receiver.uri.replace("localhost", "127.0.0.1")
        world.change(Client, "app", backchannel_logout_uri=inside)
        visit.tokens()
        visit.leave()
        assert deliver(world) == (0, 1)
        assert receiver.requests == []


class TestMuteClients:
    """Servers that take connections and answer nothing, beside one that answers."""

    @pytest.fixture
    def mute(self, tmp_path):
        folder = tmp_path / "mute"
        folder.mkdir()
        made = Receiver(folder)
        made.held = threading.Event()
        made.hold(made.held)
        yield made
        made.held.set()
        made.close()

    @pytest.fixture
    def world(self, mute, receiver, tmp_path):
        """One client, ``app``, answers; twelve don't, and are waited for longer than a test."""
        both = f"{mute.settings['fetch.allow']} {receiver.settings['fetch.allow']}"
        ca_file = tmp_path / "both.pem"
        files = (one.settings["fetch.ca_file"] for one in (mute, receiver))
        ca_file.write_text("".join(Path(name).read_text("ascii") for name in files))
        more = {"fetch.allow": both, "fetch.ca_file": ca_file, "logout.worker": "false"}
        made = openid_world(**more, **{"storage.url": f"sqlite:///{tmp_path}/queue.sqlite"})
        made.change(Client, "app", backchannel_logout_uri=receiver.uri)
        for number in range(12):
            uri = {"backchannel_logout_uri": mute.uri}
            made.client(f"mute-{number}", scopes=SCOPES, first_party=True, **uri)
        made.provider.fetcher._seconds = 120
        yield made
        made.storage.close()

    def leave(self, world, *clients):
        """Sign out a person who had signed in to these clients."""
        visit = Visit(world)
        for client_id in clients:
            visit.tokens(client_id)
        visit.leave()

    def test_fewer_mute_clients_than_threads_delay_no_other_delivery(self, world, mute, receiver):
        few = [f"mute-{number}" for number in range(backchannel.THREADS - 1)]
        self.leave(world, *few, "app")
        delivering = threading.Thread(target=world.provider.backchannel.deliver)
        delivering.start()
        receiver.wait(1)
        mute.held.set()
        delivering.join(60)
        assert world.all(LogoutDelivery) == []

    def test_clients_that_failed_before_come_last(self, world, mute, receiver, monkeypatch):
        monkeypatch.setattr(backchannel, "THREADS", 1)
        every = [f"mute-{number}" for number in range(12)]
        mute.reply("500 Oops")
        self.leave(world, *every)
        assert deliver(world) == (0, 12)
        world.now += backchannel.PAUSE
        self.leave(world, *every, "app")
        asked_before = []
        receiver.answer(lambda: asked_before.append(len(mute.requests)))
        assert deliver(world) == (1, 24)
        assert asked_before == [12]

    def test_each_client_gets_one_request_at_a_time(self, world, mute, receiver):
        for _ in range(4):
            self.leave(world, "mute-0", "app")
        delivering = threading.Thread(target=world.provider.backchannel.deliver)
        delivering.start()
        receiver.wait(4)
        assert len(mute.requests) <= 1
        mute.held.set()
        delivering.join(60)
        assert world.all(LogoutDelivery) == []

    def test_many_clients_are_notified_in_one_round(self, world, mute, receiver):
        mute.held.set()
        for _ in range(3):
            self.leave(world, *(f"mute-{number}" for number in range(12)), "app")
        assert deliver(world) == (39, 0)
        assert len(mute.requests) == 36


class TestTheTimeLimit:
    """A client that is slow and not mute isn't given up for one failure."""

    @pytest.mark.parametrize(
        ("attempts", "failed_before", "limit"),
        [(0, False, None), (0, True, backchannel.SHORT)]
        + [(n, False, backchannel.SHORT) for n in (1, 2, 4, 5, 6)]
        + [(3, True, None), (7, False, None)],
    )
    def test_the_limit_is_short_after_a_failure_except_at_each_fourth_attempt(
        self, attempts, failed_before, limit
    ):
        about = LogoutDelivery("key", "logout", "app", "alice-id", "sid", 0, 1, attempts)
        this = backchannel._Round(["app"] if failed_before else [])
        assert this.time_limit(about) == limit


class TestTheWorker:
    @pytest.fixture
    def world(self, receiver, tmp_path):
        place = f"sqlite:///{tmp_path}/worker.sqlite"
        made = openid_world(**{"storage.url": place, "logout.worker": "true"} | receiver.settings)
        made.change(Client, "app", backchannel_logout_uri=receiver.uri)
        yield made
        made.provider.worker.join(30)
        made.storage.close()

    def test_signing_out_wakes_the_worker(self, world, visit, receiver):
        visit.tokens()
        visit.leave()
        world.provider.worker.join(30)
        assert len(receiver.requests) == 1
        assert world.all(LogoutDelivery) == []

    def test_signing_out_does_not_wait_for_a_slow_client(self, world, visit, receiver):
        visit.tokens()
        held = threading.Event()
        receiver.hold(held)
        visit.leave()
        assert world.all(Session) == []
        assert len(world.all(LogoutDelivery)) == 1
        held.set()
        world.provider.worker.join(30)
        assert world.all(LogoutDelivery) == []

    def test_the_worker_reads_the_queue_after_a_restart(self, world, visit, receiver):
        visit.tokens()
        [grant] = world.all(Grant)
        left = backchannel.delivery(
            world.now, grant.record, grant.record.sid, grant.record.account_id
        )
        world.storage.commit(Add(left), now=world.now)
        again = world.another_process()
        again.worker.look()
        again.worker.join(30)
        assert len(receiver.requests) == 1

    def test_the_worker_reads_the_queue_once_a_minute(self, world):
        worker = world.provider.worker
        worker.look()
        worker.join(30)
        reads = world.storage.reads
        world.now += 59
        worker.look()
        worker.join(30)
        assert world.storage.reads == reads
        world.now += 1
        worker.look()
        worker.join(30)
        assert world.storage.reads == reads + 1
