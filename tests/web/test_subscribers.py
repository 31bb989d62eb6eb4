"""Subscribers of events in an app: all of them, or those of one kind."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden

from oauthprov.events import AccountCreated, Event, SignedIn
from tests import site as sites


@pytest.fixture
def told():
    return []


@pytest.fixture
def site(told):
    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov")
        config.add_subscriber(lambda event: told.append(("any", event)), Event)
        config.add_subscriber(lambda event: told.append(("one", event)), AccountCreated)
        made = sites.assembled(config, sites.ISSUER)
    yield made
    made.close()


def test_a_subscriber_gets_the_events_of_its_class_and_of_those_below(site, told):
    alice = site.browser().sign_up("alice")
    kinds = [(which, type(event)) for which, event in told]
    assert kinds == [("any", AccountCreated), ("one", AccountCreated), ("any", SignedIn)]
    created = told[0][1]
    assert created.account_id == alice.account_id()
    assert created.origin.at == site.clock()
    assert len(created.origin.request_id) == 24


def test_a_subscriber_may_read_the_storage_of_the_event(site, told):
    """The event is told after its commit."""
    found = []
    people = site.wsgi.registry["oauthprov"].people
    registry = site.wsgi.registry
    registry["oauthprov"].events._notify = lambda event: found.append(people.get(event.account_id))
    site.browser().sign_up("alice")
    assert found[0].record.name == "alice"


def test_a_subscriber_that_fails_keeps_no_event_from_the_others(caplog):
    told = []

    def fails(event):
        raise HTTPForbidden

    with Configurator(settings=sites.ini("sqlite://", development="true")) as config:
        config.include("oauthprov")
        config.add_subscriber(fails, Event)
        config.add_subscriber(told.append, Event)
        config.add_subscriber(fails, AccountCreated)
        made = sites.assembled(config, sites.ISSUER)
    assert made.browser().sign_up("alice").get("/account").status_int == 200
    assert [type(event) for event in told] == [AccountCreated, SignedIn]
    errors = [line.getMessage() for line in caplog.records if line.exc_info]
    failed = [error.partition(" failed")[0] for error in errors]
    assert failed == [
        "a subscriber of account.created",
        "a subscriber of account.created",
        "a subscriber of sign_in.succeeded",
    ]
    made.close()
