"""Providers over real HTTP on each engine, for programs that converse with all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from oauthprov.records import Account
from tests import site as sites
from tests.clients.person import Person
from tests.servers.wsgi import Server
from tests.site import PASSWORD, Site

P = TypeVar("P")
T = TypeVar("T")


@contextmanager
def served(storage_url: str, **more: str) -> Iterator[Site]:
    """Serve a provider whose clock is that of this machine."""
    listening = Server()
    given = sites.ini(storage_url, issuer=listening.root, development="true", **more)
    made = sites.standalone(given)
    made.clock.run()
    listening.start(made.wsgi)
    try:
        yield made
    finally:
        listening.close()
        made.close()


def newcomer(provider: Site) -> Person:
    """Somebody who has just signed up; each has a name of their own."""
    made = Person(provider.issuer)
    page = made.visit(provider.url("/signup"))
    name = f"alice{len(list(provider.storage.walk(Account)))}"
    made.submit(page, name=name, password=PASSWORD)
    return made


def on_each(providers: Mapping[str, P], work: Callable[[P], T]) -> dict[str, T]:
    """Do the same with all providers at once; return what came of it at each.

    Programs that wait, as devices do, wait at the same time.
    """

    def named(one: tuple[str, P]) -> T:
        name, provider = one
        try:
            return work(provider)
        except BaseException as error:
            error.add_note(f"at the provider on {name}")
            raise

    with ThreadPoolExecutor(len(providers)) as pool:
        return dict(zip(providers, pool.map(named, providers.items()), strict=True))
