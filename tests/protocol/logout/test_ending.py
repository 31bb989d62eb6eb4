"""What ends stays ended: marked by one small commit, judged by the mark, swept in batches."""

import dataclasses
from collections import Counter

import pytest

from oauthprov.accounts import BuiltInAccounts, PasswordSuperseded
from oauthprov.credentials import PasswordHasher
from oauthprov.protocol.clients.registrar import ChangedMeanwhile, Registrar, UnknownClient
from oauthprov.protocol.clients.removal import NOTICE_PERIOD
from oauthprov.protocol.logout.ending import Endings
from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.protocol.request.answers import Visitor
from oauthprov.protocol.token.ended import session_key
from oauthprov.protocol.token.last_use import remove_unused
from oauthprov.records import (
    SWEEP_LEASE,
    AuthorizationCode,
    Client,
    Consent,
    EndedSession,
    Grant,
    LogoutDelivery,
    Session,
    Sweep,
    consent_key,
)
from oauthprov.storage.interface import Add
from tests.engines import engines
from tests.protocol.visit import Visit
from tests.protocol.world import SCOPES, World, openid_world
from tests.servers import fresh

PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "a staple of horses, correctly"


class Person:
    """A built-in account with a session, over the world's storage."""

    def __init__(self, world):
        self.world = world
        self.people = BuiltInAccounts(
            world.storage, PasswordHasher(memory_kib=8, time_cost=1), lambda: world.now
        )
        self.account = self.people.sign_up("alice", PASSWORD)
        self.visit = self.sign_in()

    def sign_in(self, password=PASSWORD):
        return Visit(self.world, self.people.authenticate("alice", password))

    def tokens(self, scope="openid"):
        # Offline access needs a consent page (OpenID Connect Core section 11).
        asked = {"prompt": "consent"} if "offline" in scope else {}
        return self.world.tokens(person=self.visit.person, scope=scope, **asked)

    def is_signed_in(self, visit=None):
        visit = visit or self.visit
        return visit.secret in visit.sessions.load(visit.secret)


ENGINES = ["sqlite", "postgresql", "redis", "redis_cluster"]


@pytest.fixture(params=engines(ENGINES, "sqlite", "redis"))
def engine(request):
    """The URL of an empty storage on each engine."""
    if request.param == "sqlite":
        return "sqlite://"
    return fresh(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def world(engine, receiver):
    settings = {"storage.url": engine, "logout.worker": "false"} | receiver.settings
    made = openid_world(**settings)
    made.change(Client, "app", backchannel_logout_uri=receiver.uri)
    yield made
    made.provider.sweeper.join(60)
    made.storage.close()


@pytest.fixture
def person(world):
    return Person(world)


def sign_out(person):
    person.visit.leave()


def sign_out_everywhere(person):
    return person.people.end_sessions(person.account.account_id).sweep


def change_password(person):
    return person.people.change_password(person.account.account_id, NEW_PASSWORD).sweep


def disable(person):
    return person.people.disable(person.account.account_id).sweep


def disconnect(person):
    person.world.provider.endings.withdraw(person.account.account_id, "app")


OF_ACCOUNTS = [sign_out_everywhere, change_password, disable]
WAYS = [sign_out, disconnect, *OF_ACCOUNTS]


def error(answer):
    return answer.body.get("error")


@pytest.mark.parametrize("end", WAYS)
class TestCodesUnderWay:
    def test_a_code_allowed_after_the_sweep_is_refused_unless_it_is_a_new_consent(
        self, world, person, end
    ):
        """The authorization saw the session; its code is issued after the sweep."""
        person.tokens()
        who = person.visit.person
        asked = world.authorize(person=who, scope="openid", prompt="consent")

        def meanwhile():
            if sweep := end(person):
                world.provider.endings.finish(sweep)

        world.storage.meanwhile = [meanwhile]
        answer = world.authorization.decide(
            asked.interaction_id, Visitor(world.browser, who), allow=True
        )
        redeemed = world.redeem(dict(answer.params)["code"])
        assert redeemed.status == (200 if end is disconnect else 400)
        live = [grant for grant in world.all(Grant) if grant.state(world.now) == "live"]
        assert len(live) == (1 if end is disconnect else 0)

    def test_a_code_issued_by_an_earlier_consent_is_refused(self, world, person, end):
        person.tokens()
        who = person.visit.person

        def meanwhile():
            if sweep := end(person):
                world.provider.endings.finish(sweep)

        world.storage.meanwhile = [meanwhile]
        code = dict(world.authorize(person=who, scope="openid").params)["code"]
        assert error(world.redeem(code)) == "invalid_grant"

    def test_a_code_redeemed_meanwhile_leaves_no_live_grant(self, world, person, end):
        code = world.code(person=person.visit.person, scope="openid")
        world.storage.meanwhile = [lambda: world.redeem(code)]
        if sweep := end(person):
            world.provider.endings.finish(sweep)
        [grant] = world.all(Grant)
        assert grant.state(world.now) == "revoked"


@pytest.mark.parametrize("end", OF_ACCOUNTS)
class TestBeforeTheSweep:
    """The mark alone ends it: a server may stop right after the commit."""

    def test_no_session_is_valid(self, world, person, end):
        other = person.sign_in()
        end(person)
        assert not person.is_signed_in()
        assert not person.is_signed_in(other)
        assert person.visit.sessions.of(person.account.account_id) == []

    def test_no_token_is_refreshed(self, world, person, end):
        token = person.tokens()["refresh_token"]
        end(person)
        assert error(world.refresh(token)) == "invalid_grant"

    def test_another_process_continues_the_sweep(self, world, person, end, receiver):
        tokens = person.tokens()
        world.code(person=person.visit.person, scope="openid")
        end(person)
        again = world.another_process()
        assert again.endings.work() == SWEEP_LEASE
        assert world.is_live(tokens["access_token"])
        world.now += SWEEP_LEASE
        assert again.endings.work() is None
        [grant] = world.all(Grant)
        assert grant.state(world.now) == "revoked"
        assert world.all(Session) == world.all(Sweep) == []
        [code] = world.all(AuthorizationCode)
        assert code.state(world.now) == "claimed"
        assert len(world.all(LogoutDelivery)) == 1

    def test_another_process_with_requests_finishes_the_sweep_in_half_a_minute(
        self, world, person, end
    ):
        tokens = person.tokens()
        world.code(person=person.visit.person, scope="openid")
        end(person)
        again = world.another_process()
        for _ in range(30 // again.sweeper.period):
            world.now += again.sweeper.period
            again.endings.work()
        assert not world.is_live(tokens["access_token"])

    def test_an_access_token_is_dead_after_the_sweep(self, world, person, end):
        tokens = person.tokens()
        world.provider.endings.finish(end(person))
        assert not world.is_live(tokens["access_token"])
        assert world.all(Sweep) == []


class TestExtent:
    @pytest.mark.parametrize("end", [sign_out, sign_out_everywhere, change_password])
    def test_offline_access_and_plain_oauth_stay_where_the_account_does(self, world, person, end):
        kept = [person.tokens("openid offline_access"), person.tokens("read")]
        if sweep := end(person):
            world.provider.endings.finish(sweep)
        for tokens in kept:
            assert world.is_live(tokens["access_token"])
            assert world.refresh(tokens["refresh_token"]).status == 200

    @pytest.mark.parametrize("end", [sign_out, sign_out_everywhere, change_password])
    def test_a_code_replayed_afterwards_revokes_the_remaining_grant(self, world, person, end):
        scope = "openid offline_access"
        code = world.code(person=person.visit.person, scope=scope, prompt="consent")
        token = world.redeem(code).body["refresh_token"]
        if sweep := end(person):
            world.provider.endings.finish(sweep)
        assert error(world.redeem(code)) == "invalid_grant"
        assert error(world.refresh(token)) == "invalid_grant"

    @pytest.mark.parametrize("end", [disable, disconnect])
    def test_nothing_of_a_disabled_account_or_removed_app_stays(self, world, person, end):
        ended = [person.tokens("openid offline_access"), person.tokens("read")]
        if sweep := end(person):
            world.provider.endings.finish(sweep)
        for tokens in ended:
            assert not world.is_live(tokens["access_token"])
            assert error(world.refresh(tokens["refresh_token"])) == "invalid_grant"

    def test_a_person_can_sign_in_again_within_the_same_second(self, world, person):
        """Within the same second: what begins afterwards isn't ended."""
        for end in (sign_out_everywhere, disconnect, sign_out):
            person.tokens()
            if sweep := end(person):
                world.provider.endings.finish(sweep)
            person.visit = person.sign_in()
            tokens = person.tokens()
            assert world.is_live(tokens["access_token"])
            assert world.refresh(tokens["refresh_token"]).status == 200

    def test_another_account_is_left_alone(self, world, person):
        bob = Visit(world, "bob-id").tokens()
        world.provider.endings.finish(disable(person))
        assert world.is_live(bob["access_token"])

    def test_clients_learn_of_sessions_that_end_now_and_of_no_others(self, world, person):
        person.tokens("openid offline_access")
        sign_out(person)
        [told] = world.all(LogoutDelivery)
        assert world.provider.backchannel.deliver().notified == 1
        person.visit = person.sign_in()
        person.tokens("openid offline_access")
        world.provider.endings.finish(sign_out_everywhere(person))
        [delivery] = world.all(LogoutDelivery)
        assert delivery.record.sid != told.record.sid


class TestANewPassword:
    def test_a_sign_in_under_way_with_the_old_password_gets_no_session(self, world, person):
        thief = person.people.authenticate("alice", PASSWORD)
        change_password(person)
        secret = person.visit.sessions.start(thief, ("pwd",), "", "", replacing=None)
        assert person.visit.sessions.load(secret) == {}

    def test_a_simultaneous_change_with_the_old_password_fails(self, world, person):
        thief = person.people.authenticate("alice", PASSWORD)
        world.storage.meanwhile = [lambda: change_password(person)]
        with pytest.raises(PasswordSuperseded):
            person.people.change_password(
                thief.account_id, "a thief with a staple", verified=thief
            )
        assert person.people.authenticate("alice", NEW_PASSWORD)

    def test_the_session_that_changed_the_password_stays(self, world, person):
        ended = person.people.change_password(person.account.account_id, NEW_PASSWORD)
        visit = Visit(world, ended.account)
        world.provider.endings.finish(ended.sweep)
        assert person.is_signed_in(visit)


class TestSigningInAgain:
    def test_a_session_ended_during_the_sign_in_stays_ended(self, world, person):
        """The new session doesn't keep the sid of the ended one."""
        tokens = person.tokens()
        old = person.visit.person.sid
        world.storage.meanwhile = [person.visit.leave]
        person.visit.sign_in_again()
        assert person.is_signed_in()
        assert person.visit.person.sid != old
        assert not world.is_live(tokens["access_token"])
        assert world.is_live(person.tokens()["access_token"])

    def test_a_session_renewed_while_it_ends_is_either_over_or_fully_valid(self, world, person):
        """No session is left with an ended sid, whose mark would refuse every code for a day."""
        world.storage.meanwhile = [person.visit.sign_in_again]
        sign_out(person)
        assert not person.is_signed_in()
        person.visit = person.sign_in()
        assert world.is_live(person.tokens()["access_token"])

    def test_signing_out_with_the_former_cookie_ends_the_renewed_session(self, world, person):
        former = person.visit.secret
        tokens = person.tokens()
        person.visit.sign_in_again()
        person.visit.sessions.end(former)
        assert not person.is_signed_in()
        assert not world.is_live(tokens["access_token"])

    def test_a_sid_marked_as_ended_is_not_used_again(self, world, person):
        """A cluster marks before it removes: a sign-out may have failed between the two."""
        who = person.visit.person
        mark = EndedSession(session_key(who.account_id, who.sid), world.now + 86_400)
        world.storage.commit(Add(mark), now=world.now)
        person.visit.sign_in_again()
        assert person.visit.person.sid != who.sid
        assert world.is_live(person.tokens()["access_token"])

    def test_a_session_can_be_ended_twice_at_once(self, world, person):
        world.storage.meanwhile = [lambda: sign_out(person)]
        sign_out(person)
        assert not person.is_signed_in()
        assert world.all(Sweep) == []


def grants(world, person, count, **changes):
    """Store so many grants of the person's session beside the first."""
    [like] = [grant.record for grant in world.all(Grant)]
    for start in range(0, count, 100):
        made = [
            Add(dataclasses.replace(like, grant_id=f"g{number:05}", **changes))
            for number in range(start, min(start + 100, count))
        ]
        world.storage.commit(*made, now=world.now)


@pytest.mark.parametrize("end", WAYS)
def test_any_number_of_grants_ends_in_commits_of_at_most_100_changes(world, person, end):
    person.tokens()
    grants(world, person, 1050)
    world.storage.sizes.clear()
    if sweep := end(person):
        world.provider.endings.finish(sweep)
    assert max(world.storage.sizes) <= 100
    world.provider.sweeper.join(60)
    assert Counter(grant.state(world.now) for grant in world.all(Grant)) == {"revoked": 1051}
    assert world.all(Sweep) == []


def test_the_response_does_not_wait_for_a_thousand_grants_to_end(world, person):
    person.tokens()
    grants(world, person, 1050)
    woken = []
    clients = world.provider.clients
    endings = Endings(
        world.settings,
        world.storage,
        Sweeps(world.settings, world.storage, clients, lambda: world.now),
        lambda: world.now,
        wake=lambda: woken.append(True),
        notify=lambda: None,
    )
    key = person.visit.person.session_key
    reads, writes = world.storage.trips(lambda: endings.end_session(key))
    assert reads + writes < 20
    assert woken == [True]
    assert len(world.all(Sweep)) == 1
    assert endings.work() is None
    assert world.all(Sweep) == []


def test_a_process_keeps_its_lease_during_a_long_sweep(world, person):
    """Otherwise every other process would begin the same work."""
    person.tokens()
    grants(world, person, 1050)
    sweep = sign_out_everywhere(person)

    left = []

    def time_goes_by():
        left.append(world.storage.get(Sweep, sweep.key).record.due_at - world.now)
        world.now += 3
        world.storage.meanwhile.append(time_goes_by)

    world.storage.meanwhile = [time_goes_by]
    sweeps = Sweeps(world.settings, world.storage, world.provider.clients, lambda: world.now)
    assert sweeps.run(sweep).done
    world.storage.meanwhile.clear()
    assert world.now > sweep.due_at
    assert min(left) > 0


def test_the_pages_of_an_account_don_t_wait_for_all_its_grants(world, person):
    """A person ends the grants from these pages."""
    person.tokens()
    grants(world, person, 2500)
    account_id = person.account.account_id
    apps = []
    reads, _ = world.storage.trips(lambda: apps.extend(world.provider.connected(account_id).apps))
    assert reads <= 4
    assert [app.client_id for app in apps] == ["app"]


def test_a_client_with_many_grants_is_notified_once(world, person, receiver):
    person.tokens()
    grants(world, person, 350)
    person.visit.leave()
    assert len(world.all(LogoutDelivery)) == 1


class TestMarks:
    def test_an_ended_session_is_marked_for_a_day(self, world, person):
        who = person.visit.person
        person.visit.leave()
        [mark] = world.all(EndedSession)
        assert mark.record == EndedSession(
            session_key(who.account_id, who.sid), world.now + 86_400
        )

    def test_a_host_may_end_a_session_twice(self, world, person):
        who = person.visit.person
        person.tokens()
        world.provider.endings.end_host_session(who)
        world.provider.endings.end_host_session(who)
        [grant] = world.all(Grant)
        assert grant.state(world.now) == "revoked"

    def test_a_withdrawn_consent_allows_nothing_and_is_not_listed(self, world, person):
        person.tokens()
        disconnect(person)
        key = consent_key(person.account.account_id, "app")
        consent = world.storage.get(Consent, key).record
        assert (consent.scopes, consent.withdrawn_at, consent.epoch) == ((), world.now, 1)
        assert world.provider.connected(person.account.account_id).apps == ()
        assert not hasattr(world.authorize(person=person.visit.person, scope="openid"), "uri")

    def test_a_first_party_client_can_be_disconnected_too(self, world, person):
        world.change(Client, "app", first_party=True)
        token = person.tokens("openid offline_access")["refresh_token"]
        disconnect(person)
        disconnect(person)
        assert error(world.refresh(token)) == "invalid_grant"
        assert world.refresh(person.tokens()["refresh_token"]).status == 200


class TestGrantLifetime:
    @pytest.fixture
    def engine(self):
        return "sqlite://"

    def test_grants_end_with_the_session_s_lifetime(self, world, person):
        world.now += 100
        token = person.tokens()["refresh_token"]
        [grant] = world.all(Grant)
        assert grant.record.expires_at == world.now - 100 + world.settings.session_lifetime
        world.now = grant.record.expires_at
        assert error(world.refresh(token)) == "invalid_grant"

    @pytest.mark.parametrize("scope", ["openid offline_access", "read"])
    def test_offline_access_and_plain_oauth_last_for_grant_lifetime(self, world, person, scope):
        person.tokens(scope)
        [grant] = world.all(Grant)
        assert grant.record.expires_at == world.now + world.settings.grant_lifetime

    def test_grant_outlives_session_lets_grants_outlive_the_session(self, receiver):
        world = openid_world(grant_outlives_session="true")
        Visit(world).tokens()
        [grant] = world.all(Grant)
        assert grant.record.expires_at == world.now + world.settings.grant_lifetime

    def test_a_code_of_a_session_that_is_over_is_refused(self, receiver):
        world = openid_world(code_lifetime=600, **{"session.lifetime": 300})
        code = world.code(person=Visit(world).person, scope="openid")
        world.now += 300
        assert error(world.redeem(code)) == "invalid_grant"

    def test_without_a_refresh_token_a_grant_ends_with_its_access_token(self):
        world = World()
        world.client(grant_types=("authorization_code",))
        world.tokens()
        [grant] = world.all(Grant)
        assert grant.record.expires_at == world.now + world.settings.access_token_lifetime

    def test_a_grant_whose_client_gets_logouts_lasts_until_the_session_ends(
        self, world, person, receiver
    ):
        world.client(
            "other",
            scopes=SCOPES,
            grant_types=("authorization_code",),
            backchannel_logout_uri=receiver.uri,
        )
        person.visit.tokens("other")
        [grant] = world.all(Grant)
        assert grant.record.expires_at == world.now + world.settings.session_lifetime


class TestSessionLimit:
    def test_a_sign_in_over_the_limit_ends_the_session_unused_longest(self):
        world = openid_world(**{"session.limit": 3})
        person = Person(world)
        visits = [person.visit]
        for _ in range(3):
            world.now += 400
            visits[0].sessions.load(visits[0].secret)
            visits.append(person.sign_in())
        assert [person.is_signed_in(visit) for visit in visits] == [True, False, True, True]

    def test_a_sign_in_ends_a_few_of_many_sessions_over_the_limit(self):
        """Earlier versions had no limit. Each sign-in ends a few; they also expire."""
        world = openid_world(**{"session.limit": 3})
        person = Person(world)
        [like] = [session.record for session in world.all(Session)]
        for name in range(300):
            unused = {"key": f"old{name}", "sid": f"s{name}", "last_seen_at": world.now - 1}
            world.storage.commit(Add(dataclasses.replace(like, **unused)), now=world.now)
        reads, writes = world.storage.trips(person.sign_in)
        assert reads + writes < 150
        assert person.is_signed_in()
        left = len(person.visit.sessions.of(person.account.account_id))
        assert left < 300
        person.sign_in()
        assert len(person.visit.sessions.of(person.account.account_id)) < left

    def test_renewing_a_session_ends_no_other(self):
        world = openid_world(**{"session.limit": 2})
        person = Person(world)
        other = person.sign_in()
        person.visit.sign_in_again()
        assert person.is_signed_in(other)
        assert person.is_signed_in()


class TestRemovedClient:
    def test_a_process_that_still_caches_it_redeems_no_code(self, world, person):
        other = world.another_process()
        code = world.code(person=person.visit.person, scope="openid")
        other.client("app")
        world.provider.registrar.remove("app")
        world.provider = other
        assert error(world.redeem(code)) == "invalid_grant"

    def test_one_that_was_never_used_costs_no_look_at_the_grants_of_others(self, world, person):
        for _ in range(3):
            person.tokens()
        world.client("unused", registration_token="digest", scopes=SCOPES)
        with world.counted(reads=1, writes=1):
            world.provider.registrar.remove("unused")

    def test_people_signed_in_to_it_are_signed_out_there(self, world, person, receiver):
        tokens = person.tokens(scope="openid offline_access")
        world.provider.registrar.remove("app")
        assert world.provider.backchannel.deliver().notified == 1
        [token] = receiver.told(world.provider.keys.jwks())
        assert (token.claims["aud"], token.claims["sub"]) == ("app", person.account.account_id)
        assert person.is_signed_in(), "the session goes on elsewhere"
        assert not world.is_live(tokens["access_token"])
        assert [stored.state(world.now) for stored in world.all(Grant)] == ["revoked"]

    def test_a_removed_client_is_not_notified_of_earlier_logouts(self, world, person):
        person.tokens()
        person.visit.leave()
        assert world.provider.backchannel.deliver().notified == 1
        world.provider.registrar.remove("app")
        assert world.provider.backchannel.deliver().notified == 0

    def test_its_codes_are_gone_and_other_clients_keep_theirs(self, world, person):
        world.client("other", scopes=SCOPES)
        kept = world.tokens("other", person=person.visit.person, scope="openid")
        person.world.code(person=person.visit.person, scope="openid")
        world.provider.registrar.remove("app")
        assert world.all(AuthorizationCode)[0].record.client_id == "other"
        assert len(world.all(AuthorizationCode)) == 1
        assert world.is_live(kept["access_token"])

    def test_a_removed_client_is_unknown(self, world):
        registrar = world.provider.registrar
        registrar.remove("app")
        with pytest.raises(UnknownClient):
            registrar.get("app")
        with pytest.raises(UnknownClient):
            registrar.remove("app")
        assert registrar.list().items == ()
        assert world.provider.client("app") is None
        assert world.authorize().error == "invalid_request"

    def test_another_process_finishes_an_interrupted_removal(self, world, person, receiver):
        person.tokens()
        Registrar(world.settings, world.storage, lambda: world.now).remove("app")
        world.now += SWEEP_LEASE
        world.provider.endings.work()
        assert world.provider.backchannel.deliver().notified == 1
        assert [stored.state(world.now) for stored in world.all(Grant)] == ["revoked"]

    def test_the_record_is_dropped_after_the_notice_period(self, world, person):
        person.tokens()
        world.provider.registrar.remove("app")
        list(remove_unused(world.storage, world.settings, world.now + NOTICE_PERIOD - 1))
        assert len(world.all(Client)) == 1
        list(remove_unused(world.storage, world.settings, world.now + NOTICE_PERIOD))
        assert world.all(Client) == []

    def test_a_client_that_changes_at_that_moment_is_not_removed(self, world):
        def change():
            world.provider.registrar.edit("app", name="Another")

        world.storage.meanwhile = [change]
        with pytest.raises(ChangedMeanwhile):
            world.provider.registrar.remove("app")
        assert world.provider.registrar.get("app").record.name == "Another"


def test_a_new_password_notifies_the_clients_of_this_session_and_of_the_others(
    world, person, receiver
):
    person.tokens()
    elsewhere = person.sign_in()
    world.tokens(person=elsewhere.person, scope="openid")
    sids = {person.visit.person.sid, elsewhere.person.sid}
    ended = person.people.change_password(person.account.account_id, NEW_PASSWORD)
    person.visit.account = ended.account
    person.visit.sign_in_again()
    world.provider.endings.finish(ended.sweep)
    assert world.provider.backchannel.deliver().notified == 2
    assert person.visit.person.sid not in sids
    assert person.tokens()["id_token"]
