"""What an admin page costs doesn't depend on how much there is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from oauthprov.events import Origin, SignInFailed
from oauthprov.events.entry import entry_of
from oauthprov.protocol.admin.listing import PAGE_SIZE
from oauthprov.protocol.clients.documents import urls
from oauthprov.records import (
    Account,
    Client,
    Consent,
    DisabledHost,
    Grant,
    InitialAccessToken,
    Session,
)
from oauthprov.storage.interface import Add, batches
from oauthprov.storage.testing import samples
from tests.web.admin.conftest import account

MANY = 2 * PAGE_SIZE + 10

READS = {
    "/admin": 1,
    "/admin/people": 2,
    "/admin/people?q=bob": 5,
    "/admin/people/{account}": 8,
    "/admin/people/{account}/remove": 3,
    "/admin/clients": 2,
    "/admin/clients?owner={account}": 2,
    "/admin/clients/{client}": 4,
    "/admin/clients/{client}/remove": 2,
    "/admin/client-hosts": 2,
    "/admin/registration-tokens": 2,
    "/admin/keys": 2,
    "/admin/health": 4,
    "/admin/audit": 3,
    "/admin/audit?about={account}": 2,
    "/admin/audit?request=r0": 2,
}
"""The reads of each page; one of them is the admin's own session."""


def filled(site, bob_id: str, client_id: str) -> None:
    """Store many accounts and clients, and many of everything that belongs to the two."""
    now = site.clock()
    epoch = account(site, bob_id).epoch
    records = []
    for number in range(MANY):
        records += [
            samples.account(name=f"bob {number}"),
            replace(samples.client(owner=bob_id), client_type="web"),
            _of(Session, key=f"session-{number}", account_id=bob_id, epoch=epoch, now=now),
            _of(Grant, grant_id=f"grant-{number}", account_id=bob_id, now=now),
            _of(Consent, key=f"{bob_id}.app-{number}", account_id=bob_id, now=now),
            _of(
                Consent,
                key=f"user-{number}.{client_id}",
                account_id=f"user-{number}",
                client_id=client_id,
                now=now,
            ),
            _of(InitialAccessToken, token_id=f"token-{number}", now=now),
            DisabledHost(f"host{number}.example", now),
        ]
        event = SignInFailed(account_id=bob_id, origin=Origin(now, f"r{number}", "192.0.2.1"))
        records.append(entry_of(event, 1, 30))
    for batch in batches(records):
        site.storage.commit(*map(Add, batch), now=now)


def _of(kind, *, now: int, **fields):
    known = {"client_id": "app"} | fields
    names = {field.name for field in kind.shape.fields}
    key = known[kind.shape.key]
    made = samples.fill(kind, key, bare=True)
    values = {name: getattr(made, name) for name in names}
    values |= {name: value for name, value in known.items() if name in names}
    return kind(**values | ({"expires_at": now + 1000} if kind.shape.expires else {}))


@pytest.fixture
def places(site, bob_id):
    client_id = site.app().client.client_id
    return {"account": bob_id, "client": client_id}


def test_every_page_costs_a_constant_number_of_trips(site, alice, places):
    def costs():
        found = {}
        for path in READS:
            url = path.format(**places)
            shown = []
            found[path] = site.storage.trips(lambda: shown.append(alice.get(url)))  # noqa: B023
            assert shown[0].status_int == 200, path
        return found

    expected = {path: (reads, 0) for path, reads in READS.items()}
    filled(site, places["account"], places["client"])
    assert costs() == expected


def test_what_disables_clients_by_their_hosts_costs_a_read_more(site, alice):
    urls_of = [f"https://app.host{number}.example/" for number in range(MANY)]
    described = [Client(url, "App", "browser", 1, fetched_at=1) for url in urls_of]
    hosts = [DisabledHost(f"host{number}.example", 1) for number in range(0, MANY, 2)]
    for batch in batches([*described, *hosts]):
        site.storage.commit(*map(Add, batch), now=site.clock())
    shown = []
    client = f"/admin/clients/{urls.in_path(urls_of[0])}"  # that nobody has allowed anything
    for path, reads in (("/admin/clients", 3), (client, 4)):
        assert site.storage.trips(lambda: shown.append(alice.get(path))) == (reads, 0)  # noqa: B023
        assert shown[-1].html.find(string=re.compile("host disabled|is disabled since"))


@pytest.mark.usefixtures("alice")
def test_every_list_goes_on_to_its_end(site, alice, places):
    filled(site, places["account"], places["client"])
    lists = {
        "/admin/people": ("More accounts", "ul.entries > li", MANY + 2),
        "/admin/clients": ("More clients", "ul.entries > li", MANY + 1),
        "/admin/client-hosts": ("More hosts", "ul.entries > li", MANY),
        "/admin/registration-tokens": ("More tokens", "ul.entries > li", MANY),
        "/admin/clients/{client}": ("More accounts", "ul.entries > li", MANY),
        "/admin/audit?about={account}": ("Earlier events", "ul.entries > li", MANY + 2),
        "/admin/people/{account}": ("More sessions", "[aria-labelledby=sessions] li", MANY + 1),
        "/admin/people/{account}#a": ("More apps", "[aria-labelledby=apps] li", MANY),
        "/admin/people/{account}#g": ("More grants", "[aria-labelledby=grants] li", MANY),
    }
    for path, (more, rows, count) in lists.items():
        page, seen = alice.get(path.format(**places)), 0
        while True:
            found = len(page.html.select(rows))
            assert 0 < found <= PAGE_SIZE
            seen += found
            if not page.html.find("a", string=more):
                break
            page = page.click(more)
        assert seen == count, path


def test_the_samples_are_what_the_pages_list(site, bob_id):
    filled(site, bob_id, "album")
    assert len(list(site.storage.walk(Account))) == MANY + 1
    assert len(list(site.storage.walk(Client))) == MANY
