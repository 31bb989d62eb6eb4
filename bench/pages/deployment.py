"""A provider with as many records of every kind as you say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench import filling
from oauthprov.accounts.roles import set_admin
from oauthprov.credentials import name_key
from oauthprov.records import Login, Record
from oauthprov.storage import open_storage
from tests import site as sites
from tests.site import Browser, Site

SESSIONS = 49
"""Sessions of the account besides its browser's: one more ends one (``session.limit``)."""
SETTINGS = {"scopes": sites.OPENID, "factors.required": "nobody"}


class Deployment:
    """A provider on one storage, with an account, alice, that has many of everything.

    bob is an admin.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        settings = sites.ini(url, **SETTINGS)
        with closing(open_storage(url)) as storage:
            storage.upgrade()
        self.site: Site = sites.standalone(settings)
        self.site.clock.now = self.now = int(time.time())
        self.account_id = self.site.browser().sign_up("alice").account_id()
        self.site.browser().sign_up("bob")
        login = self.site.storage.get(Login, name_key("bob"))
        assert login is not None  # noqa: S101 - bob has just signed up
        set_admin(self.site.storage, login.record.account_id, admin=True, now=self.now)
        client, _ = self.site.registrar.register(
            type="web", name="Demo", redirect_uris=(filling.CALLBACK,), owner=self.account_id
        )
        self.client_id = client.client_id
        self.ini = folder / "growth.ini"
        lines = [f"{key} = {value}".replace("\n", "\n    ") for key, value in settings.items()]
        self.ini.write_text("\n".join(["[app:main]", "use = egg:oauthprov", *lines]), "utf-8")

    def fill(self, first: int, last: int) -> None:
        """Add the records of the numbers from ``first`` to ``last``."""
        for records in self._records(range(first, last), range(min(first, SESSIONS), SESSIONS)):
            filling.fill(self.site.storage.inner, records, self.now)

    def signed_in(self, name: str) -> Browser:
        """Return a browser in which the account has just signed in: some pages want that."""
        return self.site.browser().sign_in(name)

    def _records(self, numbers: range, sessions: range) -> Iterator[Iterator[Record]]:
        now, alice = self.now, self.account_id
        yield filling.accounts(numbers, now)
        yield filling.clients(numbers, now)
        yield filling.clients(numbers, now, alice)
        yield filling.apps(numbers, now, alice)
        yield filling.grants(numbers, now, None, self.client_id)
        yield filling.machine_tokens(numbers, now, self.client_id)
        yield filling.sessions(sessions, now, alice)
        yield filling.deliveries(numbers, now, self.client_id)
        yield filling.initial_tokens(range(min(len(numbers), 1000)), now)
        yield filling.disabled_hosts(numbers, now)
        yield filling.expired(numbers, now)
        yield filling.events(numbers, now, alice)
